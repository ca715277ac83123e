// SPDX-License-Identifier: GPL-2.0
/* Payloads in several buffers that task work copies, when the kernel has freed its array. */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/uio.h>

#include "compat.h"
#include "deliver.h"
#include "fixture.h"
#include "record.h"
#include "sendto.h"
#include "session_fixture.h"

#define RING (64 * PAGE_SIZE)
#define LONG (3 * ST_CHUNK_MAX + 77) /* four records' worth */
#define MANY (ST_POOL_FEW + 1)

/* A call that sends a payload of @len bytes in @nr buffers of about the same length. */
static struct st_call call_of(struct kunit *test, size_t len, u32 nr)
{
	struct iovec *iov = kunit_kzalloc(test, nr * sizeof(*iov), GFP_KERNEL);
	struct st_call call;
	u8 __user *bytes;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, iov);
	st_test_use_user_memory(test);
	bytes = st_test_payload(test, len);
	for (i = 0; i < nr; i++) {
		iov[i].iov_base = bytes + len * i / nr;
		iov[i].iov_len = len * (i + 1) / nr - len * i / nr;
	}
	call = st_test_call(NULL, len);
	call.payload = (struct st_payload){
		.kind = ST_PAYLOAD_IOVEC,
		.iov = iov,
		.nr = nr,
	};
	return call;
}

/* As the kernel frees the array: what is in it then must not matter. */
static void sent(struct st_call *call, int ret)
{
	preempt_disable();
	st_sendto_ends(call, ret);
	preempt_enable();
	if (call->payload.kind == ST_PAYLOAD_IOVEC)
		memset((void *)call->payload.iov, 0xa5,
		       call->payload.nr * sizeof(*call->payload.iov));
}

/* Reads the records of a payload. Returns how many bytes they have, or -1 if one is wrong. */
static s64 captured(struct st_session *session, u16 *why)
{
	const struct sendtrace_fragment *fragment = st_test_oldest(session);
	const struct sendtrace_event *event;
	u64 offset = 0;

	for (; fragment && fragment->rec.type == SENDTRACE_RECORD_FRAGMENT;
	     fragment = st_test_oldest(session)) {
		if (fragment->offset != offset ||
		    !st_test_is_payload(fragment + 1, offset, fragment->cap_len))
			return -1;
		offset += fragment->cap_len;
		st_test_done(session);
	}
	event = (const void *)fragment;
	if (!event || event->frag_len != offset ||
	    !st_test_is_payload(event + 1, offset, event->cap_len))
		return -1;
	*why = event->why;
	return offset + event->cap_len;
}

static void expect_late(struct kunit *test, struct st_session *session, s64 bytes,
			u16 why)
{
	u16 got = 0;

	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	KUNIT_EXPECT_EQ(test, captured(session, &got), bytes);
	KUNIT_EXPECT_EQ(test, got, why);
}

static void expect_at_once(struct kunit *test, struct st_session *session, s64 bytes,
			   u16 why)
{
	u16 got = 0;

	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	KUNIT_EXPECT_EQ(test, captured(session, &got), bytes);
	KUNIT_EXPECT_EQ(test, got, why);
}

static void what_a_handler_may_copy_needs_no_copy_of_the_array(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, ST_INLINE_MAX, MANY);

	st_test_late.none_left = true;
	sent(&call, ST_INLINE_MAX);
	expect_at_once(test, session, ST_INLINE_MAX, SENDTRACE_WHY_COMPLETE);
}

static void a_long_payload_in_a_few_buffers_is_complete(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG, ST_POOL_FEW);

	st_test_late.no_room = true;
	sent(&call, LONG);
	expect_late(test, session, LONG, SENDTRACE_WHY_COMPLETE);
}

static void a_long_payload_in_many_buffers_is_complete(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG, UIO_MAXIOV);

	sent(&call, LONG);
	expect_late(test, session, LONG, SENDTRACE_WHY_COMPLETE);
}

static void what_an_iterator_had_passed_is_not_copied(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG, MANY);
	const struct sendtrace_event *event;

	call.payload.skip = LONG / MANY - 3;
	sent(&call, ST_INLINE_MAX + 1);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, ST_INLINE_MAX + 1);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, LONG / MANY - 3,
						   ST_INLINE_MAX + 1));
}

/* Room is needed only for the buffers whose bytes are recorded. */
static void buffers_that_were_not_sent_need_no_room(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG, 2 * ST_POOL_FEW);

	st_test_late.no_room = true;
	sent(&call, LONG / 2);
	expect_late(test, session, LONG / 2, SENDTRACE_WHY_COMPLETE);
}

