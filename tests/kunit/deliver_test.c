// SPDX-License-Identifier: GPL-2.0
/* Payloads that nothing can copy later: of io_uring, in pages, or nowhere that we may read. */
#include "../../kmod/deliver.c"

#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (256 * PAGE_SIZE)
#define LONG (2 * ST_INLINE_MAX)

static void ended(struct st_call *call, long ret)
{
	preempt_disable();
	st_deliver(call, SENDTRACE_RECORD_SEND, ret, max(ret, 0L));
	preempt_enable();
}

static struct st_call call_of(struct kunit *test, size_t len)
{
	st_test_use_user_memory(test);
	return st_test_call(st_test_payload(test, len), len);
}

/* Expects an event immediately, with the first @cap bytes, and no task work. */
static void expect_event(struct kunit *test, struct st_session *session, u32 cap, u16 why)
{
	const struct sendtrace_event *event;

	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_SEND);
	KUNIT_EXPECT_EQ(test, event->frag_len, 0);
	KUNIT_EXPECT_EQ(test, event->cap_len, cap);
	KUNIT_EXPECT_EQ(test, event->why, why);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, cap));
	st_test_done(session);
}

/* ---- io_uring ------------------------------------------------------------------------- */

static void of_io_uring_what_a_handler_copies_is_complete(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, ST_INLINE_MAX);

	call.async = true;
	ended(&call, ST_INLINE_MAX);
	expect_event(test, session, ST_INLINE_MAX, SENDTRACE_WHY_COMPLETE);
}

static void of_io_uring_what_is_longer_is_cut_there(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG);

	call.async = true;
	ended(&call, LONG);
	expect_event(test, session, ST_INLINE_MAX, SENDTRACE_WHY_ASYNC);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->cut, 1);
}

static void of_io_uring_a_snap_length_is_no_cut_of_ours(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 100);
	struct st_call call = call_of(test, LONG);

	call.async = true;
	ended(&call, LONG);
	expect_event(test, session, 100, SENDTRACE_WHY_SNAPLEN);
}

/* No page is faulted in: the caller may have the buffer back by then. */
static void of_io_uring_what_is_not_resident_is_missing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call;

	st_test_use_user_memory(test);
	call = st_test_call(st_test_user_pages(test, PAGE_SIZE), 64);
	call.async = true;
	ended(&call, 64);
	expect_event(test, session, 0, SENDTRACE_WHY_FAULT);
}

static void of_io_uring_a_datagram_waits_for_no_name(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 10);
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);

	call.async = true;
	call.peer.unnamed = sock->sk;
	ended(&call, 10);
	expect_event(test, session, 10, SENDTRACE_WHY_COMPLETE);
}

/* With preemption off, and perhaps interrupts: however many sessions there are. */
static void many_sessions_share_what_is_copied_of_io_uring(struct kunit *test)
{
	struct st_session *session[ST_MAX_RUNNING];
	struct st_call call;
	u64 bytes = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(session); i++)
		session[i] = st_test_session(test, 4 * PAGE_SIZE, 0);
	call = call_of(test, LONG);
	call.async = true;
	ended(&call, LONG);
	for (i = 0; i < ARRAY_SIZE(session); i++) {
		KUNIT_EXPECT_EQ(test, st_test_counted(session[i])->captured, 1);
		bytes += st_test_counted(session[i])->bytes;
	}
	KUNIT_EXPECT_EQ(test, bytes, ST_IRQS_OFF_MAX);
}

/* ---- Pages ----------------------------------------------------------------------------- */

static void free_page_of(struct kunit_resource *resource)
{
	__free_pages(resource->data, 5);
}

/* A payload of 128 KiB in pages of the kernel's. */
static struct page *pages_of(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 5);
	u8 *bytes;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	st_test_at_end(test, free_page_of, pages);
	bytes = page_address(pages);
	for (i = 0; i < PAGE_SIZE << 5; i++)
		bytes[i] = st_test_byte(i);
	return pages;
}

