// SPDX-License-Identifier: GPL-2.0
/*
 * Does anybody sleep beside a record? One thread sleeps each time that the ring is empty,
 * as read() does or as poll() does; another puts in a record just about then, rings the
 * bell, and waits until the record was taken. That takes forever if a wake-up was lost.
 *
 *	bell read|poll ROUNDS SEED
 *
 * Stores that stay in a processor's store buffer are what (E) and (F) are against, and
 * x86 has those, too: without one of them this fails there, and not only on arm64.
 */
#include <err.h>
#include <sched.h>
#include <stdio.h>

#include "bell.h"
#include "load.h"

enum {
	RING_SIZE = 4 * 4096,
	PACE = 800, /* so that both come at the same time again and again */
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
			errx(1, "no room in a ring that is empty");
		st_bell_ring(&bell);
		spin(&random, PACE);
		shim_interrupts(&bell.work);
	}
	return unused;
}

/* ---- The consumer --------------------------------------------------------------- */

/* worth_looking() of consume.c. */
static bool worth_looking(void)
{
	st_bell_want(&bell);
	return st_ring_readable(ring);
}

static void sleep_or_fail(void)
{
	sleeps++;
	if (!shim_sleep(&bell.waiters))
		errx(1, "a wake-up was lost after %llu sleeps; the ring %s a record",
		     sleeps, st_ring_readable(ring) ? "has" : "does not have");
}

/* wait_event(): a look before it stands on the queue, and one each time it stands there. */
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

/* do_poll(): it stands on the queue from the first look on. */
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
			errx(1, "nothing to read although the ring is readable");
		load_check(&load, rec);
		st_ring_release(ring, rec);
		spin(&random, PACE);
	}
}

int main(int argc, char **argv)
{
	pthread_t producer;

	if (argc != 4)
		errx(2, "expected 'bell read|poll ROUNDS SEED'");
	rounds = strtoull(argv[2], NULL, 10);
	seed = strtoull(argv[3], NULL, 10);
	st_bell_init(&bell);
	ring = st_ring_alloc(0, RING_SIZE);
	if (!ring)
		errx(1, "st_ring_alloc() failed");
	if (pthread_create(&producer, NULL, produce, NULL))
		errx(1, "pthread_create() failed");
	consume(strcmp(argv[1], "poll") == 0 ? wait_as_poll : wait_as_read);
	pthread_join(producer, NULL);
	st_bell_exit(&bell);
	st_ring_free(ring);
	printf("%llu rounds, %llu sleeps\n", rounds, sleeps);
	if (sleeps < rounds / 100)
		errx(1, "expected it to sleep in one round of a hundred at least");
	return 0;
}
