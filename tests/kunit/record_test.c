// SPDX-License-Identifier: GPL-2.0
#include "../../kmod/record.c"

#include <linux/kthread.h>

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

/* The smallest ring: what fits here fits into every ring. */
#define RING PAGE_SIZE

static enum st_outcome put_event(struct st_session *session, const struct st_call *call,
				 struct st_part part)
{
	enum st_outcome outcome;

	preempt_disable();
	outcome = st_record_event(session, call, &part);
	preempt_enable();
	return outcome;
}

static enum st_outcome put_call(struct st_session *session, const struct st_call *call,
				u64 sent)
{
	enum st_outcome outcome;

	preempt_disable();
	outcome = st_record_call(session, call, sent);
	preempt_enable();
	return outcome;
}

static enum st_outcome write_fragment(struct st_session *session,
				      const struct st_call *call, struct st_part part)
{
	enum st_outcome outcome;

	part.time = 5;
	preempt_disable();
	outcome = st_record_fragment(session, call, &part);
	preempt_enable();
	return outcome;
}

/* A call whose payload is in user memory. */
static struct st_call call_of(struct kunit *test, size_t len)
{
	st_test_use_user_memory(test);
	return st_test_call(st_test_payload(test, len), len);
}

/* ---- What a record holds ------------------------------------------------------------------ */

static void a_payload_follows_both_addresses(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 11);
	const struct sendtrace_event *event;
	const void *at;

	call.peer.local = st_test_loopback6();
	call.peer.remote = st_test_abstract("abc", 3);
	KUNIT_EXPECT_EQ(test, put_event(session, &call, (struct st_part){ .len = 11 }),
			ST_WRITTEN);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.size, sizeof(*event) + 32 + 8 + 16);
	KUNIT_EXPECT_EQ(test, event->cap_len, 11);
	at = event + 1;
	KUNIT_EXPECT_EQ(test, memcmp(at, &call.peer.local.in6, 28), 0);
	KUNIT_EXPECT_EQ(test, memcmp(at + 32, &call.peer.remote.un, 6), 0);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(at + 40, 0, 11));
}

static void a_part_is_taken_from_its_place_in_the_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 300);
	struct st_part part = { .offset = 200, .len = 100, .why = SENDTRACE_WHY_SNAPLEN };
	const struct sendtrace_event *event;

	put_event(session, &call, part);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->frag_len, 200);
	KUNIT_EXPECT_EQ(test, event->cap_len, 100);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_SNAPLEN);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 200, 100));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, 300);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->cut, 1);
}

static void a_fragment_has_its_thread_and_its_offset(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 300);
	const struct sendtrace_fragment *fragment;

	KUNIT_EXPECT_EQ(test,
			write_fragment(session, &call,
				       (struct st_part){ .offset = 100, .len = 50 }),
			ST_WRITTEN);
	fragment = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, fragment->rec.type, SENDTRACE_RECORD_FRAGMENT);
	KUNIT_EXPECT_EQ(test, fragment->rec.header_size, sizeof(*fragment));
	KUNIT_EXPECT_EQ(test, fragment->rec.time, 5);
	KUNIT_EXPECT_EQ(test, fragment->rec.size, sizeof(*fragment) + 56);
	KUNIT_EXPECT_EQ(test, fragment->offset, 100);
	KUNIT_EXPECT_EQ(test, fragment->cap_len, 50);
	KUNIT_EXPECT_EQ(test, fragment->tid, task_pid_nr(current));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(fragment + 1, 100, 50));
}

/* ---- No byte is left over ------------------------------------------------------------------ */

/* Bytes that have the respective paint in both records were not written. */
static int left_over(const u8 *one, u8 paint, const u8 *other, u8 other_paint, u32 size)
{
	int bytes = 0;
	u32 i;

	for (i = 0; i < size; i++)
		bytes += one[i] == paint && other[i] == other_paint;
	return bytes;
}

