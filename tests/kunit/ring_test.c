// SPDX-License-Identifier: GPL-2.0
#include "../../kmod/ring.c"

#include "fixture.h"
#include "ring_fixture.h"

#define SIZE   PAGE_SIZE
#define EIGHTH (SIZE / 8)
/* Always free, for the report of a loss. */
#define SPARE  ((u32)sizeof(struct sendtrace_lost))

static int ring_test_init(struct kunit *test)
{
	test->priv = st_test_ring(test, SIZE);
	return 0;
}

/* ---- Empty ------------------------------------------------------------------------- */

static void a_new_ring_is_empty(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	KUNIT_EXPECT_FALSE(test, st_ring_readable(ring));
	KUNIT_EXPECT_NULL(test, st_ring_peek(ring));
}

static void a_new_ring_describes_its_data(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_producer *producer = ring->producer;

	KUNIT_EXPECT_EQ(test, producer->pos, 0);
	KUNIT_EXPECT_EQ(test, producer->data_offset, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, producer->data_size, SIZE);
	KUNIT_EXPECT_EQ(test, producer->cpu, 0);
	KUNIT_EXPECT_EQ(test, producer->reserved, 0);
	KUNIT_EXPECT_PTR_EQ(test, ring->data, (u8 *)producer + producer->data_offset);
}

static void a_new_ring_is_zeroed(struct kunit *test)
{
	const struct st_ring *ring = test->priv;
	size_t head = sizeof(struct sendtrace_producer);

	KUNIT_EXPECT_NULL(test, memchr_inv(ring->consumer, 0, PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, memchr_inv((u8 *)ring->producer + head, 0,
					   PAGE_SIZE - head + 2 * SIZE));
}

static void the_data_is_mapped_twice(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	ring->data[0] = 1;
	ring->data[2 * SIZE - 1] = 2;
	KUNIT_EXPECT_EQ(test, ring->data[SIZE], 1);
	KUNIT_EXPECT_EQ(test, ring->data[SIZE - 1], 2);
}

/* ---- Records ------------------------------------------------------------------------ */

static void a_record_is_read_as_it_was_written(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_record *rec;

	KUNIT_ASSERT_TRUE(test, st_test_write(ring, 64, 1));
	KUNIT_EXPECT_TRUE(test, st_ring_readable(ring));
	rec = st_test_peek(test, ring);
	KUNIT_EXPECT_EQ(test, rec->size, 64);
	KUNIT_EXPECT_EQ(test, rec->time, 1);
	KUNIT_EXPECT_EQ(test, rec->cpu, 0);
	KUNIT_EXPECT_EQ(test, rec->reserved, 0);
	KUNIT_EXPECT_TRUE(test, st_test_is_filled(rec, 64, 1));
}

static void records_are_read_in_order_with_their_numbers(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_record *rec;
	int i;

	for (i = 0; i < 5; i++)
		KUNIT_ASSERT_TRUE(test, st_test_write(ring, 64 + 8 * i, i));
	for (i = 0; i < 5; i++) {
		rec = st_test_peek(test, ring);
		KUNIT_EXPECT_EQ(test, rec->seq, i);
		KUNIT_EXPECT_TRUE(test, st_test_is_filled(rec, 64 + 8 * i, i));
		st_ring_release(ring, rec);
	}
	KUNIT_EXPECT_FALSE(test, st_ring_readable(ring));
}

static void a_record_stays_the_oldest_until_it_is_released(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_record *first;

	st_test_write(ring, 64, 1);
	st_test_write(ring, 64, 2);
	first = st_test_peek(test, ring);
	KUNIT_EXPECT_PTR_EQ(test, st_test_peek(test, ring), first);
	st_ring_release(ring, first);
	KUNIT_EXPECT_EQ(test, ring->consumer->pos, 64);
	KUNIT_EXPECT_PTR_NE(test, st_test_peek(test, ring), first);
}

static void a_fragment_has_the_number_of_the_next_event(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	struct sendtrace_record *rec;

	rec = st_test_reserve(test, ring, 64);
	st_test_commit(ring, rec, 64, 0);
	st_test_write(ring, 64, 2);
	st_ring_release(ring, rec);
	KUNIT_EXPECT_EQ(test, st_test_peek(test, ring)->seq, 0);
	KUNIT_EXPECT_EQ(test, ring->seq, 1);
}

static void nothing_is_readable_before_it_is_committed(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	struct sendtrace_record *rec;

	rec = st_test_reserve(test, ring, 64);
	KUNIT_EXPECT_FALSE(test, st_ring_readable(ring));
	st_test_commit(ring, rec, 64, 1);
	KUNIT_EXPECT_TRUE(test, st_ring_readable(ring));
}

static void a_record_may_be_shorter_than_reserved(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	struct sendtrace_record *rec;

	rec = st_test_reserve(test, ring, SIZE / 2);
	st_test_commit(ring, rec, 40, 1);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, 40);
}

