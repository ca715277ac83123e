// SPDX-License-Identifier: GPL-2.0
/*
 * The ring between a thread that produces and one that consumes, under ThreadSanitizer:
 *
 *	stress kernel|merged|mapped|hostile EVENTS SEED
 *
 * kernel	st_ring_peek() and st_ring_release(), as read() uses them
 * merged	user/lib/merge.c on many rings that one thread writes in turn, as one that moves
 *		between CPUs: what comes out must be in its order
 * mapped	the same through st_ring_map(), at addresses of its own, as a process has
 *		them. ThreadSanitizer knows addresses, not pages, so here the contents tell
 * hostile	a consumer that writes anything at all as its position
 *
 * A record that wraps is written and read through the data's second mapping, and written
 * over through the first: of these the contents tell, too.
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
	RINGS_MAX = 24, /* many, so that a look at all of them takes a while */
	META = 2 * 4096,
	ROUNDS_MIN = 100,

	CYCLE = 1 << 16,
	CALM = 1 << 13,
	AT_ONCE = 4,
};

/**
 * struct lane - one CPU's ring, and both accounts of it
 * @ring: the ring
 * @put: the producer's
 * @found: the consumer's
 */
struct lane {
	struct st_ring *ring;
	struct load put;
	struct load found;
};

/**
 * struct run - what both threads know
 * @lanes: as many as there are rings
 * @count: how many that is
 * @events: how many the producer makes
 * @seed: of its random numbers
 * @full: how often the ring was full; the producer's
 * @hostile: the consumer's position means nothing
 * @drained: how often the rings were empty; the consumer's
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

/* Only relaxed loads: ThreadSanitizer must find no order here that the ring lacks. */
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

/* From time to time only a few events come together, so that a reader has seen them all. */
static bool is_calm(u64 made)
{
	return !run.hostile && made % CYCLE < CALM && made % AT_ONCE == 0;
}

/* What a hostile consumer lets happen is a matter of luck: there it goes on until enough. */
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

/* Now and then the consumer is late, so that the ring fills. */
static void dawdle(u64 *random)
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
			dawdle(&random);
			continue;
		}
		/* The producer may have ended between the two looks: then look again. */
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

/* As dev.c maps them for a process. */
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
		errx(1, "st_ring_map() refused what a reader maps");
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
		errx(1, "a record of cpu %u, or another's header", rec->cpu);
	if (rec->time < *time)
		errx(1, "time %llu came out after %llu", rec->time, *time);
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
			dawdle(&random);
			continue;
		}
		if (done && !any_readable())
			break;
		run.drained++;
		sched_yield();
	}
	merge_free(&merge);
}

/* Anything, and what is nearly right more often than what is not. */
static void scribble(void)
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
		/* Where it is right the producer gets on. */
		spin(&random, 200);
	}
}

static bool is_zero(const u8 *from, size_t size)
{
	return from[0] == 0 && memcmp(from, from + 1, size - 1) == 0;
}

/* Beside the data nothing was written; beyond them are pages that cannot be. */
static void check_pages(const struct st_ring *ring)
{
	const struct sendtrace_producer *producer = ring->producer;

	if (producer->data_offset != PAGE_SIZE || producer->data_size != RING_SIZE ||
	    producer->cpu != 0 || producer->reserved || producer->pos != ring->head)
		errx(1, "the producer's page was written over");
	if (!is_zero((const u8 *)(producer + 1), PAGE_SIZE - sizeof(*producer)) ||
	    !is_zero((const u8 *)(ring->consumer + 1),
		     PAGE_SIZE - sizeof(*ring->consumer)))
		errx(1, "something was written beside the positions");
	if (ring->data != (const u8 *)ring->consumer + META)
		errx(1, "the data were moved");
}

/* ---- The whole ------------------------------------------------------------------ */

static void set_up(u32 count)
{
	u32 i;

	run.count = count;
	for (i = 0; i < count; i++) {
		run.lanes[i].ring = st_ring_alloc((int)i, RING_SIZE);
		if (!run.lanes[i].ring)
			errx(1, "st_ring_alloc() failed");
		run.lanes[i].put.cpu = run.lanes[i].found.cpu = i;
	}
}

static void consume(const char *mode)
{
	if (strcmp(mode, "kernel") == 0)
		consume_kernel();
	else if (run.hostile)
		scribble();
	else
		consume_merged(strcmp(mode, "mapped") == 0);
}

/* What the run was for has happened: else it shows nothing. */
static void tell(void)
{
	u64 records = 0, bytes = 0, lost = 0, losses = 0;
	u32 i;

	for (i = 0; i < run.count; i++) {
		records += run.lanes[i].put.records;
		bytes += run.lanes[i].put.bytes;
		lost += run.lanes[i].put.lost;
		losses += run.lanes[i].found.losses;
	}
	printf("%llu records, %llu times round, %llu lost (told in %llu records), "
	       "%llu times full, %llu times empty\n",
	       records, bytes / RING_SIZE / run.count, lost, losses, run.full,
	       run.drained);
	if (bytes < ROUNDS_MIN * RING_SIZE || !lost)
		errx(1, "expected the rings to go round a hundred times and be full");
	if (!run.hostile && (!losses || !run.drained))
		errx(1, "expected losses to be told and the rings to be empty at times");
}

int main(int argc, char **argv)
{
	pthread_t producer;
	u32 i;

	if (argc != 4)
		errx(2, "expected 'stress kernel|merged|mapped|hostile EVENTS SEED'");
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
	tell();
	for (i = 0; i < run.count; i++)
		st_ring_free(run.lanes[i].ring);
	return 0;
}