/* A copy of a record in a painted ring, without the time, which differs. */
static u32 copy_painted(struct st_session *session, const struct st_call *call,
			struct st_part part, bool fragment, u8 paint, u8 *copy)
{
	struct st_ring *ring = st_test_painted(session, paint);
	const struct sendtrace_record *rec;
	u32 size;

	if (fragment)
		write_fragment(session, call, part);
	else
		put_event(session, call, part);
	rec = st_ring_peek(ring);
	if (!rec)
		return 0;
	size = rec->size;
	memcpy(copy, rec, size);
	((struct sendtrace_record *)copy)->time = 0;
	st_ring_release(ring, rec);
	return size;
}

static void expect_none_left_over(struct kunit *test, struct st_session *session,
				  const struct st_call *call, struct st_part part,
				  bool fragment)
{
	u8 *one = kunit_kzalloc(test, RING, GFP_KERNEL);
	u8 *other = kunit_kzalloc(test, RING, GFP_KERNEL);
	u32 size;

	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, other);
	size = copy_painted(session, call, part, fragment, 0xaa, one);
	KUNIT_ASSERT_GT(test, size, 0);
	KUNIT_ASSERT_EQ(test, copy_painted(session, call, part, fragment, 0x55, other),
			size);
	KUNIT_EXPECT_EQ_MSG(test, left_over(one, 0xaa, other, 0x55, size), 0,
			    "local %u, remote %u, payload %u", call->peer.local.len,
			    call->peer.remote.len, part.len);
}

static void every_byte_of_an_event_is_written(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 64);
	int local, remote, len;

	for (local = 0; local <= 8; local++)
		for (remote = 0; remote <= 8; remote++)
			for (len = 0; len <= 8; len++) {
				call.peer.local.len = local;
				call.peer.remote.len = remote;
				expect_none_left_over(test, session, &call,
						      (struct st_part){ .len = len },
						      false);
			}
}

static void every_byte_of_a_fragment_is_written(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 64);
	int len;

	for (len = 1; len <= 32; len++)
		expect_none_left_over(test, session, &call,
				      (struct st_part){ .len = len }, true);
}

static void every_byte_is_written_if_the_payload_ends_early(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, PAGE_SIZE);
	struct st_part part = { .len = 64, .must = true };
	int bytes;

	for (bytes = 0; bytes < 16; bytes++) {
		part.offset = PAGE_SIZE - bytes;
		expect_none_left_over(test, session, &call, part, false);
	}
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->faults, 32);
}

/* ---- Memory that is not there -------------------------------------------------------------- */

static void no_record_is_written_of_memory_that_is_not_resident(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, PAGE_SIZE);
	struct st_part part = { .offset = PAGE_SIZE - 8, .len = 9 };

	KUNIT_EXPECT_EQ(test, put_event(session, &call, part), ST_FAULTED);
	KUNIT_EXPECT_EQ(test, write_fragment(session, &call, part), ST_FAULTED);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	part.len = 8;
	KUNIT_EXPECT_EQ(test, put_event(session, &call, part), ST_WRITTEN);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
}

/* Both need task work, but only a payload that is too long always does. */
static void too_long_is_not_the_same_as_not_resident(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, PAGE_SIZE);
	u64 too_long = session->inline_max + 1;

	KUNIT_EXPECT_EQ(test, put_call(session, &call, too_long), ST_TOO_LONG);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	call.payload.buf += PAGE_SIZE - 8;
	KUNIT_EXPECT_EQ(test, put_call(session, &call, 9), ST_FAULTED);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_EQ(test, put_call(session, &call, 8), ST_WRITTEN);
	KUNIT_EXPECT_NOT_NULL(test, st_test_oldest(session));
}

static void an_event_that_must_be_written_has_the_readable_part(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, PAGE_SIZE);
	struct st_part part = { .offset = PAGE_SIZE - 8, .len = 100, .must = true };
	const struct sendtrace_event *event;

	KUNIT_EXPECT_EQ(test, put_event(session, &call, part), ST_WRITTEN);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 8);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_FAULT);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, PAGE_SIZE - 8, 8));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->faults, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->cut, 1);
}

