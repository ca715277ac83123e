// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads sleep in accept() concurrently; then each of them gets a connection.
 *
 *	accepts NUMBER
 *
 * Prints how many accepts have returned.
 */
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

static int listening;
static unsigned int returned;

static void *accept_one(void *arg)
{
	int fd = accept(listening, NULL, NULL);

	(void)arg;
	if (fd >= 0) {
		__atomic_add_fetch(&returned, 1, __ATOMIC_RELAXED);
		close(fd);
	}
	return NULL;
}

/* Each thread closes its descriptor, but perhaps only after the next one is opened. */
static void raise_limits(unsigned int number)
{
	struct rlimit files = { number + 64, number + 64 };
	struct rlimit threads = { RLIM_INFINITY, RLIM_INFINITY };

	must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
	must(setrlimit(RLIMIT_NPROC, &threads), "RLIMIT_NPROC");
}

static void start_threads(unsigned int number, pthread_t *threads)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 4096);
	for (unsigned int i = 0; i < number; i++)
		must(-pthread_create(&threads[i], &attributes, accept_one, NULL),
		     "a thread");
}

/* Whether all threads sleep can only be seen thread by thread. */
static void wait_all_blocked(void)
{
	DIR *list = opendir("/proc/self/task");
	struct dirent *entry;

	if (!list)
		die("opening /proc/self/task");
	while ((entry = readdir(list))) {
		int tid = atoi(entry->d_name);

		if (tid && tid != getpid())
			wait_blocked(tid, SYS_accept);
	}
	closedir(list);
}

int main(int argc, char **argv)
{
	unsigned int number = argc > 1 ? atoi(argv[1]) : 0;
	struct address address = unix_address("@accepts");
	pthread_t *threads = calloc(number, sizeof(*threads));

	if (!number) {
		fprintf(stderr, "usage: accepts NUMBER\n");
		return 2;
	}
	raise_limits(number);
	prctl(PR_SET_NAME, "accepts");
	listening = listener(SOCK_STREAM, &address);
	start_threads(number, threads);
	wait_all_blocked();
	gate();
	for (unsigned int i = 0; i < number; i++)
		close(connected_socket(SOCK_STREAM, &address));
	for (unsigned int i = 0; i < number; i++)
		pthread_join(threads[i], NULL);
	printf("%u\n", returned);
	return check_failed() || returned != number;
}