static void pages_are_copied_as_far_as_one_chunk(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, ST_CHUNK_MAX + 1);
	struct bio_vec bvec = { .bv_page = pages_of(test), .bv_len = PAGE_SIZE << 5 };

	call.payload = (struct st_payload){
		.kind = ST_PAYLOAD_BVEC,
		.bvec = &bvec,
		.nr = 1,
	};
	ended(&call, ST_CHUNK_MAX);
	expect_event(test, session, ST_CHUNK_MAX, SENDTRACE_WHY_COMPLETE);
	ended(&call, ST_CHUNK_MAX + 1);
	expect_event(test, session, ST_CHUNK_MAX, SENDTRACE_WHY_INLINE_BOUND);
}

static void one_page_is_copied_from_its_place(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 300);
	const struct sendtrace_event *event;

	st_payload_of_page(&call.payload, pages_of(test), 100);
	KUNIT_EXPECT_EQ(test, call.payload.kind, ST_PAYLOAD_PAGE);
	ended(&call, 300);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 300);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 100, 300));
}

/* ---- Nothing that we may read ------------------------------------------------------------- */

static void a_payload_that_is_nowhere_is_not_copied(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 1000);

	call.payload.kind = ST_PAYLOAD_NONE;
	ended(&call, 1000);
	expect_event(test, session, 0, SENDTRACE_WHY_NOT_COPIED);
}

static void of_no_bytes_none_are_missing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 1000);

	call.payload.kind = ST_PAYLOAD_NONE;
	ended(&call, 0);
	expect_event(test, session, 0, SENDTRACE_WHY_COMPLETE);
}

static void what_is_nowhere_is_cut_by_no_snap_length(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 10);
	struct st_call call = st_test_call(NULL, 1000);

	call.payload.kind = ST_PAYLOAD_NONE;
	ended(&call, 1000);
	expect_event(test, session, 0, SENDTRACE_WHY_NOT_COPIED);
}

static void an_event_has_the_threads_cgroup(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);
	const struct sendtrace_event *event;

	ended(&call, 0);
	event = st_test_record(test, session);
#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, event->cgroup, cgroup_id(task_dfl_cgroup(current)));
	rcu_read_unlock();
#else
	KUNIT_EXPECT_EQ(test, event->cgroup, 0);
#endif
}

/* ---- The place in a stream --------------------------------------------------------------- */

/* ---- Several messages of one system call --------------------------------------------------- */

static void a_message_does_not_overtake_one_that_waits(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100);

	call.id = SENDTRACE_CALL_SENDMMSG;
	st_test_late.waiting = true;
	ended(&call, 100);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	expect_event(test, session, 100, SENDTRACE_WHY_COMPLETE);
}

static void one_that_failed_does_not_overtake_either(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG);

	call.id = SENDTRACE_CALL_SENDMMSG;
	st_test_late.waiting = true;
	ended(&call, -EINVAL);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	expect_event(test, session, SENDTRACE_FAILED_MAX, SENDTRACE_WHY_FAILED);
}

static void one_that_failed_and_cannot_wait_is_recorded_at_once(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG);

	call.id = SENDTRACE_CALL_RECVMMSG;
	st_test_late.waiting = true;
	st_test_late.none_left = true;
	ended(&call, -EINVAL);
	expect_event(test, session, SENDTRACE_FAILED_MAX, SENDTRACE_WHY_FAILED);
}

/* Where no object is left for it. */
static void expect_early(struct kunit *test, struct st_session *session, bool early,
			 u64 counted)
{
	const struct sendtrace_event *event = st_test_record(test, session);

	KUNIT_EXPECT_EQ(test, event->event_flags, early ? SENDTRACE_EVENT_EARLY : 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->early, counted);
	st_test_done(session);
}

