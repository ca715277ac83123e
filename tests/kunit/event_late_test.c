// SPDX-License-Identifier: GPL-2.0
/* Payloads that a handler cannot copy, and task work copies before the thread goes on. */
#include "../../kmod/late.c"

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/preempt.h>
#include <net/af_unix.h>

#include "fixture.h"
#include "sendto.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (64 * PAGE_SIZE)
#define LONG (3 * ST_CHUNK_MAX + 77) /* four records' worth */

static void sent(struct st_call *call, int ret)
{
	preempt_disable();
	st_sendto_ends(call, ret);
	preempt_enable();
}

static struct st_call call_of(struct kunit *test, size_t len)
{
	st_test_use_user_memory(test);
	return st_test_call(st_test_payload(test, len), len);
}

/*
 * Reads the records of a payload, up to and including its event. Returns the event, which
 * is not released, or NULL if a record is wrong.
 */
static const struct sendtrace_event *join(struct st_session *session, int *fragments)
{
	const struct sendtrace_fragment *fragment;
	const struct sendtrace_event *event;
	u64 offset = 0;

	for (*fragments = 0;; ++*fragments) {
		fragment = st_test_oldest(session);
		if (!fragment || fragment->rec.type != SENDTRACE_RECORD_FRAGMENT)
			break;
		if (fragment->offset != offset ||
		    !st_test_is_payload(fragment + 1, offset, fragment->cap_len))
			return NULL;
		offset += fragment->cap_len;
		st_test_done(session);
	}
	event = (const void *)fragment;
	if (!event || event->frag_len != offset ||
	    !st_test_is_payload(event + 1, offset, event->cap_len))
		return NULL;
	return event;
}

/* ---- How many ------------------------------------------------------------------------------ */

static int captured_by(struct st_session *const *session)
{
	int i, captured = 0;

	for (i = 0; i < ST_MAX_RUNNING; i++)
		captured += st_test_counted(session[i])->captured;
	return captured;
}

/* With preemption off, and perhaps interrupts: however many sessions there are. */
static void few_of_many_sessions_copy_a_long_payload_inline(struct kunit *test)
{
	struct st_session *session[ST_MAX_RUNNING];
	struct st_call call;
	int i;

	for (i = 0; i < ST_MAX_RUNNING; i++)
		session[i] = st_test_session(test, 4 * ST_INLINE_MAX, 0);
	call = call_of(test, ST_INLINE_MAX);
	sent(&call, ST_INLINE_MAX);
	KUNIT_EXPECT_EQ(test, captured_by(session), ST_IRQS_OFF_MAX / ST_INLINE_MAX);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	KUNIT_EXPECT_EQ(test, captured_by(session), ST_MAX_RUNNING);
}

static void all_of_many_sessions_copy_a_short_payload_inline(struct kunit *test)
{
	struct st_session *session[ST_MAX_RUNNING];
	struct st_call call;
	int i;

	for (i = 0; i < ST_MAX_RUNNING; i++)
		session[i] = st_test_session(test, RING / 16, 0);
	call = call_of(test, ST_IRQS_OFF_MAX / ST_MAX_RUNNING);
	sent(&call, ST_IRQS_OFF_MAX / ST_MAX_RUNNING);
	KUNIT_EXPECT_EQ(test, captured_by(session), ST_MAX_RUNNING);
}

/* ---- When -------------------------------------------------------------------------------- */

static void what_a_handler_may_copy_is_copied_inline(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, ST_INLINE_MAX);
	const struct sendtrace_event *event;

	sent(&call, ST_INLINE_MAX);
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, ST_INLINE_MAX);
}

static void one_byte_more_is_copied_later(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, ST_INLINE_MAX + 1);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, ST_INLINE_MAX + 1);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, fragments, 0);
	KUNIT_EXPECT_EQ(test, event->cap_len, ST_INLINE_MAX + 1);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static void a_long_payload_is_complete_in_fragments(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, LONG);
	st_test_run_late();
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, fragments, 3);
	KUNIT_EXPECT_EQ(test, event->frag_len + event->cap_len, LONG);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, LONG);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
}

