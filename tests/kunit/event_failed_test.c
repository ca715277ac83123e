// SPDX-License-Identifier: GPL-2.0
/* Calls that failed: how little of their payload is recorded. */
#include <linux/mm.h>

#include "fixture.h"
#include "sendto.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (64 * PAGE_SIZE)
#define LONG (3 * SENDTRACE_FAILED_MAX)

static struct st_call call_of(struct kunit *test, size_t len, u16 type)
{
	struct st_call call;

	st_test_use_user_memory(test);
	call = st_test_call(st_test_payload(test, len), len);
	call.peer.type = type;
	return call;
}

/* Ends the call with @ret, and expects its event to show @cap bytes for the reason @why. */
static void expect_event(struct kunit *test, struct st_session *session,
			 struct st_call *call, int ret, u32 cap, u16 why)
{
	const struct sendtrace_event *event;

	preempt_disable();
	st_sendto_ends(call, ret);
	preempt_enable();
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->ret, ret);
	KUNIT_EXPECT_EQ(test, event->len, call->len);
	KUNIT_EXPECT_EQ(test, event->frag_len, 0);
	KUNIT_EXPECT_EQ(test, event->cap_len, cap);
	KUNIT_EXPECT_EQ(test, event->why, why);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, cap));
	st_test_done(session);
}

/* ---- Calls that will be made again ------------------------------------------------------ */

static void a_call_that_a_signal_interrupted_shows_no_payload(struct kunit *test)
{
	static const int interrupted[] = { EINTR, ERESTARTSYS, ERESTARTNOINTR,
					   ERESTARTNOHAND, ERESTART_RESTARTBLOCK };
	static const u16 types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW };
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG, 0);
	int i, j;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		call.peer.type = types[i];
		for (j = 0; j < ARRAY_SIZE(interrupted); j++)
			expect_event(test, session, &call, -interrupted[j], 0,
				     SENDTRACE_WHY_AGAIN);
	}
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, 0);
}

static void a_stream_that_would_block_shows_no_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG, SOCK_STREAM);

	expect_event(test, session, &call, -EAGAIN, 0, SENDTRACE_WHY_AGAIN);
	call.peer.type = SOCK_SEQPACKET;
	expect_event(test, session, &call, -EAGAIN, 0, SENDTRACE_WHY_AGAIN);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, 0);
}

/* Nobody need make it again: the datagram may be dropped. */
static void a_datagram_that_would_block_shows_its_beginning(struct kunit *test)
{
	static const u16 types[] = { SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_PACKET, 0 };
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG, 0);
	int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		call.peer.type = types[i];
		expect_event(test, session, &call, -EAGAIN, SENDTRACE_FAILED_MAX,
			     SENDTRACE_WHY_FAILED);
	}
}

static void of_no_bytes_none_are_missing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	call.peer.type = SOCK_STREAM;
	expect_event(test, session, &call, -EAGAIN, 0, SENDTRACE_WHY_COMPLETE);
	expect_event(test, session, &call, -EPIPE, 0, SENDTRACE_WHY_COMPLETE);
}

/* ---- Calls that failed otherwise -------------------------------------------------------- */

static void a_call_that_failed_shows_its_beginning(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG, SOCK_STREAM);

	expect_event(test, session, &call, -EPIPE, SENDTRACE_FAILED_MAX,
		     SENDTRACE_WHY_FAILED);
	call.len = SENDTRACE_FAILED_MAX + 1;
	expect_event(test, session, &call, -EBADF, SENDTRACE_FAILED_MAX,
		     SENDTRACE_WHY_FAILED);
	call.len = SENDTRACE_FAILED_MAX;
	expect_event(test, session, &call, -EBADF, SENDTRACE_FAILED_MAX,
		     SENDTRACE_WHY_COMPLETE);
	call.len = SIZE_MAX;
	expect_event(test, session, &call, -EMSGSIZE, SENDTRACE_FAILED_MAX,
		     SENDTRACE_WHY_FAILED);
}