/* No mm of its own, but the CPU still uses another one, which may map the address. */
static void a_thread_without_memory_has_no_payload(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);
	const struct sendtrace_event *event;
	struct mm_struct *mm = current->mm;

	kthread_unuse_mm(mm);
	put_event(session, &call, (struct st_part){ .len = 8, .must = true });
	kthread_use_mm(mm);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_FAULT);
}

static void kernel_memory_is_never_copied(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);
	const struct sendtrace_event *event;

	call.payload.buf = (const void __force __user *)session;
	put_event(session, &call, (struct st_part){ .len = 8, .must = true });
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_FAULT);
}

/* ---- Little room --------------------------------------------------------------------------- */

static void a_record_of_the_largest_size_fits_the_smallest_ring(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, session->inline_max);
	const struct sendtrace_event *event;

	call.peer.local.len = sizeof(struct sockaddr_storage);
	call.peer.remote.len = sizeof(struct sockaddr_storage);
	st_ring_lose(session->rings[0], SENDTRACE_LOST_RING_FULL);
	put_event(session, &call, (struct st_part){ .len = session->inline_max });
	st_test_done(session);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, session->inline_max);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static void an_event_is_written_without_payload_if_only_that_fits(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 2048);
	const struct sendtrace_event *event;

	put_event(session, &call, (struct st_part){ .len = 2048 });
	put_event(session, &call, (struct st_part){ .len = 2048 });
	st_test_done(session);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_RING_FULL);
	KUNIT_EXPECT_EQ(test, event->rec.size, sizeof(*event));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->captured, 2);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->cut, 1);
}

static void an_event_that_does_not_fit_is_lost_and_counted(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct st_counters *count = st_test_counted(session);
	struct st_call call = call_of(test, 8);
	const struct sendtrace_lost *lost;
	int i;

	for (i = 0; i < 100; i++)
		put_event(session, &call, (struct st_part){ .len = 8 });
	KUNIT_EXPECT_EQ(test, count->hits, 100);
	KUNIT_EXPECT_EQ(test, count->captured,
			(RING - sizeof(*lost)) / (sizeof(struct sendtrace_event) + 8));
	KUNIT_EXPECT_EQ(test, count->lost[SENDTRACE_LOST_RING_FULL],
			100 - count->captured);
	for (i = 0; i < count->captured; i++)
		st_test_done(session);
	put_event(session, &call, (struct st_part){ .len = 8 });
	lost = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, lost->rec.type, SENDTRACE_RECORD_LOST);
	KUNIT_EXPECT_EQ(test, lost->count, count->lost[SENDTRACE_LOST_RING_FULL]);
}

static void a_fragment_leaves_room_for_its_event(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_part part = { .len = session->chunk_max };
	struct st_call call = call_of(test, RING);

	call.peer.local.len = sizeof(struct sockaddr_storage);
	call.peer.remote.len = sizeof(struct sockaddr_storage);
	while (write_fragment(session, &call, part) == ST_WRITTEN)
		part.len -= 8;
	KUNIT_EXPECT_LT(test, part.len, session->chunk_max);
	while (part.len && write_fragment(session, &call, part) == ST_FULL)
		part.len -= 8;
	put_event(session, &call, (struct st_part){});
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->captured, 1);
}

/* ---- Where nothing can be copied later ------------------------------------------------------- */

static void expect_share(struct kunit *test, struct st_session *session, u32 cap, u16 why)
{
	const struct sendtrace_event *event = st_test_record(test, session);

	KUNIT_EXPECT_EQ(test, event->cap_len, cap);
	KUNIT_EXPECT_EQ(test, event->why, why);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, cap));
	st_test_done(session);
}

static void at_once(const struct st_call *call, u64 sent, u32 budget)
{
	preempt_disable();
	st_record_at_once(call, sent, budget);
	preempt_enable();
}

