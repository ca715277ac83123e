// SPDX-License-Identifier: GPL-2.0
/*
 * Checks that a reader never sleeps while a record is unread. The consumer sleeps each time
 * the ring is empty, as read() or poll() does. At about the same time the producer writes a
 * record, rings the bell, and waits until the record is consumed: forever, if the wake-up
 * is lost.
 *
 *	bell read|poll ROUNDS SEED
 *
 * (E) and (F) are needed because stores may stay in a processor's store buffer. x86 has
 * store buffers, too: without (E) or (F) this test fails there, not only on arm64.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>

#include "bell.h"
#include "load.h"

enum {
	RING_SIZE = 4 * 4096,
	PACE = 800, /* so that the two threads often meet */
	SPINS = 1000,
};

static struct st_bell bell;
static struct st_ring *ring;
static u64 rounds, seed, sleeps;

/* ---- The producer --------------------------------------------------------------- */

static void await_consumer(void)
{
	unsigned int spins = 0;

	while (READ_ONCE(ring->consumer->pos) != ring->head) {
		if (++spins % SPINS == 0)
			sched_yield();
	}
}

static void *produce(void *unused)
{
	struct load load = { .cpu = 0 };
	u64 random = seed, i;

	for (i = 0; i < rounds; i++) {
		await_consumer();
		spin(&random, PACE);
		if (!load_put(&load, ring, &random, i))
			errx(1, "no room in an empty ring");
		st_bell_ring(&bell);
		spin(&random, PACE);
		shim_interrupts(&bell.work);
	}
	return unused;
}

/* ---- The consumer --------------------------------------------------------------- */

/* As worth_looking() in kmod/consume.c, for one ring. */
static bool worth_looking(void)
{
	st_bell_want(&bell);
	return st_ring_readable(ring);
}

static void sleep_or_fail(void)
{
	sleeps++;
	if (!shim_sleep(&bell.waiters))
		errx(1, "lost wake-up after %llu sleeps; the ring has %s unread record",
		     sleeps, st_ring_readable(ring) ? "an" : "no");
}

/* As wait_event(): check before joining the queue, and again each time after joining. */
static void wait_as_read(void)
{
	if (worth_looking())
		return;
	for (;;) {
		prepare_to_wait(&bell.waiters);
		if (worth_looking())
			break;
		sleep_or_fail();
	}
	finish_wait(&bell.waiters);
}

/* As do_poll(): join the queue before the first check. */
static void wait_as_poll(void)
{
	prepare_to_wait(&bell.waiters);
	while (!worth_looking()) {
		sleep_or_fail();
		prepare_to_wait(&bell.waiters);
	}
	finish_wait(&bell.waiters);
}

static void consume(void (*wait)(void))
{
	struct load load = { .cpu = 0 };
	const struct sendtrace_record *rec;
	u64 random = seed + 1, i;

	for (i = 0; i < rounds; i++) {
		wait();
		rec = st_ring_peek(ring);
		if (!rec)
			errx(1,
			     "expected a record, because st_ring_readable() returned true");
		load_check(&load, rec);
		st_ring_release(ring, rec);
		spin(&random, PACE);
	}
}

int main(int argc, char **argv)
{
	pthread_t producer;

	if (argc != 4)
		errx(2, "expected 3 arguments (bell read|poll ROUNDS SEED), got %d",
		     argc - 1);
	rounds = strtoull(argv[2], NULL, 10);
	seed = strtoull(argv[3], NULL, 10);
	st_bell_init(&bell);
	ring = st_ring_alloc(0, RING_SIZE);
	if (IS_ERR(ring))
		errx(1, "st_ring_alloc() failed");
	if (pthread_create(&producer, NULL, produce, NULL))
		errx(1, "pthread_create() failed");
	consume(strcmp(argv[1], "poll") == 0 ? wait_as_poll : wait_as_read);
	pthread_join(producer, NULL);
	st_bell_exit(&bell);
	st_ring_free(ring);
	printf("%llu rounds, %llu sleeps\n", rounds, sleeps);
	if (sleeps < rounds / 100)
		errx(1, "expected at least one sleep per 100 rounds");
	return 0;
}
