/* SPDX-License-Identifier: GPL-2.0 */
/* Running sessions, calls that they record, and access to the records. */
#ifndef _ST_SESSION_FIXTURE_H
#define _ST_SESSION_FIXTURE_H

#include <kunit/test.h>

#include "pool.h"
#include "event.h"
#include "hook.h"
#include "running.h"
#include "session.h"
#include "share.h"

/*
 * A running session with @ring_size bytes per CPU and a snap length of @snaplen (0: the
 * default), which records this thread's calls. From now on the thread stays on CPU 0, so
 * all its records are in the ring of CPU 0.
 */
struct st_session *st_test_session(struct kunit *test, u32 ring_size, u32 snaplen);
void st_test_stop(struct st_session *session);

/* Whose own calls it does not record; NULL for nobody, as st_test_session() leaves it. */
void st_test_set_tracer(struct st_session *session, struct pid *tracer);

/* The session's ring of CPU 0, filled with @paint. */
struct st_ring *st_test_painted(struct st_session *session, u8 paint);
const struct st_counters *st_test_counted(const struct st_session *session);

/*
 * Both return the oldest record of that ring, until st_test_done(). If there is none, the
 * first returns NULL, the second ends the case.
 */
const void *st_test_oldest(struct st_session *session);
const void *st_test_record(struct kunit *test, struct st_session *session);
void st_test_done(struct st_session *session);

/* A call that begins now and sends @len bytes from @buf; all running sessions want it. */
struct st_call st_test_call(const void __user *buf, size_t len);

/* Byte @i of every payload. */
static inline u8 st_test_byte(size_t i)
{
	return i * 7 + (i >> 8);
}

/* Chooses the calls that a session records; as configuring it does. */
static inline void st_test_choose(struct st_session *session, u64 calls)
{
	session->calls = calls;
	session->asks = calls;
}

/* Does any session want a call of this thread? Preemption is off. */
bool st_test_asks(const struct st_hook *hook);

/*
 * Begins a call as the handlers do in a process: cases run in kernel threads, which nobody
 * traces. Returns false if no session wants the call.
 */
bool st_test_begin(struct st_call *call, const struct st_hook *hook,
		   struct pt_regs *regs);

/* The thread is in system call @nr, which has not returned; -1: in none, as a kernel thread is. */
void st_test_enter(int nr);

/* User memory with such a payload, with an unmapped page behind it. */
void __user *st_test_payload(struct kunit *test, size_t len);

/* Are these the bytes of a payload from @offset on? */
bool st_test_is_payload(const void *at, size_t offset, size_t len);

/*
 * Replaces pool.c: the test decides what is available, and when deferred work runs.
 */
struct st_test_late {
	bool none_left; /* st_pool_get() returns NULL */
	bool no_room; /* st_pool_room() has no more than @deferred's own */
	bool exiting; /* st_pool_queue() fails */
	bool queued;
	bool waiting; /* of st_pool_is_waiting() */
	bool put_back;
	struct st_deferred deferred;
	struct iovec many[UIO_MAXIOV];
};

extern struct st_test_late st_test_late;

/* Runs the deferred work. Returns false if there was none. */
bool st_test_run_late(void);

#endif /* _ST_SESSION_FIXTURE_H */