static void buffers_beyond_the_longest_snap_length_need_no_room(struct kunit *test)
{
	struct st_session *shorter = st_test_session(test, 4 * RING, LONG / 4);
	struct st_session *longer = st_test_session(test, 4 * RING, LONG / 2);
	struct st_call call = call_of(test, LONG, 2 * ST_POOL_FEW);
	u16 why;

	st_test_late.no_room = true;
	sent(&call, LONG);
	expect_late(test, shorter, LONG / 4, SENDTRACE_WHY_SNAPLEN);
	KUNIT_EXPECT_EQ(test, captured(longer, &why), LONG / 2);
	KUNIT_EXPECT_EQ(test, why, SENDTRACE_WHY_SNAPLEN);
}

static void a_payload_is_cut_if_there_is_no_room_for_its_buffers(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, LONG, MANY);

	st_test_late.no_room = true;
	sent(&call, LONG);
	KUNIT_EXPECT_TRUE(test, st_test_late.put_back);
	expect_at_once(test, session, ST_INLINE_MAX, SENDTRACE_WHY_NO_WORK);
}

static void a_missing_page_of_one_buffer_is_faulted_in(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 200, 2);
	struct iovec *second = (struct iovec *)call.payload.iov + 1;
	const struct sendtrace_event *event;

	second->iov_base = st_test_user_pages(test, PAGE_SIZE);
	sent(&call, 200);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 200);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv((u8 *)(event + 1) + 100, 0, 100));
}

static void what_is_before_a_page_that_cannot_be_had_is_recorded(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 2 * PAGE_SIZE, 2);
	struct iovec *iov = (struct iovec *)call.payload.iov;

	iov[1].iov_len = 2 * PAGE_SIZE; /* of which one page is unmapped */
	call.len = 3 * PAGE_SIZE;
	sent(&call, 3 * PAGE_SIZE);
	expect_late(test, session, 2 * PAGE_SIZE, SENDTRACE_WHY_FAULT);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->faults, 1);
}

/* As where the kernel does not let us copy later. */
static void without_task_work_the_bound_is_that_of_one_buffer(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, LONG, MANY);

	session->inline_max = 3 * PAGE_SIZE;
	session->inline_why = SENDTRACE_WHY_INLINE_BOUND;
	preempt_disable();
	st_record_at_once(&call, LONG, LONG);
	preempt_enable();
	expect_at_once(test, session, 3 * PAGE_SIZE, SENDTRACE_WHY_INLINE_BOUND);
}

/* A thousand buffers take as long as a long payload. */
static void few_of_many_sessions_copy_many_buffers_inline(struct kunit *test)
{
	struct st_session *session[ST_MAX_RUNNING];
	struct st_call call;
	int i, now = 0, all = 0;

	for (i = 0; i < ST_MAX_RUNNING; i++)
		session[i] = st_test_session(test, RING, 0);
	call = call_of(test, UIO_MAXIOV, UIO_MAXIOV);
	sent(&call, UIO_MAXIOV);
	for (i = 0; i < ST_MAX_RUNNING; i++)
		now += st_test_counted(session[i])->captured;
	KUNIT_EXPECT_EQ(test, now, ST_IRQS_OFF_MAX / ST_INLINE_MAX);
	KUNIT_EXPECT_TRUE(test, st_test_run_late());
	for (i = 0; i < ST_MAX_RUNNING; i++)
		all += st_test_counted(session[i])->bytes == UIO_MAXIOV;
	KUNIT_EXPECT_EQ(test, all, ST_MAX_RUNNING);
}

/* A message that failed waits, too, if an earlier one of its system call does. */
static void failed_after_another(struct st_call *call)
{
	st_test_late.waiting = true;
	call->id = SENDTRACE_CALL_SENDMMSG;
	preempt_disable();
	st_deliver(call, SENDTRACE_RECORD_SEND, -EINVAL, 0);
	preempt_enable();
	memset((void *)call->payload.iov, 0xa5,
	       call->payload.nr * sizeof(*call->payload.iov));
}

static void the_array_of_a_message_that_failed_is_kept_while_it_waits(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 2 * SENDTRACE_FAILED_MAX, 3 * MANY);

	failed_after_another(&call);
	expect_late(test, session, SENDTRACE_FAILED_MAX, SENDTRACE_WHY_FAILED);
}

