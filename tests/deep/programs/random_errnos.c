// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls have the same errno in a process that is traced and in one that is not. How many
 * bytes a stream takes in one call is a matter of time, so only the errno is compared.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "check.h"
#include "random_traffic.h"

enum {
	WRONG_MOST = 10,
	/* Fresh sockets for so many calls. */
	CALLS_OF_ONE = 100,
};

struct run {
	const char *name;
	uint64_t state;
	unsigned int number;
	/* Errnos, or 0; shared with the parent. */
	int *errnos;
};

static struct shared none;

static struct worker worker_at(uint64_t state)
{
	return (struct worker){ .state = state, .shared = &none };
}

static void make_calls(void *arg)
{
	const struct run *run = arg;
	struct worker worker = worker_at(run->state);

	prctl(PR_SET_NAME, run->name);
	for (unsigned int i = 0; i < run->number; i++)
		run->errnos[i] = traffic_make(traffic_choose(&worker)) < 0 ? errno : 0;
}

static void compare(uint64_t state, const int *traced, const int *other,
		    unsigned int number)
{
	struct worker worker = worker_at(state);
	static unsigned int wrong;

	for (unsigned int i = 0; i < number; i++) {
		const struct traffic *traffic = traffic_choose(&worker);

		if (traced[i] == other[i] || ++wrong > WRONG_MOST)
			continue;
		check_equal(
			traced[i], other[i],
			"call %u, %s of %zu bytes or %zu pieces on pair %u, flags %x, traced and not",
			i, traffic_name(traffic), traffic->len, traffic->number,
			traffic->kind, traffic->flags);
	}
	/* With TAMPER set, too, something is compared. */
	check(wrong <= WRONG_MOST, "expected at most %d calls with another errno",
	      WRONG_MOST);
}

static uint64_t state_after(uint64_t state, unsigned int number)
{
	struct worker worker = worker_at(state);

	while (number--)
		traffic_choose(&worker);
	return worker.state;
}

void random_errnos(uint64_t seed, unsigned int number)
{
	size_t size = CALLS_OF_ONE * sizeof(int);
	int *errnos = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int failed = 0;

	if (errnos == MAP_FAILED)
		die("memory for errnos");
	memset(none.files, -1, sizeof(none.files));
	for (unsigned int done = 0; done < number; done += CALLS_OF_ONE) {
		struct run traced = { "random", seed, CALLS_OF_ONE, errnos };
		struct run other = { "other", seed, CALLS_OF_ONE, errnos + CALLS_OF_ONE };

		in_child(make_calls, &other);
		in_child(make_calls, &traced);
		compare(seed, traced.errnos, other.errnos, CALLS_OF_ONE);
		for (int i = 0; i < CALLS_OF_ONE; i++)
			failed += traced.errnos[i] != 0;
		seed = state_after(seed, CALLS_OF_ONE);
	}
	printf("%u calls, %u of them failed\n", number, failed);
	check(failed > number / 8 && failed < number * 7 / 8,
	      "expected calls of both kinds, %u of %u failed", failed, number);
}
