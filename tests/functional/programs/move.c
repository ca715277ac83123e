// SPDX-License-Identifier: GPL-2.0
/* Threads that send numbers in turn from all CPUs. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

enum {
	THREADS = 4,
	SENDS = 150
};

static int fd;

static void *send_numbers(void *arg)
{
	int cpus = get_nprocs();
	char text[32];

	(void)arg;
	for (int i = 0; i < SENDS; i++) {
		run_on(i % cpus);
		snprintf(text, sizeof(text), "number %d", i);
		send_text(fd, text);
	}
	return NULL;
}

static void threads(void)
{
	struct address to = udp_sink("127.0.0.1");
	pthread_t thread[THREADS];

	check(get_nprocs() > 1, "expected two CPUs or more, got %d", get_nprocs());
	fd = connected_socket(SOCK_DGRAM, &to);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, send_numbers, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
}

/* The ends of one connection answer each other from different CPUs. */
static void dialogue(void)
{
	struct pair tcp = tcp_pair();
	char text[32];

	for (int i = 0; i < SENDS; i++) {
		run_on(i % get_nprocs());
		snprintf(text, sizeof(text), "turn %d", i);
		send_text(i % 3 ? tcp.near : tcp.far, text);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "threads", threads },
		{ "dialogue", dialogue },
		{},
	};

	return run_cases(argc, argv, cases);
}
