// SPDX-License-Identifier: GPL-2.0
/*
 * Tests the ring between a producer thread and a consumer thread, under ThreadSanitizer:
 *
 *	stress kernel|merged|mapped|hostile EVENTS SEED
 *
 * kernel	st_ring_peek() and st_ring_release(), as read() uses them
 * merged	user/lib/merge.c on many rings. One thread writes them in turn, like a thread that
 *		moves between CPUs; the reader must return the records in the order of writing
 * mapped	the same, but the reader uses st_ring_map() and has addresses of its own, as a
 *		process has. ThreadSanitizer compares addresses, not pages, so only wrong
 *		contents show a race here
 * hostile	a consumer that writes arbitrary values as its position
 *
 * A record that wraps is written and read through the second mapping of the data, and
 * overwritten through the first: there, too, only wrong contents show a race.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

#include "load.h"
#include "decode.h"
#include "merge.h"

enum {
	RING_SIZE = 4 * 4096,
	RINGS_MAX = 24, /* many, so that a scan of all of them takes long */
	META = 2 * 4096,
	ROUNDS_MIN = 100,

	CYCLE = 1 << 16,
	CALM = 1 << 13,
	BURST = 4,
};

/**
 * struct lane - one CPU's ring, and what each thread did with it
 * @ring: the ring
 * @put: what the producer wrote
 * @found: what the consumer found
 */
struct lane {
	struct st_ring *ring;
	struct load put;
	struct load found;
};

/**
 * struct run - state that both threads share
 * @lanes: the rings
 * @count: number of rings
 * @events: number of events that the producer writes
 * @seed: of the random numbers
 * @full: how often a ring was full; only the producer uses it
 * @drained: how often all rings were empty; only the consumer uses it
 * @hostile: the consumer writes arbitrary positions
 * @done: the producer has ended
 */
struct run {
	struct lane lanes[RINGS_MAX];
	u32 count;
	u64 events;
	u64 seed;
	u64 full;
	u64 drained;
	bool hostile;
	bool done;
};

static struct run run;

/* ---- The producer --------------------------------------------------------------- */

/* Only relaxed loads: an acquire here could hide from ThreadSanitizer that the ring lacks one. */
static void await_room(const struct st_ring *ring, u64 *random)
{
	u64 left = random_below(random, RING_SIZE);

	while (ring->head - READ_ONCE(ring->consumer->pos) > left)
		sched_yield();
}

static void await_empty(void)
{
	const struct st_ring *ring;
	u32 i;

	for (i = 0; i < run.count; i++) {
		ring = run.lanes[i].ring;
		while (READ_ONCE(ring->consumer->pos) != ring->head)
			sched_yield();
	}
}

/* From time to time, write only a few events and then wait until the reader has seen them. */
static bool is_calm(u64 made)
{
	return !run.hostile && made % CYCLE < CALM && made % BURST == 0;
}

/* With a hostile consumer few events may fit: go on until the ring has wrapped often enough. */
static bool enough(u64 made)
{
	return made >= run.events &&
	       (!run.hostile || run.lanes[0].put.bytes > ROUNDS_MIN * RING_SIZE);
}

static void *produce(void *unused)
{
	u64 random = run.seed, i;

	for (i = 0; !enough(i); i++) {
		if (is_calm(i))
			await_empty();
		struct lane *lane = &run.lanes[random_below(&random, run.count)];

		if (load_put(&lane->put, lane->ring, &random, i))
			continue;
		run.full++;
		if (run.hostile)
			spin(&random, 1000);
		else if (random_below(&random, 4) != 0)
			await_room(lane->ring, &random);
	}
	WRITE_ONCE(run.done, true);
	return unused;
}

/* ---- The consumers -------------------------------------------------------------- */

/* Sometimes the consumer is slow, so that the ring fills up. */
static void pause_sometimes(u64 *random)
{
	if (random_below(random, 1024) == 0)
		spin(random, 1 << 17);
}