/* ---- Wrapping and filling ------------------------------------------------------------- */

static void a_record_that_wraps_is_contiguous(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_record *rec;
	u32 size = 1000;
	int i, wrapped = 0;

	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_TRUE(test, st_test_write(ring, size, i));
		rec = st_test_peek(test, ring);
		KUNIT_EXPECT_TRUE(test, st_test_is_filled(rec, size, i));
		wrapped += (u8 *)rec + size > ring->data + SIZE;
		st_ring_release(ring, rec);
	}
	KUNIT_EXPECT_EQ(test, wrapped, 12);
}

static void a_record_of_the_largest_size_fits_behind_a_lost_one(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	u32 lost = sizeof(struct sendtrace_lost);

	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, SIZE / 2, 1));
	KUNIT_EXPECT_EQ(test, ring->producer->pos, lost + SIZE / 2);
}

static void a_ring_can_be_filled_but_for_the_room_of_a_lost_record(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	u32 size;
	int i;

	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_TRUE(test, st_test_write(ring, EIGHTH, i));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, EIGHTH - SPARE + 8, 7));
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, EIGHTH - SPARE, 7));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, 40, 8));
	for (i = 0; i < 8; i++) {
		size = i < 7 ? EIGHTH : EIGHTH - SPARE;
		KUNIT_EXPECT_TRUE(test,
				  st_test_is_filled(st_test_peek(test, ring), size, i));
		st_ring_release(ring, st_test_peek(test, ring));
	}
}

static void a_full_ring_is_not_changed(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	struct st_ring before;

	st_test_write(ring, SIZE - SPARE, 1);
	before = *ring;
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, 40, 2));
	KUNIT_EXPECT_EQ(test, memcmp(&before, ring, sizeof(before)), 0);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SIZE - SPARE);
	KUNIT_EXPECT_TRUE(test,
			  st_test_is_filled(st_test_peek(test, ring), SIZE - SPARE, 1));
}

static void reading_makes_room_in_a_full_ring(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	int i;

	for (i = 0; i < 7; i++)
		st_test_write(ring, EIGHTH, i);
	st_test_write(ring, EIGHTH - SPARE, 7);
	st_ring_release(ring, st_test_peek(test, ring));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, EIGHTH + 8, 8));
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, EIGHTH, 8));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, 40, 9));
}

static void a_record_larger_than_the_ring_is_refused(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	KUNIT_EXPECT_FALSE(test, st_test_write(ring, SIZE - SPARE + 8, 1));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, SIZE + 8, 1));
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, U32_MAX - 7, 1));
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, SIZE - SPARE, 1));
}

/* ---- Loss --------------------------------------------------------------------------- */

