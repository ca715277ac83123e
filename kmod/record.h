/* SPDX-License-Identifier: GPL-2.0 */
/* Writes one session's records into this CPU's ring. */
#ifndef _ST_RECORD_H
#define _ST_RECORD_H

#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "session.h"

struct st_call;

enum st_outcome {
	ST_WRITTEN, /* or lost, and counted */
	ST_FAULTED, /* no record was written: a page is not there */
	ST_FULL, /* no record was written: the ring has no room */
};

/**
 * struct st_part - a part of a payload
 * @time: of its record
 * @offset: where it begins
 * @len: how long it is
 * @why: enum sendtrace_why of the event that ends with it
 * @must: write what can be had of it, rather than nothing
 */
struct st_part {
	u64 time;
	u32 offset;
	u32 len;
	u16 why;
	bool must;
};

/* Of the payload, a session wants so much. */
static __always_inline u64 st_record_wanted(const struct st_session *session, u64 sent)
{
	return min_t(u64, sent, session->snaplen);
}

/* The why of a record that has all of it. */
static __always_inline u16 st_record_why(const struct st_session *session, u64 sent)
{
	return sent > session->snaplen ? SENDTRACE_WHY_SNAPLEN : SENDTRACE_WHY_COMPLETE;
}

enum st_outcome st_record_call(struct st_session *session, const struct st_call *call,
			       u64 sent, bool must);
enum st_outcome st_record_event(struct st_session *session, const struct st_call *call,
				const struct st_part *part);
enum st_outcome st_record_fragment(struct st_session *session, const struct st_call *call,
				   const struct st_part *part);

#endif /* _ST_RECORD_H */
