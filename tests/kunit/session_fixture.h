/* SPDX-License-Identifier: GPL-2.0 */
/* Sessions that run, calls that they record, and what they have recorded. */
#ifndef _ST_SESSION_FIXTURE_H
#define _ST_SESSION_FIXTURE_H

#include <kunit/test.h>

#include "defer.h"
#include "event.h"
#include "running.h"
#include "session.h"

/*
 * A session that runs, of @ring_size bytes for each CPU and @snaplen (0: the default) of
 * each call, and records this thread's calls. The thread stays on CPU 0 from now on, and
 * so do its records.
 */
struct st_session *st_test_session(struct kunit *test, u32 ring_size, u32 snaplen);
void st_test_stop(struct st_session *session);

/* CPU 0's ring of it, painted with @paint. */
struct st_ring *st_test_painted(struct st_session *session, u8 paint);
const struct st_counters *st_test_counted(const struct st_session *session);

/*
 * The oldest record of that ring, released by st_test_done(): it may be NULL, or else the
 * case ends.
 */
const void *st_test_oldest(struct st_session *session);
const void *st_test_record(struct kunit *test, struct st_session *session);
void st_test_done(struct st_session *session);

/* A call that began now and sends @len bytes from @buf; all running sessions want it. */
struct st_call st_test_call(const void __user *buf, size_t len);

/* Byte @i of every payload. */
static inline u8 st_test_byte(size_t i)
{
	return i * 7 + (i >> 8);
}

/* Memory of the user's that holds such a payload, and nothing behind its last page. */
void __user *st_test_payload(struct kunit *test, size_t len);

/* Are these the bytes of a payload from @offset on? */
bool st_test_is_payload(const void *at, size_t offset, size_t len);

/*
 * Stand in for defer.c: the test says what there is, and when it runs.
 */
struct st_test_late {
	bool none_left; /* st_defer_get() finds nothing */
	bool exiting; /* st_defer_queue() comes too late */
	bool queued;
	struct st_deferred deferred;
};

extern struct st_test_late st_test_late;

/* As before a thread goes on. Returns whether there was anything to do. */
bool st_test_run_late(void);

#endif /* _ST_SESSION_FIXTURE_H */