static void the_beginning_is_within_the_sessions_limits(struct kunit *test)
{
	struct st_session *snap = st_test_session(test, RING, 100);
	struct st_session *tiny = st_test_session(test, PAGE_SIZE, 0);
	struct st_call call = call_of(test, LONG, SOCK_STREAM);

	call.wanted = BIT(snap->slot);
	expect_event(test, snap, &call, -EPIPE, 100, SENDTRACE_WHY_FAILED);
	call.wanted = BIT(tiny->slot);
	expect_event(test, tiny, &call, -EPIPE, tiny->inline_max, SENDTRACE_WHY_FAILED);
}

/* The failed call did not wait for the page, so our copy must not wait either. */
static void a_page_that_is_not_resident_is_missing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call;

	st_test_use_user_memory(test);
	call = st_test_call(st_test_user_pages(test, PAGE_SIZE), 64);
	expect_event(test, session, &call, -EBADF, 0, SENDTRACE_WHY_FAILED);
	/* The payload ends in the page before. */
	call = st_test_call(st_test_payload(test, PAGE_SIZE), PAGE_SIZE + 100);
	expect_event(test, session, &call, -EBADF, PAGE_SIZE, SENDTRACE_WHY_FAILED);
}

/* With preemption off, and perhaps interrupts: however many sessions there are. */
static void many_sessions_share_what_is_copied(struct kunit *test)
{
	struct st_session *session[ST_MAX_RUNNING];
	struct st_call call;
	u64 bytes = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(session); i++)
		session[i] = st_test_session(test, 4 * PAGE_SIZE, 0);
	call = call_of(test, LONG, SOCK_STREAM);
	preempt_disable();
	st_sendto_ends(&call, -EPIPE);
	preempt_enable();
	for (i = 0; i < ARRAY_SIZE(session); i++) {
		KUNIT_EXPECT_EQ(test, st_test_counted(session[i])->captured, 1);
		bytes += st_test_counted(session[i])->bytes;
	}
	KUNIT_EXPECT_EQ(test, bytes, ST_IRQS_OFF_MAX);
}

/* ---- Counters --------------------------------------------------------------------------- */

static void a_call_that_failed_is_not_counted_as_cut(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct st_counters *count = st_test_counted(session);
	struct st_call call = call_of(test, LONG, SOCK_STREAM);

	expect_event(test, session, &call, -EAGAIN, 0, SENDTRACE_WHY_AGAIN);
	expect_event(test, session, &call, -EPIPE, SENDTRACE_FAILED_MAX,
		     SENDTRACE_WHY_FAILED);
	call.payload.buf = NULL;
	expect_event(test, session, &call, -EFAULT, 0, SENDTRACE_WHY_FAILED);
	KUNIT_EXPECT_EQ(test, count->captured, 3);
	KUNIT_EXPECT_EQ(test, count->bytes, SENDTRACE_FAILED_MAX);
	KUNIT_EXPECT_EQ(test, count->cut, 0);
	KUNIT_EXPECT_EQ(test, count->faults, 0);
}

static struct kunit_case event_failed_cases[] = {
	KUNIT_CASE(a_call_that_a_signal_interrupted_shows_no_payload),
	KUNIT_CASE(a_stream_that_would_block_shows_no_payload),
	KUNIT_CASE(a_datagram_that_would_block_shows_its_beginning),
	KUNIT_CASE(of_no_bytes_none_are_missing),
	KUNIT_CASE(a_call_that_failed_shows_its_beginning),
	KUNIT_CASE(the_beginning_is_within_the_sessions_limits),
	KUNIT_CASE(a_page_that_is_not_resident_is_missing),
	KUNIT_CASE(many_sessions_share_what_is_copied),
	KUNIT_CASE(a_call_that_failed_is_not_counted_as_cut),
	{}
};

static struct kunit_suite event_failed_suite = {
	.name = "sendtrace_event_failed",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = event_failed_cases,
};
kunit_test_suite(event_failed_suite);