static void one_that_cannot_wait_says_that_it_is_early(struct kunit *test)
{
	static const u16 ids[] = { SENDTRACE_CALL_SENDMMSG, SENDTRACE_CALL_RECVMMSG,
				   SENDTRACE_CALL_IO_SUBMIT_WRITE,
				   SENDTRACE_CALL_IO_SUBMIT_READ };
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100), again;
	int i;

	st_test_late.waiting = true;
	st_test_late.none_left = true;
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		again = call;
		again.id = ids[i];
		ended(&again, 100);
		expect_early(test, session, true, 2 * i + 1);
		again = call;
		again.id = ids[i];
		ended(&again, -EPIPE);
		expect_early(test, session, true, 2 * i + 2);
	}
}

static void what_overtakes_nothing_is_not_early(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100);

	st_test_late.none_left = true;
	st_test_late.waiting = true;
	ended(&call, 100); /* the only one of its system call */
	expect_early(test, session, false, 0);
	call.id = SENDTRACE_CALL_SENDMMSG;
	st_test_late.waiting = false;
	ended(&call, 100);
	expect_early(test, session, false, 0);
	st_test_late.waiting = true;
	st_test_late.none_left = false;
	ended(&call, 100);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	expect_early(test, session, false, 0);
}

static void other_calls_wait_for_nobody(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100);

	st_test_late.waiting = true;
	ended(&call, 100);
	expect_event(test, session, 100, SENDTRACE_WHY_COMPLETE);
}

static void expect_place(struct kunit *test, struct st_call call, long ret, u64 position,
			 u32 write_seq)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct sendtrace_event *event;

	call.wanted = BIT(session->slot);
	call.enter_time = session->since;
	ended(&call, ret);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->position, position);
	KUNIT_EXPECT_EQ(test, event->write_seq, write_seq);
}

static void the_place_in_a_stream_is_behind_what_was_sent(struct kunit *test)
{
	struct st_call call = st_test_call(NULL, 100);

	call.payload.kind = ST_PAYLOAD_NONE;
	call.peer.position = 1000;
	call.peer.write_seq = U32_MAX - 9;
	expect_place(test, call, 60, 1060, 50);
	expect_place(test, call, 0, 1000, U32_MAX - 9);
	expect_place(test, call, -EPIPE, 1000, U32_MAX - 9);
	call.peer.position = 0;
	call.peer.write_seq = 0; /* not TCP */
	expect_place(test, call, 60, 0, 0);
}

static struct kunit_case deliver_cases[] = {
	KUNIT_CASE(the_place_in_a_stream_is_behind_what_was_sent),
	KUNIT_CASE(a_message_does_not_overtake_one_that_waits),
	KUNIT_CASE(one_that_failed_does_not_overtake_either),
	KUNIT_CASE(one_that_failed_and_cannot_wait_is_recorded_at_once),
	KUNIT_CASE(one_that_cannot_wait_says_that_it_is_early),
	KUNIT_CASE(what_overtakes_nothing_is_not_early),
	KUNIT_CASE(other_calls_wait_for_nobody),
	KUNIT_CASE(of_io_uring_what_a_handler_copies_is_complete),
	KUNIT_CASE(of_io_uring_what_is_longer_is_cut_there),
	KUNIT_CASE(of_io_uring_a_snap_length_is_no_cut_of_ours),
	KUNIT_CASE(of_io_uring_what_is_not_resident_is_missing),
	KUNIT_CASE(of_io_uring_a_datagram_waits_for_no_name),
	KUNIT_CASE(many_sessions_share_what_is_copied_of_io_uring),
	KUNIT_CASE(pages_are_copied_as_far_as_one_chunk),
	KUNIT_CASE(one_page_is_copied_from_its_place),
	KUNIT_CASE(a_payload_that_is_nowhere_is_not_copied),
	KUNIT_CASE(of_no_bytes_none_are_missing),
	KUNIT_CASE(what_is_nowhere_is_cut_by_no_snap_length),
	KUNIT_CASE(an_event_has_the_threads_cgroup),
	{}
};

static struct kunit_suite deliver_suite = {
	.name = "sendtrace_deliver",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = deliver_cases,
};
kunit_test_suite(deliver_suite);
