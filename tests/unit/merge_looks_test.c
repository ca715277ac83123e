// SPDX-License-Identifier: GPL-2.0
/*
 * Records that appear between two looks at a ring. merge.c is compiled here with a load of the
 * head that calls the test first, so that records can appear at any moment.
 */
#include "test.h"

#include <errno.h>
#include <string.h>

/* Instead of barrier.h: */
#define _SENDTRACE_BARRIER_H
#include <linux/types.h>

static void before_look(const __u64 *pos);

static uint64_t load_acquire(const __u64 *pos)
{
	before_look(pos);
	return __atomic_load_n(pos, __ATOMIC_ACQUIRE);
}

static void store_release(__u64 *pos, uint64_t value)
{
	__atomic_store_n(pos, value, __ATOMIC_RELEASE);
}

#include "../../user/lib/merge.c"

#include "ring_memory.h"

enum {
	MAX_RINGS = 5,
	RING_SIZE = 65536,
	LOOKS = 400
};

static struct ring_memory rings[MAX_RINGS];
static struct merge merge;
static uint64_t now;

/* Called before each look, with the number of the ring and of the look. */
static void (*script)(uint32_t ring, unsigned int look);
static unsigned int looks;
static bool scripted;

static void before_look(const __u64 *pos)
{
	uint32_t i;

	for (i = 0; i < merge.nr_rings; i++) {
		if (&rings[i].ring.producer->pos == pos && script)
			script(i, looks++);
	}
}

static void send_on(uint32_t ring)
{
	ring_memory_send(&rings[ring], ++now, 1, "x", 1);
}

static void make_rings(uint32_t count)
{
	uint32_t i;

	script = NULL;
	scripted = false;
	looks = 0;
	now = 0;
	assert_int_equal(merge_init(&merge, count), 0);
	for (i = 0; i < count; i++) {
		ring_memory_make(&rings[i], i, RING_SIZE);
		merge_add(&merge, &rings[i].ring);
	}
}

static void free_rings(void)
{
	uint32_t i;

	for (i = 0; i < merge.nr_rings; i++)
		ring_memory_free(&rings[i]);
	merge_free(&merge);
}

/* Return: the time of the next record, 0 if there is none. */
static uint64_t next_time(void)
{
	const struct sendtrace_record *rec;
	struct sendtrace_fault fault;
	const void *from;
	int got = merge_next(&merge, &from, &rec, &fault);

	assert_true(got == 0 || got == 1);
	if (got == 0)
		return 0;
	assert_memory_equal(from, rec, sizeof(*rec));
	return rec->time;
}

/* A thread sends on ring 0, which was just seen empty, then moves and sends on ring 1. */
static void move_behind_the_look(uint32_t ring, unsigned int look)
{
	(void)look;
	if (ring != 1 || scripted)
		return;
	scripted = true;
	send_on(0);
	send_on(1);
}

static void a_record_that_appears_behind_the_look_at_its_ring_comes_first(void **state)
{
	(void)state;
	make_rings(2);
	script = move_behind_the_look;
	assert_int_equal(next_time(), 1);
	assert_int_equal(next_time(), 2);
	assert_int_equal(next_time(), 0);
	assert_true(scripted);
	free_rings();
}

/* The same when ring 1 has just returned its last record and is looked at for more. */
static void move_at_the_release(uint32_t ring, unsigned int look)
{
	if (ring != 1 || scripted || look < 1)
		return;
	scripted = true;
	send_on(0);
	send_on(1);
}

static void a_ring_that_refills_makes_the_others_be_looked_at_again(void **state)
{
	(void)state;
	make_rings(2);
	send_on(1);
	assert_int_equal(next_time(), 1);
	looks = 1;
	script = move_at_the_release;
	assert_int_equal(next_time(), 2);
	assert_int_equal(next_time(), 3);
	assert_true(scripted);
	free_rings();
}

/* No record is a correct answer if one came just after the look; a gap never is. */
static void assert_all_in_order(void)
{
	uint64_t last = 0, time;

	while (looks < LOOKS || last < now) {
		time = next_time();
		if (time)
			assert_int_equal(time, ++last);
	}
}

/* At each look the thread moves to the ring that is looked at. */
static void run_ahead(uint32_t ring, unsigned int look)
{
	if (look < LOOKS && look % 3 == 1) {
		send_on((ring + 1) % merge.nr_rings);
		send_on(ring);
	}
}

static void a_thread_that_runs_ahead_of_the_looks_comes_out_in_order(void **state)
{
	uint32_t count;

	(void)state;
	for (count = 1; count <= MAX_RINGS; count++) {
		make_rings(count);
		script = run_ahead;
		send_on(0);
		assert_all_in_order();
		assert_true(now > 20);
		free_rings();
	}
}

/* At every look a thread may send on a random ring. */
static uint32_t random_state;

static void send_anywhere(uint32_t ring, unsigned int look)
{
	uint32_t random;

	(void)ring;
	if (look >= LOOKS)
		return;
	random = test_random(&random_state);
	if (random >> 8 & 1)
		send_on(random % merge.nr_rings);
	if (random >> 9 & 1)
		send_on((random >> 4) % merge.nr_rings);
}

static void records_that_appear_at_random_come_out_in_order(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		random_state = seed;
		make_rings(2 + seed % (MAX_RINGS - 1));
		script = send_anywhere;
		send_on(0);
		assert_all_in_order();
		assert_true(now > 200);
		free_rings();
	}
}

/* If nothing changes, one look at each idle ring is enough. */
static void count_looks(uint32_t ring, unsigned int look)
{
	(void)ring;
	(void)look;
}

static void a_burst_on_one_ring_does_not_look_at_the_others_for_each_record(void **state)
{
	int i;

	(void)state;
	make_rings(MAX_RINGS);
	for (i = 0; i < 20; i++)
		send_on(2);
	script = count_looks;
	for (i = 0; i < 20; i++)
		assert_int_equal(next_time(), i + 1);
	assert_true(looks <= 3 * MAX_RINGS);
	free_rings();
}

/* A signal handler stops the session, which writes a last record behind the look. */
static void stop_behind_the_look(uint32_t ring, unsigned int look)
{
	(void)look;
	if (ring != 1 || scripted)
		return;
	scripted = true;
	send_on(0);
	merge.ended = true;
}

static void
a_session_that_is_stopped_during_a_look_ends_behind_its_last_record(void **state)
{
	const struct sendtrace_record *rec;
	struct sendtrace_fault fault;
	const void *from;

	(void)state;
	make_rings(2);
	script = stop_behind_the_look;
	assert_int_equal(merge_next(&merge, &from, &rec, &fault), 0);
	assert_int_equal(next_time(), 1);
	assert_int_equal(merge_next(&merge, &from, &rec, &fault), -ENODATA);
	free_rings();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_record_that_appears_behind_the_look_at_its_ring_comes_first),
		test_case(a_ring_that_refills_makes_the_others_be_looked_at_again),
		test_case(a_thread_that_runs_ahead_of_the_looks_comes_out_in_order),
		test_case(records_that_appear_at_random_come_out_in_order),
		test_case(
			a_burst_on_one_ring_does_not_look_at_the_others_for_each_record),
		test_case(
			a_session_that_is_stopped_during_a_look_ends_behind_its_last_record),
	};

	return run_all("merge_looks", tests);
}
