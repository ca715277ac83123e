/* SPDX-License-Identifier: GPL-2.0 */
/* Writes a session's records into this CPU's ring. */
#ifndef _ST_RECORD_H
#define _ST_RECORD_H

#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "call.h"
#include "running.h"
#include "session.h"

/* What became of a record. */
enum st_outcome {
	ST_WRITTEN, /* written; or lost, and counted as lost */
	ST_FAULTED, /* not written: a page is not resident */
	ST_TOO_LONG, /* not written: longer than a handler copies */
	ST_FULL, /* not written: the ring has no room */
};

/**
 * struct st_part - a part of a payload
 * @time: time stamp of its record
 * @offset: where it begins; bytes
 * @len: how long it is; bytes
 * @why: enum sendtrace_why of the event that ends with it
 * @must: write what can be copied, rather than no record
 */
struct st_part {
	u64 time;
	u32 offset;
	u32 len;
	u16 why;
	bool must;
};

/* Bytes of a payload that a session records. */
static __always_inline u64 st_record_wanted(const struct st_session *session, u64 sent)
{
	return min_t(u64, sent, session->snaplen);
}

/* The why of a record that has all of these. */
static __always_inline u16 st_record_why(const struct st_session *session, u64 sent)
{
	return sent > session->snaplen ? SENDTRACE_WHY_SNAPLEN : SENDTRACE_WHY_COMPLETE;
}

/**
 * st_record_session_of() - the session of the lowest bit
 * @call: the call
 * @mask: at least one bit of @call->wanted
 *
 * Context: preemption off, so that the session is not freed.
 * Return: the session; NULL if it was stopped since the call began, even if the bit belongs
 * to a session again.
 */
static __always_inline struct st_session *st_record_session_of(const struct st_call *call,
							       unsigned long mask)
{
	struct st_session *session = st_running_of(mask);

	return session && session->since <= call->enter_time ? session : NULL;
}

enum st_outcome st_record_call(struct st_session *session, const struct st_call *call,
			       u64 sent);
void st_record_at_once(const struct st_call *call, u64 sent, u32 budget);
void st_record_now(const struct st_call *call, unsigned long sessions, u64 sent, u16 why);
void st_record_failed(struct st_session *session, const struct st_call *call, u32 most,
		      u16 why);
enum st_outcome st_record_event(struct st_session *session, const struct st_call *call,
				const struct st_part *part);
enum st_outcome st_record_fragment(struct st_session *session, const struct st_call *call,
				   const struct st_part *part);

#endif /* _ST_RECORD_H */
