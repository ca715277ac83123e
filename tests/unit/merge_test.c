// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode.h"
#include "merge.h"
#include "ring_memory.h"
#include "sample.h"

enum {
	MAX_RINGS = 8,
	RING_SIZE = 8192
};

static struct ring_memory rings[MAX_RINGS];
static struct merge merge;
static struct sendtrace_fault fault;

static void make_rings(uint32_t count)
{
	uint32_t i;

	assert_int_equal(merge_init(&merge, count), 0);
	for (i = 0; i < count; i++) {
		ring_memory_make(&rings[i], i, RING_SIZE);
		merge_add(&merge, &rings[i].ring);
	}
}

static int free_rings(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < merge.nr_rings; i++)
		ring_memory_free(&rings[i]);
	merge_free(&merge);
	return 0;
}

static bool next(struct sendtrace_item *record)
{
	const struct sendtrace_record *rec;
	const void *from;
	int got = merge_next(&merge, &from, &rec, &fault);

	if (got < 0)
		fail_msg("%s: %s", fault.where, fault.text);
	if (got)
		assert_memory_equal(from, rec, sizeof(*rec));
	if (got && decode_framed(from, rec, record, &fault))
		fail_msg("%s", fault.text);
	return got;
}

static void assert_next(uint64_t time, uint32_t cpu)
{
	struct sendtrace_item record;

	assert_true(next(&record));
	assert_int_equal(record.rec.time, time);
	assert_int_equal(record.rec.cpu, cpu);
}

static void assert_nothing(void)
{
	struct sendtrace_item record;

	assert_false(next(&record));
}

static void rings_are_merged_in_the_order_of_time(void **state)
{
	(void)state;
	make_rings(3);
	assert_nothing();
	ring_memory_send(&rings[2], 10, 1, "a", 1);
	ring_memory_send(&rings[2], 40, 1, "b", 1);
	ring_memory_send(&rings[0], 20, 1, "c", 1);
	ring_memory_send(&rings[0], 30, 1, "d", 1);
	ring_memory_send(&rings[1], 25, 1, "e", 1);
	assert_next(10, 2);
	assert_next(20, 0);
	assert_next(25, 1);
	assert_next(30, 0);
	assert_next(40, 2);
	assert_nothing();
	ring_memory_send(&rings[1], 50, 1, "f", 1);
	assert_next(50, 1);
	assert_nothing();
}

static void within_a_ring_the_position_decides(void **state)
{
	(void)state;
	make_rings(2);
	ring_memory_send(&rings[0], 20, 1, "a", 1);
	ring_memory_send(&rings[0], 10, 1, "b", 1);
	ring_memory_send(&rings[1], 15, 1, "c", 1);
	assert_next(15, 1);
	assert_next(20, 0);
	assert_next(10, 0);
}

/* The ring in use has another record, but a ring not looked at yet has an earlier one. */
static void a_ring_that_is_added_while_another_is_in_use_is_looked_at(void **state)
{
	(void)state;
	assert_int_equal(merge_init(&merge, 2), 0);
	ring_memory_make(&rings[0], 0, RING_SIZE);
	ring_memory_make(&rings[1], 1, RING_SIZE);
	merge_add(&merge, &rings[0].ring);
	ring_memory_send(&rings[0], 10, 1, "a", 1);
	ring_memory_send(&rings[0], 30, 1, "b", 1);
	ring_memory_send(&rings[1], 20, 1, "c", 1);
	assert_next(10, 0);
	merge_add(&merge, &rings[1].ring);
	assert_next(20, 1);
	assert_next(30, 0);
	assert_nothing();
}

static void of_records_of_the_same_time_no_ring_returns_two_in_a_row(void **state)
{
	(void)state;
	make_rings(2);
	ring_memory_send(&rings[0], 10, 1, "a", 1);
	ring_memory_send(&rings[0], 10, 1, "b", 1);
	ring_memory_send(&rings[1], 10, 1, "c", 1);
	assert_next(10, 0);
	assert_next(10, 1);
	assert_next(10, 0);
	assert_nothing();
}

/* A record in use must not be given back: the kernel would write over it. */
static void a_record_is_given_back_when_the_next_is_asked_for(void **state)
{
	(void)state;
	make_rings(1);
	ring_memory_send(&rings[0], 1, 1, "a", 1);
	assert_next(1, 0);
	assert_int_equal(rings[0].ring.consumer->pos, 0);
	assert_nothing();
	assert_int_equal(rings[0].ring.consumer->pos, rings[0].head);
}

static void a_long_burst_is_given_back_in_batches(void **state)
{
	uint64_t before;
	int i;

	(void)state;
	make_rings(1);
	for (i = 0; ring_memory_room(&rings[0]) >= 256; i++)
		ring_memory_send(&rings[0], (uint64_t)i + 1, 1, "a", 1);
	for (i = 0; rings[0].ring.consumer->pos == 0; i++)
		assert_next((uint64_t)i + 1, 0);
	assert_true(i > 2);
	before = rings[0].ring.consumer->pos;
	assert_true(before >= RING_SIZE / 16 && before < RING_SIZE / 2);
	assert_next((uint64_t)i + 1, 0);
	assert_int_equal(rings[0].ring.consumer->pos, before);
}