static void a_loss_is_reported_before_the_next_record(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_lost *lost;
	int i;

	st_test_write(ring, 64, 1);
	for (i = 0; i < 3; i++)
		st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_test_write(ring, 64, 2);
	st_ring_release(ring, st_test_peek(test, ring));
	lost = (const void *)st_test_peek(test, ring);
	KUNIT_EXPECT_EQ(test, lost->rec.type, SENDTRACE_RECORD_LOST);
	KUNIT_EXPECT_EQ(test, lost->rec.seq, 1);
	KUNIT_EXPECT_EQ(test, lost->count, 3);
	KUNIT_EXPECT_EQ(test, lost->reasons[SENDTRACE_LOST_RING_FULL], 3);
	st_ring_release(ring, &lost->rec);
	KUNIT_EXPECT_EQ(test, st_test_peek(test, ring)->seq, 4);
	KUNIT_EXPECT_TRUE(test, st_test_is_filled(st_test_peek(test, ring), 64, 2));
}

static void every_byte_of_a_lost_record_is_written(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_lost *lost = (const void *)ring->data;
	int i;

	memset(ring->data, 0xaa, SIZE);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_test_write(ring, 64, 7);
	KUNIT_EXPECT_EQ(test, lost->rec.size, sizeof(*lost));
	KUNIT_EXPECT_EQ(test, lost->rec.header_size, sizeof(*lost));
	KUNIT_EXPECT_EQ(test, lost->rec.time, 7);
	KUNIT_EXPECT_EQ(test, lost->rec.cpu, 0);
	KUNIT_EXPECT_EQ(test, lost->rec.reserved, 0);
	for (i = 1; i < SENDTRACE_LOST_REASONS; i++)
		KUNIT_EXPECT_EQ(test, lost->reasons[i], 0);
}

static void losses_are_counted_by_reason(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_lost *lost = (const void *)ring->data;

	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_lose(ring, SENDTRACE_LOST_REASONS - 1);
	st_ring_lose(ring, SENDTRACE_LOST_REASONS - 1);
	st_test_write(ring, 64, 1);
	KUNIT_EXPECT_EQ(test, lost->reasons[SENDTRACE_LOST_RING_FULL], 1);
	KUNIT_EXPECT_EQ(test, lost->reasons[SENDTRACE_LOST_REASONS - 1], 2);
	KUNIT_EXPECT_EQ(test, lost->count, 3);
	KUNIT_EXPECT_EQ(test, ring->count.lost[SENDTRACE_LOST_REASONS - 1], 2);
}

static void a_loss_is_reported_once(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_test_write(ring, 64, 1);
	st_test_write(ring, 64, 2);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, sizeof(struct sendtrace_lost) + 128);
	KUNIT_EXPECT_EQ(test, ring->count.lost[SENDTRACE_LOST_RING_FULL], 1);
}

static void loss_stays_unreported_where_both_records_do_not_fit(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_test_write(ring, SIZE - 2 * SPARE - 56, 1);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	KUNIT_EXPECT_FALSE(test, st_test_write(ring, 64, 2));
	KUNIT_EXPECT_EQ(test, ring->unreported, 1);
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, 56, 3));
	KUNIT_EXPECT_EQ(test, ring->unreported, 0);
}

/* ---- The end ------------------------------------------------------------------------ */

static void the_end_reports_what_was_lost_into_a_full_ring(struct kunit *test)
{
	struct st_ring *ring = test->priv;
	const struct sendtrace_lost *lost;

	st_test_write(ring, SIZE - SPARE, 1);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_end(ring, 5);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SIZE);
	st_ring_release(ring, st_test_peek(test, ring));
	lost = (const void *)st_test_peek(test, ring);
	KUNIT_EXPECT_EQ(test, lost->rec.type, SENDTRACE_RECORD_LOST);
	KUNIT_EXPECT_EQ(test, lost->rec.seq, 1);
	KUNIT_EXPECT_EQ(test, lost->rec.time, 5);
	KUNIT_EXPECT_EQ(test, lost->count, 2);
}

static void the_end_reports_a_loss_once(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_end(ring, 1);
	st_ring_end(ring, 2);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SPARE);
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, 64, 3));
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SPARE + 64);
	st_ring_release(ring, st_test_peek(test, ring));
	KUNIT_EXPECT_EQ(test, st_test_peek(test, ring)->seq, 1);
}

