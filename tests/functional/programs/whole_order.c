// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered sends, and a check of sendread's lines: is every number of every thread there,
 * once, and in its order?
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

enum {
	THREADS = 8,
	/* How many sends a thread makes before it moves to the next CPU. */
	STAY = 5,
	TIDS_MAX = 64,
};

static int fd;
static int sends;

static void *send_numbers(void *arg)
{
	int first = (intptr_t)arg, cpus = get_nprocs();
	char text[32];

	for (int i = 0; i < sends; i++) {
		if (i % STAY == 0)
			run_on((first + i / STAY) % cpus);
		must(send(fd, text, snprintf(text, sizeof(text), "%d", i), 0), "send");
	}
	return NULL;
}

static void connect_to_sink(void)
{
	struct address to = udp_sink("127.0.0.1");

	fd = connected_socket(SOCK_DGRAM, &to);
}

/* The threads make TOTAL sends together. */
static void threads(void)
{
	pthread_t thread[THREADS];

	check(get_nprocs() > 1, "expected two CPUs or more, got %d", get_nprocs());
	sends = atoi(case_args[0]) / THREADS;
	connect_to_sink();
	gate();
	for (intptr_t i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, send_numbers, (void *)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* CPU NUMBER [LENGTH]: sends as fast as it can; prints the expected lines afterwards. */
static void on_cpu(void)
{
	struct where where;
	int cpu = atoi(case_args[0]), number = atoi(case_args[1]);
	char text[32];

	connect_to_sink();
	where = to_peer(fd);
	run_on(cpu);
	for (int i = 0; i < number; i++)
		must(send(fd, text, snprintf(text, sizeof(text), "%d", i), 0), "send");
	for (int i = 0; i < number; i++) {
		int len = snprintf(text, sizeof(text), "%d", i);

		expect_returned(fd, text, len, 0, 0, &where, len);
	}
}

/* ---- Checking the lines ------------------------------------------------------------ */

struct thread {
	int tid;
	int next;
};

static struct thread *thread_of(struct thread *threads, int tid)
{
	for (int i = 0; i < TIDS_MAX; i++) {
		if (threads[i].tid == 0)
			threads[i].tid = tid;
		if (threads[i].tid == tid)
			return &threads[i];
	}
	die("expected at most %d threads", TIDS_MAX);
}

static struct thread *parse(struct thread *threads, const char *line, int *number)
{
	const char *tid = strstr(line, " tid="), *msg = strstr(line, " msg=");

	if (!tid || !msg)
		die("expected a line of sendread, got '%s'", line);
	*number = atoi(msg + strlen(" msg="));
	return thread_of(threads, atoi(tid + strlen(" tid=")));
}

/* Expect TOTAL sends of as many threads as above; the lines are on standard input. */
static void look(void)
{
	static struct thread threads[TIDS_MAX];
	int each = atoi(case_args[0]) / THREADS, seen = 0;
	char line[1024];

	while (fgets(line, sizeof(line), stdin)) {
		int number;
		struct thread *thread = parse(threads, line, &number);

		check_equal(number, thread->next++, "the next number of thread %d",
			    thread->tid);
	}
	for (; seen < TIDS_MAX && threads[seen].tid; seen++)
		check_equal(threads[seen].next, each, "numbers of thread %d",
			    threads[seen].tid);
	check_equal(seen, THREADS, "threads");
}

/* Some may be missing; headers without a payload have no number. */
static void ascending(void)
{
	static struct thread threads[TIDS_MAX];
	char line[1024];
	int seen = 0;

	while (fgets(line, sizeof(line), stdin)) {
		int number;
		struct thread *thread;

		if (strstr(line, " msg= ") || strstr(line, " msg=last"))
			continue;
		thread = parse(threads, line, &number);
		check(number >= thread->next, "%d after %d in thread %d", number,
		      thread->next - 1, thread->tid);
		thread->next = number + 1;
		seen++;
	}
	check(seen > 0, "expected lines with numbers");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "threads", threads },
		{ "on_cpu", on_cpu },
		{ "look", look },
		{ "ascending", ascending },
		{},
	};

	return run_cases(argc, argv, cases);
}