static void a_long_payload_keeps_the_time_of_its_return(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, LONG);
	st_test_run_late();
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_GE(test, event->exit_time, event->enter_time);
	KUNIT_EXPECT_GT(test, event->rec.time, event->exit_time);
}

static void a_snap_length_also_cuts_a_fragmented_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, ST_CHUNK_MAX + 5);
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, LONG);
	st_test_run_late();
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, fragments, 1);
	KUNIT_EXPECT_EQ(test, event->cap_len, 5);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_SNAPLEN);
}

/* ---- For whom ------------------------------------------------------------------------------ */

static void sessions_of_all_ring_sizes_get_the_whole_payload(struct kunit *test)
{
	struct st_session *little = st_test_session(test, 16 * PAGE_SIZE, 30000);
	struct st_session *now = st_test_session(test, 16 * PAGE_SIZE, 100);
	struct st_session *all = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, LONG);
	event = st_test_record(test, now);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	st_test_run_late();
	event = join(little, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, event->frag_len + event->cap_len, 30000);
	event = join(all, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, event->frag_len + event->cap_len, LONG);
	st_test_done(now);
	KUNIT_EXPECT_NULL(test, st_test_oldest(now));
}

static void a_session_stopped_before_the_late_copy_gets_nothing(struct kunit *test)
{
	struct st_session *stopped = st_test_session(test, 4 * RING, 0);
	struct st_session *running = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG);
	int fragments;

	sent(&call, LONG);
	st_test_stop(stopped);
	st_test_run_late();
	KUNIT_EXPECT_NULL(test, st_test_oldest(stopped));
	KUNIT_EXPECT_NOT_NULL(test, join(running, &fragments));
}

static void a_session_that_reuses_its_bit_gets_nothing(struct kunit *test)
{
	struct st_session *stopped = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG);
	struct st_session *heir;

	sent(&call, LONG);
	st_test_stop(stopped);
	heir = st_test_session(test, 4 * RING, 0);
	KUNIT_ASSERT_EQ(test, heir->slot, stopped->slot);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	KUNIT_EXPECT_NULL(test, st_test_oldest(heir));
	KUNIT_EXPECT_EQ(test, st_test_counted(heir)->hits, 0);
}

/* ---- Where there is no later ------------------------------------------------------------------ */

static void expect_cut_at_once(struct kunit *test, struct st_session *session)
{
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;

	sent(&call, LONG);
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, ST_INLINE_MAX);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_NO_WORK);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, ST_INLINE_MAX));
}

static void a_payload_is_cut_if_too_many_are_being_copied(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_late.none_left = true;
	expect_cut_at_once(test, session);
}

static void a_payload_is_cut_if_the_thread_is_exiting(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_late.exiting = true;
	expect_cut_at_once(test, session);
}

/* ---- Memory and room -------------------------------------------------------------------------- */

/* Mapped, but never touched: so the first copy faults. */
static void a_page_that_is_not_resident_is_faulted_in(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct sendtrace_event *event;
	struct st_call call;

	st_test_use_user_memory(test);
	call = st_test_call(st_test_user_pages(test, PAGE_SIZE), 64);
	sent(&call, 64);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 64);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_NULL(test, memchr_inv(event + 1, 0, 64));
}

static void an_event_has_the_readable_part_of_its_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, PAGE_SIZE);
	const struct sendtrace_event *event;

	call.payload.buf += PAGE_SIZE - 100;
	sent(&call, 200);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_FAULT);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->faults, 1);
}

static void memory_that_ends_between_fragments_ends_the_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, 2 * ST_CHUNK_MAX);
	const struct sendtrace_event *event;
	int fragments;

	call.len = LONG;
	sent(&call, LONG);
	st_test_run_late();
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_EQ(test, event->frag_len + event->cap_len, 2 * ST_CHUNK_MAX);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_FAULT);
}

static void a_ring_that_is_full_between_fragments_ends_the_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	struct st_call call = call_of(test, LONG);
	const struct sendtrace_event *event;
	int fragments;

	sent(&call, LONG);
	st_test_run_late();
	event = join(session, &fragments);
	KUNIT_ASSERT_NOT_NULL(test, event);
	KUNIT_EXPECT_GT(test, fragments, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_RING_FULL);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_GT(test, event->frag_len, 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->captured, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->cut, 1);
}