static void records_that_wrap_are_whole(void **state)
{
	unsigned char payload[900];
	struct sendtrace_item record;
	int i;

	(void)state;
	make_rings(1);
	for (i = 1; i < 200; i++) {
		size_t size = (size_t)(i * 37) % sizeof(payload);

		memset(payload, i, sizeof(payload));
		ring_memory_send(&rings[0], (uint64_t)i, 1, payload, size);
		assert_true(next(&record));
		assert_int_equal(record.event.cap_len, size);
		assert_memory_equal(record.payload, payload, size);
	}
	assert_true(rings[0].head > 8 * RING_SIZE);
}

static void assert_corrupt(const char *what)
{
	const struct sendtrace_record *rec;
	const void *from;

	assert_int_equal(merge_next(&merge, &from, &rec, &fault), -EBADMSG);
	assert_non_null(strstr(fault.text, what));
	assert_non_null(strstr(fault.text, "expected"));
	assert_non_null(strstr(fault.where, "cpu 1"));
}

static void a_ring_that_makes_no_sense_is_reported(void **state)
{
	struct sendtrace_lost lost = sample_lost(0, 1);

	(void)state;
	make_rings(2);
	/* A record of another CPU. */
	ring_memory_put(&rings[1], &lost, sizeof(lost));
	assert_corrupt("cpu is 0");
	free_rings(NULL);

	make_rings(2);
	/* A record that extends beyond the head. */
	lost.rec.cpu = 1;
	lost.rec.size = 112;
	ring_memory_put(&rings[1], &lost, sizeof(lost));
	assert_corrupt("size is 112");
	free_rings(NULL);

	make_rings(2);
	/* A head further on than the ring is large. */
	rings[1].producer->pos = RING_SIZE + 8;
	assert_corrupt("the head is at 8200");
	free_rings(NULL);

	make_rings(2);
	/* A head in the middle of a record. */
	rings[1].producer->pos = 12;
	assert_corrupt("size is 0");
}

/* ---- Threads on other CPUs ------------------------------------------------------ */

enum {
	NR_SENDERS = 3,
	NR_SENDS = 20000
};

static pthread_mutex_t cpu_locks[MAX_RINGS];

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Only one thread runs on a CPU at a time, as in a kernel without preemption. */
static void send_on_cpu(uint32_t cpu, uint32_t tid, uint32_t number)
{
	bool sent = false;

	while (!sent) {
		pthread_mutex_lock(&cpu_locks[cpu]);
		if (ring_memory_room(&rings[cpu]) >= 256) {
			ring_memory_send(&rings[cpu], now(), tid, &number,
					 sizeof(number));
			sent = true;
		}
		pthread_mutex_unlock(&cpu_locks[cpu]);
	}
}

static void *send_from_everywhere(void *argument)
{
	uint32_t tid = (uint32_t)(uintptr_t)argument, random = tid, i;

	for (i = 0; i < NR_SENDS; i++) {
		send_on_cpu((test_random(&random) >> 8) % merge.nr_rings, tid, i);
	}
	return NULL;
}

static void threads_that_move_between_cpus_come_out_in_their_order(void **state)
{
	uint32_t last[NR_SENDERS] = { 0 }, number, i, received = 0;
	uint64_t seq[MAX_RINGS] = { 0 };
	pthread_t threads[NR_SENDERS];
	struct sendtrace_item record;

	(void)state;
	make_rings(4);
	for (i = 0; i < merge.nr_rings; i++)
		pthread_mutex_init(&cpu_locks[i], NULL);
	for (i = 0; i < NR_SENDERS; i++)
		pthread_create(&threads[i], NULL, send_from_everywhere,
			       (void *)(uintptr_t)i);
	while (received < NR_SENDERS * NR_SENDS) {
		if (!next(&record))
			continue;
		received++;
		assert_int_equal(record.rec.seq, seq[record.rec.cpu]++);
		memcpy(&number, record.payload, sizeof(number));
		assert_int_equal(number, last[record.event.tid]++);
	}
	for (i = 0; i < NR_SENDERS; i++)
		pthread_join(threads[i], NULL);
	assert_nothing();
}

#define ring_case(function) cmocka_unit_test_teardown(function, free_rings)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ring_case(rings_are_merged_in_the_order_of_time),
		ring_case(within_a_ring_the_position_decides),
		ring_case(a_ring_that_is_added_while_another_is_in_use_is_looked_at),
		ring_case(of_records_of_the_same_time_no_ring_returns_two_in_a_row),
		ring_case(a_record_is_given_back_when_the_next_is_asked_for),
		ring_case(a_long_burst_is_given_back_in_batches),
		ring_case(records_that_wrap_are_whole),
		ring_case(a_ring_that_makes_no_sense_is_reported),
		ring_case(threads_that_move_between_cpus_come_out_in_their_order),
	};

	return run_all("merge", tests);
}