static void one_whose_array_has_no_room_does_not_wait(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 2 * SENDTRACE_FAILED_MAX, 3 * MANY);

	st_test_late.no_room = true;
	failed_after_another(&call);
	KUNIT_EXPECT_TRUE(test, st_test_late.put_back);
	expect_at_once(test, session, SENDTRACE_FAILED_MAX, SENDTRACE_WHY_FAILED);
}

static struct st_session *session_of_many[ST_MAX_RUNNING];

/* A call with as many little buffers as can be, which all sessions record. */
static struct st_call of_little_buffers(struct kunit *test, size_t size)
{
	int i;

	for (i = 0; i < ST_MAX_RUNNING; i++)
		session_of_many[i] = st_test_session(test, RING, 0);
	return call_of(test, UIO_MAXIOV * size, UIO_MAXIOV);
}

/* What all of them have of a call that was ended: @bytes each, and the reason. */
static void expect_of_each(struct kunit *test, s64 bytes, u16 why)
{
	u16 got = 0;
	int i;

	for (i = 0; i < ST_MAX_RUNNING; i++) {
		KUNIT_EXPECT_EQ(test, captured(session_of_many[i], &got), bytes);
		KUNIT_EXPECT_EQ(test, got, why);
	}
}

/* So many buffers may each of all sessions copy, with preemption off. */
#define EACH (ST_IRQS_OFF_MAX / ST_MAX_RUNNING / ST_PAYLOAD_PIECE)

static void many_sessions_copy_few_buffers_of_a_call_that_failed(struct kunit *test)
{
	struct st_call call = of_little_buffers(test, 3);

	sent(&call, -EPIPE);
	expect_of_each(test, EACH * 3, SENDTRACE_WHY_FAILED);
}

static void many_sessions_copy_few_buffers_where_nothing_can_wait(struct kunit *test)
{
	struct st_call call = of_little_buffers(test, 3);

	call.async = true;
	sent(&call, UIO_MAXIOV * 3);
	expect_of_each(test, EACH * 3, SENDTRACE_WHY_ASYNC);
}

static void one_session_copies_all_buffers_of_a_call_that_failed(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, SENDTRACE_FAILED_MAX, UIO_MAXIOV);

	sent(&call, -EPIPE);
	expect_at_once(test, session, SENDTRACE_FAILED_MAX, SENDTRACE_WHY_COMPLETE);
}

/* Pages are gone when the name can be had; so is the buffer of one that io_uring sends. */
static void a_datagram_of_pages_waits_for_no_name(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 100);
	const struct sendtrace_event *event;

	st_payload_of_page(&call.payload, ZERO_PAGE(0), 0);
	call.peer.unnamed = (void *)&call;
	call.fd = 0;
	preempt_disable();
	st_deliver(&call, SENDTRACE_RECORD_SEND, 100, 100);
	preempt_enable();
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static struct kunit_case late_buffers_cases[] = {
	KUNIT_CASE(what_a_handler_may_copy_needs_no_copy_of_the_array),
	KUNIT_CASE(a_long_payload_in_a_few_buffers_is_complete),
	KUNIT_CASE(a_long_payload_in_many_buffers_is_complete),
	KUNIT_CASE(what_an_iterator_had_passed_is_not_copied),
	KUNIT_CASE(buffers_that_were_not_sent_need_no_room),
	KUNIT_CASE(buffers_beyond_the_longest_snap_length_need_no_room),
	KUNIT_CASE(a_payload_is_cut_if_there_is_no_room_for_its_buffers),
	KUNIT_CASE(a_missing_page_of_one_buffer_is_faulted_in),
	KUNIT_CASE(what_is_before_a_page_that_cannot_be_had_is_recorded),
	KUNIT_CASE(without_task_work_the_bound_is_that_of_one_buffer),
	KUNIT_CASE(few_of_many_sessions_copy_many_buffers_inline),
	KUNIT_CASE(the_array_of_a_message_that_failed_is_kept_while_it_waits),
	KUNIT_CASE(one_whose_array_has_no_room_does_not_wait),
	KUNIT_CASE(many_sessions_copy_few_buffers_of_a_call_that_failed),
	KUNIT_CASE(many_sessions_copy_few_buffers_where_nothing_can_wait),
	KUNIT_CASE(one_session_copies_all_buffers_of_a_call_that_failed),
	KUNIT_CASE(a_datagram_of_pages_waits_for_no_name),
	{}
};

static struct kunit_suite late_buffers_suite = {
	.name = "sendtrace_late_buffers",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = late_buffers_cases,
};
kunit_test_suite(late_buffers_suite);