/* ---- Names behind a lock -------------------------------------------------------------------- */

/* A datagram to @at, at whose entry another thread held the lock of its socket. */
static struct st_call datagram_to(struct kunit *test, const struct st_addr *at)
{
	struct st_call call = call_of(test, 100);
	struct socket *sock;

	call.fd = st_test_family_descriptor(test, AF_UNIX, SOCK_DGRAM, &sock);
	st_test_connect(test, sock, at);
	unix_state_lock(sock->sk);
	st_peer_of(sock, &call.peer);
	unix_state_unlock(sock->sk);
	return call;
}

/* The event of a datagram of 100 bytes, recorded late, with or without its destination. */
static void expect_datagram(struct kunit *test, struct st_session *session,
			    const struct st_addr *at)
{
	const struct sendtrace_event *event;
	const void *rest;

	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = st_test_record(test, session);
	rest = (void *)(event + 1) + st_padded(event->local_len);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_ASSERT_EQ(test, event->peer_len, at ? at->len : 0);
	if (at)
		KUNIT_EXPECT_EQ(test, memcmp(rest, &at->un, at->len), 0);
	st_test_done(session);
}

static void a_datagram_is_recorded_late_if_its_peer_was_locked(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_abstract("sendtrace-late", 14);
	struct st_call call;

	st_test_listener(test, SOCK_DGRAM, &at);
	call = datagram_to(test, &at);
	sent(&call, 100);
	expect_datagram(test, session, &at);
}

static void a_descriptor_closed_meanwhile_leaves_the_peer_unknown(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_abstract("sendtrace-closed", 16);
	struct st_call call;
	struct socket *other;

	st_test_listener(test, SOCK_DGRAM, &at);
	call = datagram_to(test, &at);
	call.fd = 1000000;
	sent(&call, 100);
	expect_datagram(test, session, NULL);
	call.fd = st_test_descriptor(test, SOCK_DGRAM, &other);
	sent(&call, 100);
	expect_datagram(test, session, NULL);
}

/* Of a call that failed nothing is done late. */
static void a_failed_datagram_is_not_recorded_late(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_addr at = st_test_abstract("sendtrace-failed", 16);
	const struct sendtrace_event *event;
	struct st_call call;

	st_test_listener(test, SOCK_DGRAM, &at);
	call = datagram_to(test, &at);
	sent(&call, -EAGAIN);
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
}

static struct kunit_case event_late_cases[] = {
	KUNIT_CASE(few_of_many_sessions_copy_a_long_payload_inline),
	KUNIT_CASE(all_of_many_sessions_copy_a_short_payload_inline),
	KUNIT_CASE(what_a_handler_may_copy_is_copied_inline),
	KUNIT_CASE(one_byte_more_is_copied_later),
	KUNIT_CASE(a_long_payload_is_complete_in_fragments),
	KUNIT_CASE(a_long_payload_keeps_the_time_of_its_return),
	KUNIT_CASE(a_snap_length_also_cuts_a_fragmented_payload),
	KUNIT_CASE(sessions_of_all_ring_sizes_get_the_whole_payload),
	KUNIT_CASE(a_session_stopped_before_the_late_copy_gets_nothing),
	KUNIT_CASE(a_session_that_reuses_its_bit_gets_nothing),
	KUNIT_CASE(a_payload_is_cut_if_too_many_are_being_copied),
	KUNIT_CASE(a_payload_is_cut_if_the_thread_is_exiting),
	KUNIT_CASE(a_page_that_is_not_resident_is_faulted_in),
	KUNIT_CASE(an_event_has_the_readable_part_of_its_payload),
	KUNIT_CASE(memory_that_ends_between_fragments_ends_the_payload),
	KUNIT_CASE(a_ring_that_is_full_between_fragments_ends_the_payload),
	KUNIT_CASE(a_datagram_is_recorded_late_if_its_peer_was_locked),
	KUNIT_CASE(a_descriptor_closed_meanwhile_leaves_the_peer_unknown),
	KUNIT_CASE(a_failed_datagram_is_not_recorded_late),
	{}
};

static struct kunit_suite event_late_suite = {
	.name = "sendtrace_event_late",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = event_late_cases,
};
kunit_test_suite(event_late_suite);