static void sessions_share_what_is_copied_at_once(struct kunit *test)
{
	struct st_session *one = st_test_session(test, 4 * RING, 0);
	struct st_session *two = st_test_session(test, 4 * RING, 0);
	struct st_session *three = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, 3000);

	at_once(&call, 3000, 9000);
	expect_share(test, one, 3000, SENDTRACE_WHY_COMPLETE);
	expect_share(test, two, 3000, SENDTRACE_WHY_COMPLETE);
	expect_share(test, three, 3000, SENDTRACE_WHY_COMPLETE);
	at_once(&call, 3000, 6000);
	expect_share(test, one, 2000, SENDTRACE_WHY_INLINE_BOUND);
	expect_share(test, two, 2000, SENDTRACE_WHY_INLINE_BOUND);
	expect_share(test, three, 2000, SENDTRACE_WHY_INLINE_BOUND);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->cut, 1);
}

static void what_a_session_does_not_need_is_left_to_the_next(struct kunit *test)
{
	struct st_session *little = st_test_session(test, 4 * RING, 100);
	struct st_session *much = st_test_session(test, 4 * RING, 0);
	struct st_call call = call_of(test, 3000);

	at_once(&call, 3000, 2000);
	expect_share(test, little, 100, SENDTRACE_WHY_SNAPLEN);
	expect_share(test, much, 1900, SENDTRACE_WHY_INLINE_BOUND);
}

static void a_ring_that_is_too_small_for_its_share_is_the_reason(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 3000);

	at_once(&call, 3000, 8000);
	expect_share(test, session, RING / 2, SENDTRACE_WHY_RING_SIZE);
}

/* ---- Numbers and bells ----------------------------------------------------------------------- */

static void fragments_are_not_counted_as_events(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 64);
	const struct sendtrace_event *event;

	write_fragment(session, &call, (struct st_part){ .len = 32 });
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, 0);
	put_event(session, &call, (struct st_part){ .offset = 32, .len = 32 });
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->bytes, 64);
	st_test_done(session);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.seq, 0);
}

static void every_record_rings_the_bell(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);

	st_bell_want(&session->bell);
	put_event(session, &call, (struct st_part){ .len = 8 });
	st_bell_exit(&session->bell);
	KUNIT_EXPECT_FALSE(test, session->bell.wanted);
	st_bell_want(&session->bell);
	write_fragment(session, &call, (struct st_part){ .len = 8 });
	st_bell_exit(&session->bell);
	KUNIT_EXPECT_FALSE(test, session->bell.wanted);
}

static struct kunit_case record_cases[] = {
	KUNIT_CASE(a_payload_follows_both_addresses),
	KUNIT_CASE(a_part_is_taken_from_its_place_in_the_payload),
	KUNIT_CASE(a_fragment_has_its_thread_and_its_offset),
	KUNIT_CASE(every_byte_of_an_event_is_written),
	KUNIT_CASE(every_byte_of_a_fragment_is_written),
	KUNIT_CASE(every_byte_is_written_if_the_payload_ends_early),
	KUNIT_CASE(no_record_is_written_of_memory_that_is_not_resident),
	KUNIT_CASE(too_long_is_not_the_same_as_not_resident),
	KUNIT_CASE(an_event_that_must_be_written_has_the_readable_part),
	KUNIT_CASE(a_thread_without_memory_has_no_payload),
	KUNIT_CASE(kernel_memory_is_never_copied),
	KUNIT_CASE(a_record_of_the_largest_size_fits_the_smallest_ring),
	KUNIT_CASE(an_event_is_written_without_payload_if_only_that_fits),
	KUNIT_CASE(an_event_that_does_not_fit_is_lost_and_counted),
	KUNIT_CASE(a_fragment_leaves_room_for_its_event),
	KUNIT_CASE(sessions_share_what_is_copied_at_once),
	KUNIT_CASE(what_a_session_does_not_need_is_left_to_the_next),
	KUNIT_CASE(a_ring_that_is_too_small_for_its_share_is_the_reason),
	KUNIT_CASE(fragments_are_not_counted_as_events),
	KUNIT_CASE(every_record_rings_the_bell),
	{}
};

static struct kunit_suite record_suite = {
	.name = "sendtrace_record",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = record_cases,
};
kunit_test_suite(record_suite);