static void consume_kernel(void)
{
	struct lane *lane = &run.lanes[0];
	const struct sendtrace_record *rec;
	u64 random = run.seed + 1;
	bool done;

	for (;;) {
		done = READ_ONCE(run.done);
		rec = st_ring_peek(lane->ring);
		if (rec) {
			load_check(&lane->found, rec);
			st_ring_release(lane->ring, rec);
			pause_sometimes(&random);
			continue;
		}
		/* The peek may have missed the last records (@done is a relaxed load): look again. */
		if (done && !st_ring_readable(lane->ring))
			return;
		run.drained++;
		sched_yield();
	}
}

uint64_t hesitate(uint64_t head)
{
	static u64 random = 1; /* there is one consumer */

	if (random_below(&random, 8) == 0)
		spin(&random, 2000);
	return head;
}

static void add_ring(struct merge *merge, const struct st_ring *ring,
		     const void *consumer, const void *producer)
{
	struct ring mapped = {
		.producer = producer,
		.consumer = (void *)consumer,
		.data = (const unsigned char *)producer + ring->producer->data_offset,
		.size = ring->producer->data_size,
		.cpu = ring->producer->cpu,
	};

	merge_add(merge, &mapped);
}

/* As dev_mmap() in kmod/dev.c maps them for a process. */
static void *map_part(const struct st_ring *ring, u64 offset, size_t size,
		      vm_flags_t flags)
{
	struct vm_area_struct vma = { .vm_flags = flags };
	void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	vma.vm_start = (unsigned long)at;
	vma.vm_end = vma.vm_start + size;
	if (st_ring_check_map(ring, &vma, offset) ||
	    st_ring_map((struct st_ring *)ring, &vma, offset))
		errx(1,
		     "st_ring_check_map() or st_ring_map() refused a reader's mapping");
	return at;
}

static void add_mapped(struct merge *merge, const struct st_ring *ring)
{
	add_ring(merge, ring,
		 map_part(ring, 0, PAGE_SIZE, VM_SHARED | VM_WRITE | VM_MAYWRITE),
		 map_part(ring, PAGE_SIZE, PAGE_SIZE + 2 * ring->size, VM_SHARED));
}

static bool find_next(struct merge *merge, u64 *time)
{
	const struct sendtrace_record *rec, *header;
	struct sendtrace_fault fault;
	const void *from;
	int got = merge_next(merge, &from, &header, &fault);

	if (got < 0)
		errx(1, "%s: %s", fault.where, fault.text);
	if (got == 0)
		return false;
	rec = from;
	if (rec->cpu >= run.count || memcmp(rec, header, sizeof(*rec)) != 0)
		errx(1,
		     "record of cpu %u: expected a cpu below %u, and the same header in the copy",
		     rec->cpu, run.count);
	if (rec->time < *time)
		errx(1, "records out of order: time %llu after %llu", rec->time, *time);
	*time = rec->time;
	load_check(&run.lanes[rec->cpu].found, rec);
	return true;
}

static bool any_readable(void)
{
	u32 i;

	for (i = 0; i < run.count; i++) {
		if (st_ring_readable(run.lanes[i].ring))
			return true;
	}
	return false;
}

static void consume_merged(bool mapped)
{
	u64 random = run.seed + 1, time = 0;
	struct merge merge;
	bool done;
	u32 i;

	if (merge_init(&merge, run.count))
		err(1, "merge_init");
	for (i = 0; i < run.count; i++) {
		const struct st_ring *ring = run.lanes[i].ring;

		if (mapped)
			add_mapped(&merge, ring);
		else
			add_ring(&merge, ring, ring->consumer, ring->producer);
	}
	for (;;) {
		done = READ_ONCE(run.done);
		if (find_next(&merge, &time)) {
			pause_sometimes(&random);
			continue;
		}
		if (done && !any_readable())
			break;
		run.drained++;
		sched_yield();
	}
	merge_free(&merge);
}