/* The session was started again, and nothing was read. */
static void
a_second_end_of_a_full_ring_leaves_the_loss_for_the_next_record(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_test_write(ring, SIZE - SPARE, 1);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_end(ring, 2);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	st_ring_end(ring, 3);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SIZE);
	KUNIT_EXPECT_EQ(test, ring->unreported, 1);
	st_ring_release(ring, st_test_peek(test, ring));
	st_ring_release(ring, st_test_peek(test, ring));
	KUNIT_EXPECT_TRUE(test, st_test_write(ring, 64, 4));
	KUNIT_EXPECT_EQ(test, st_test_peek(test, ring)->type, SENDTRACE_RECORD_LOST);
	KUNIT_EXPECT_EQ(test, ring->unreported, 0);
}

static void the_end_writes_nothing_where_nothing_was_lost(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_test_write(ring, 64, 1);
	st_ring_end(ring, 2);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, 64);
}

static void the_end_overwrites_nothing_at_any_consumer_position(struct kunit *test)
{
	struct st_ring *ring = test->priv;

	st_test_write(ring, SIZE - SPARE, 1);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	WRITE_ONCE(ring->consumer->pos, SIZE);
	st_ring_end(ring, 2);
	WRITE_ONCE(ring->consumer->pos, -8ULL);
	st_ring_end(ring, 2);
	KUNIT_EXPECT_EQ(test, ring->producer->pos, SIZE - SPARE);
	KUNIT_EXPECT_EQ(test, ring->unreported, 1);
	WRITE_ONCE(ring->consumer->pos, 0);
	st_ring_end(ring, 2);
	KUNIT_EXPECT_EQ(test, ring->unreported, 0);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(a_new_ring_is_empty),
	KUNIT_CASE(a_new_ring_describes_its_data),
	KUNIT_CASE(a_new_ring_is_zeroed),
	KUNIT_CASE(the_data_is_mapped_twice),
	KUNIT_CASE(a_record_is_read_as_it_was_written),
	KUNIT_CASE(records_are_read_in_order_with_their_numbers),
	KUNIT_CASE(a_record_stays_the_oldest_until_it_is_released),
	KUNIT_CASE(a_fragment_has_the_number_of_the_next_event),
	KUNIT_CASE(nothing_is_readable_before_it_is_committed),
	KUNIT_CASE(a_record_may_be_shorter_than_reserved),
	KUNIT_CASE(a_record_that_wraps_is_contiguous),
	KUNIT_CASE(a_record_of_the_largest_size_fits_behind_a_lost_one),
	KUNIT_CASE(a_ring_can_be_filled_but_for_the_room_of_a_lost_record),
	KUNIT_CASE(a_full_ring_is_not_changed),
	KUNIT_CASE(reading_makes_room_in_a_full_ring),
	KUNIT_CASE(a_record_larger_than_the_ring_is_refused),
	KUNIT_CASE(a_loss_is_reported_before_the_next_record),
	KUNIT_CASE(every_byte_of_a_lost_record_is_written),
	KUNIT_CASE(losses_are_counted_by_reason),
	KUNIT_CASE(a_loss_is_reported_once),
	KUNIT_CASE(loss_stays_unreported_where_both_records_do_not_fit),
	KUNIT_CASE(the_end_reports_what_was_lost_into_a_full_ring),
	KUNIT_CASE(the_end_reports_a_loss_once),
	KUNIT_CASE(a_second_end_of_a_full_ring_leaves_the_loss_for_the_next_record),
	KUNIT_CASE(the_end_writes_nothing_where_nothing_was_lost),
	KUNIT_CASE(the_end_overwrites_nothing_at_any_consumer_position),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "sendtrace_ring",
	.init = ring_test_init,
	.test_cases = ring_cases,
};
kunit_test_suite(ring_suite);
