// SPDX-License-Identifier: GPL-2.0
/*
 * Thousands of threads that sleep in recv() while others work: what the workers receive must be
 * shown, and so must the sleepers' calls when they end, or be counted as missed.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "lines.h"
#include "ways_pairs.h"

enum {
	/* So many sleep on one socket. */
	TOGETHER = 128,
	WORKERS = 100,
	TIDS_MAX = 65536,
	STACK = 32768,
};

struct sleeper {
	pthread_t thread;
	int fd;
	pid_t tid;
};

static int sleepers, rounds;

static void arguments(void)
{
	sleepers = atoi(case_args[0]);
	rounds = atoi(case_args[1]);
}

static pthread_t start(void *(*fn)(void *arg), void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr,
				  STACK > PTHREAD_STACK_MIN ? STACK : PTHREAD_STACK_MIN);
	error = pthread_create(&thread, &attr, fn, arg);
	errno = error;
	if (error)
		die("a thread cannot be created");
	return thread;
}

static void *sleep_in_recv(void *arg)
{
	struct sleeper *sleeper = arg;
	char byte;

	__atomic_store_n(&sleeper->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	check_equal(recv(sleeper->fd, &byte, 1, 0), 0, "recv at the end");
	return NULL;
}

/* A number, and back: each is one receive. */
static void *work(void *arg)
{
	struct pair pair = pair_of(PAIR_UNIX_DGRAM);
	char text[32], got[32];

	(void)arg;
	for (int i = 0; i < rounds; i++) {
		int len = snprintf(text, sizeof(text), "number %d", i);

		check_equal(send(pair.near, text, len, 0), len, "send");
		check_equal(recv(pair.far, got, sizeof(got), 0), len, "recv");
	}
	return NULL;
}

static void wait_asleep(struct sleeper *all)
{
	struct deadline deadline = { 0 };

	for (int i = 0; i < sleepers; i++) {
		while (!__atomic_load_n(&all[i].tid, __ATOMIC_ACQUIRE))
			look_again(&deadline, "threads to begin");
		wait_blocked(all[i].tid, SYS_recvfrom);
	}
}

/* SLEEPERS ROUNDS */
static void asleep(void)
{
	struct pair *pairs;
	struct sleeper *all;
	pthread_t workers[WORKERS];

	arguments();
	pairs = calloc(sleepers / TOGETHER + 1, sizeof(*pairs));
	all = calloc(sleepers, sizeof(*all));
	for (int i = 0; i < sleepers; i++) {
		if (i % TOGETHER == 0)
			pairs[i / TOGETHER] = pair_of(PAIR_UNIX_STREAM);
		all[i].fd = pairs[i / TOGETHER].near;
		all[i].thread = start(sleep_in_recv, &all[i]);
	}
	wait_asleep(all);
	gate();
	for (int i = 0; i < WORKERS; i++)
		workers[i] = start(work, NULL);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
	for (int i = 0; i < sleepers; i += TOGETHER)
		shutdown(pairs[i / TOGETHER].far, SHUT_RDWR);
	for (int i = 0; i < sleepers; i++)
		pthread_join(all[i].thread, NULL);
}

/*
 * SLEEPERS ROUNDS MISSED: the lines on standard input and MISSED calls are all that there were; if
 * nothing was missed, each worker's numbers are complete.
 */
static void look(void)
{
	static int next[TIDS_MAX];
	int ends = 0, numbers = 0, missed = atoi(case_args[2]);
	struct line line = { 0 };

	arguments();
	while (next_line(&line)) {
		int tid = number_in(&line, "tid") % TIDS_MAX, number;

		if (number_in(&line, "ret") == 0) {
			ends++;
			continue;
		}
		line.bytes[line.len] = '\0';
		if (sscanf(line.bytes, "number %d", &number) != 1)
			die("expected a number, got '%s'", line.text);
		check(missed ? number >= next[tid] : number == next[tid],
		      "number %d of thread %d, not %d", next[tid], tid, number);
		next[tid] = number + 1;
		numbers++;
	}
	check_equal(ends + numbers + missed, sleepers + WORKERS * rounds,
		    "lines and missed calls");
	check(missed || (ends == sleepers && numbers == WORKERS * rounds),
	      "%d ends of %d, %d numbers of %d", ends, sleepers, numbers,
	      WORKERS * rounds);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "asleep", asleep },
		{ "look", look },
		{},
	};

	return run_cases(argc, argv, cases);
}
