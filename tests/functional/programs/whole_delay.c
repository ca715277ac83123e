// SPDX-License-Identifier: GPL-2.0
/*
 * Measures the time from a send to its line at the other end of sendread's pipe, where
 * nothing else is sent. Emulation is noisy, so the median counts; the maximum is only
 * printed. On a busy machine even the median may be too long: then it is measured again.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "whole_blocked.h"

enum {
	TIMES = 21,
	TRIES = 5,
	LINE_MS = 60000,
	/* Longer than sendread stays awake after a line. */
	PAUSE_US = 30000,
	LONE_US = 10000,
	HELD_UP_US = 100000,
};

struct sendread {
	pid_t pid;
	int out;
	int err;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

/* Read from @fd until @text has come. */
static void wait_for(int fd, const char *text)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char got[4096] = "";
	size_t used = 0;
	ssize_t more;

	while (!strstr(got, text)) {
		if (used == sizeof(got) - 1 || poll(&ready, 1, LINE_MS) != 1)
			die("expected '%s' of sendread within %d ms, got '%s'", text,
			    LINE_MS, got);
		more = must(read(fd, got + used, sizeof(got) - 1 - used), "read");
		if (more == 0)
			die("sendread ended after '%s'", got);
		used += more;
		got[used] = '\0';
	}
}

static struct sendread start_sendread(char *mode)
{
	char *args[] = { "sendread", "whole_delay", mode, NULL };
	struct sendread reader;
	int out[2], err[2];

	must(pipe(out), "pipe");
	must(pipe(err), "pipe");
	reader = (struct sendread){ .pid = must(fork(), "fork"), out[0], err[0] };
	if (reader.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		execvp(args[0], args);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	wait_for(reader.err, "listening");
	return reader;
}

/* Return how many bytes it still printed. */
static size_t stop_sendread(struct sendread *reader)
{
	size_t rest;
	int status;

	kill(reader->pid, SIGINT);
	rest = drain(reader->out, SIZE_MAX);
	must(waitpid(reader->pid, &status, 0), "waiting for sendread");
	check_equal(status, 0, "exit status of sendread");
	return rest;
}

static int ascending(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int64_t median_delay(struct sendread *reader, int fd, bool everywhere)
{
	int64_t delay[TIMES], begin;
	char text[32];

	for (int i = 0; i < TIMES; i++) {
		run_on(everywhere ? i % 2 : 1);
		usleep(PAUSE_US);
		snprintf(text, sizeof(text), "lone %d ", i);
		begin = now_us();
		must(send(fd, text, strlen(text), 0), "send");
		wait_for(reader->out, text);
		delay[i] = now_us() - begin;
	}
	qsort(delay, TIMES, sizeof(delay[0]), ascending);
	printf("from a send to its line: median %lld us, maximum %lld us of %d\n",
	       (long long)delay[TIMES / 2], (long long)delay[TIMES - 1], TIMES);
	return delay[TIMES / 2];
}

/* Sends from CPU 1, or @everywhere. A reader that is always late fails every try. */
static void measure(struct sendread *reader, bool everywhere, int64_t most)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	int64_t median;

	for (int try = 0; try < TRIES; try++) {
		median = median_delay(reader, fd, everywhere);
		if (median <= most)
			break;
	}
	check(median <= most, "expected a median of at most %lld us, got %lld",
	      (long long)most, (long long)median);
}

/* Optional argument: --read */
static void lone(void)
{
	struct sendread reader = start_sendread(case_args[0]);

	measure(&reader, true, LONE_US);
	stop_sendread(&reader);
}

/* On a CPU where another sender stays in the middle of a long payload. */
static void held_up(void)
{
	size_t len = (BLOCKED_LEN / BLOCKED_PAGE + 1) * BLOCKED_PAGE;
	char *bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct sendread reader = start_sendread(case_args[0]);
	/* In the third fragment: two are in the ring already. */
	size_t at = 2 * 65536;
	struct blocked blocked;
	int held;

	blocked_fill(bytes, BLOCKED_LEN);
	blocked_init(&blocked, bytes, BLOCKED_LEN);
	blocked.cpu = 1;
	blocked.quiet = true;
	held = hold_pages(bytes, len);
	blocked_begin(&blocked);
	must(madvise(bytes + at, BLOCKED_PAGE, MADV_DONTNEED), "MADV_DONTNEED");
	blocked_drain(&blocked);
	wait_held(held, bytes + at);
	measure(&reader, false, HELD_UP_US);
	release_page(held, bytes + at, blocked.copy + at);
	blocked_end(&blocked);
	check(stop_sendread(&reader) > BLOCKED_LEN,
	      "expected the long payload's line, too");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "lone", lone },
		{ "held_up", held_up },
		{},
	};

	return run_cases(argc, argv, cases);
}