/* Any value; most often one that is right or almost right. */
static void write_any_position(void)
{
	struct st_ring *ring = run.lanes[0].ring;
	u64 random = run.seed + 1, pos;

	while (!READ_ONCE(run.done)) {
		pos = READ_ONCE(ring->producer->pos);
		switch (random_below(&random, 8)) {
		case 0:
			pos -= random_below(&random, 2 * RING_SIZE);
			break;
		case 1:
			pos += random_below(&random, 2 * RING_SIZE);
			break;
		case 2:
			pos = random_below(&random, 1 << 30) << random_below(&random, 36);
			break;
		}
		WRITE_ONCE(ring->consumer->pos, pos);
		/* While the position is valid the producer can write. */
		spin(&random, 200);
	}
}

static bool is_zero(const u8 *from, size_t size)
{
	return from[0] == 0 && memcmp(from, from + 1, size - 1) == 0;
}

/* Nothing outside the data was written. The pages before and after are inaccessible. */
static void check_pages(const struct st_ring *ring)
{
	const struct sendtrace_producer *producer = ring->producer;

	if (producer->data_offset != PAGE_SIZE || producer->data_size != RING_SIZE ||
	    producer->cpu != 0 || producer->reserved || producer->pos != ring->head)
		errx(1, "the producer's page was overwritten");
	if (!is_zero((const u8 *)(producer + 1), PAGE_SIZE - sizeof(*producer)) ||
	    !is_zero((const u8 *)(ring->consumer + 1),
		     PAGE_SIZE - sizeof(*ring->consumer)))
		errx(1, "the rest of a position's page was overwritten");
	if (ring->data != (const u8 *)ring->consumer + META)
		errx(1, "the pointer to the data was overwritten");
}

/* ---- Main ----------------------------------------------------------------------- */

static void set_up(u32 count)
{
	u32 i;

	run.count = count;
	for (i = 0; i < count; i++) {
		run.lanes[i].ring = st_ring_alloc((int)i, RING_SIZE);
		if (IS_ERR(run.lanes[i].ring))
			errx(1, "st_ring_alloc() failed");
		run.lanes[i].put.cpu = run.lanes[i].found.cpu = i;
	}
}

static void consume(const char *mode)
{
	if (strcmp(mode, "kernel") == 0)
		consume_kernel();
	else if (run.hostile)
		write_any_position();
	else
		consume_merged(strcmp(mode, "mapped") == 0);
}

/* Print statistics, and fail if the run did not exercise the ring enough. */
static void report(void)
{
	u64 records = 0, bytes = 0, lost = 0, losses = 0;
	u32 i;

	for (i = 0; i < run.count; i++) {
		records += run.lanes[i].put.records;
		bytes += run.lanes[i].put.bytes;
		lost += run.lanes[i].put.lost;
		losses += run.lanes[i].found.losses;
	}
	printf("%llu records, %llu wraps per ring, %llu lost (reported in %llu records), "
	       "%llu times full, %llu times empty\n",
	       records, bytes / RING_SIZE / run.count, lost, losses, run.full,
	       run.drained);
	if (bytes < ROUNDS_MIN * RING_SIZE || !lost)
		errx(1, "expected at least %d bytes of records, and lost events",
		     ROUNDS_MIN * RING_SIZE);
	if (!run.hostile && (!losses || !run.drained))
		errx(1, "expected LOST records, and rings that are empty at times");
}

int main(int argc, char **argv)
{
	pthread_t producer;
	u32 i;

	if (argc != 4)
		errx(2,
		     "expected 3 arguments (stress kernel|merged|mapped|hostile "
		     "EVENTS SEED), got %d",
		     argc - 1);
	run.hostile = strcmp(argv[1], "hostile") == 0;
	run.events = strtoull(argv[2], NULL, 10);
	run.seed = strtoull(argv[3], NULL, 10);
	set_up(run.hostile || strcmp(argv[1], "kernel") == 0 ? 1 : RINGS_MAX);
	if (pthread_create(&producer, NULL, produce, NULL))
		errx(1, "pthread_create() failed");
	consume(argv[1]);
	pthread_join(producer, NULL);
	for (i = 0; i < run.count && !run.hostile; i++)
		load_compare(&run.lanes[i].put, &run.lanes[i].found, run.lanes[i].ring);
	if (run.hostile)
		check_pages(run.lanes[0].ring);
	report();
	for (i = 0; i < run.count; i++)
		st_ring_free(run.lanes[i].ring);
	return 0;
}
