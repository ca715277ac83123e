// SPDX-License-Identifier: GPL-2.0
/*
 * How much a reader can follow, by the clock: its lines are read from the file LINES, a
 * fifo, and the nth one belongs to the nth send. "-" where nobody reads.
 *
 *	rate LINES TASK...
 *
 *	most:SIZE	how many sends a second, all of them shown
 *	latency:SIZE	from the send to the line: median, 99th percentile, in us
 *	server		from a request to the answer that a traced server sends: the same
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "way.h"

#define SECOND UINT64_C(1000000000)

enum {
	WARM_UP = 200,
	SENDS_MAX = 400000,
	LATENCIES = 1000,
	REQUESTS = 3000,
	ANSWER = 128,
	STEPS_MAX = 6,
	/* So long without a line, and there will be none: readers look every 100 ms. */
	SILENCE = SECOND / 2,
};

static atomic_long lines;
static _Atomic uint64_t last_line;
static uint64_t arrived[SENDS_MAX];
static struct way way;
static char *payload;
static size_t size;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void sleep_until(uint64_t when)
{
	struct timespec time = { when / SECOND, when % SECOND };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void note_lines(const char *bytes, ssize_t len)
{
	uint64_t time = now();
	const char *end = bytes + len;
	long line = lines;

	while ((bytes = memchr(bytes, '\n', end - bytes))) {
		bytes++;
		if (line < SENDS_MAX)
			arrived[line] = time;
		line++;
	}
	last_line = time;
	lines = line;
}

static void *read_lines(void *path)
{
	static char bytes[1 << 16];
	int fd = must(open(path, O_RDONLY), path);
	ssize_t got;

	fcntl(fd, F_SETPIPE_SZ, 1 << 20);
	while ((got = read(fd, bytes, sizeof(bytes))) > 0)
		note_lines(bytes, got);
	return NULL;
}

static void begin_reading(char *path)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_lines, path))
		die("starting a thread");
}

static void wait_silence(void)
{
	uint64_t begun = now(), last;

	do {
		usleep(20000);
		last = last_line > begun ? last_line : begun;
	} while (now() - last < SILENCE);
}

static void send_one(void)
{
	if (send(way.fd, payload, size, 0) != (ssize_t)size)
		die("send of %zu bytes", size);
	way_drain(&way);
}

/* ---- The highest rate --------------------------------------------------------------- */

struct outcome {
	long sent;
	long shown;
	/* Of what was shown, from the first send to the last line. */
	double rate;
};

/* For a second; 0 stands for as fast as it goes. */
static struct outcome try_rate(double rate)
{
	uint64_t begun, end;
	long before, sent = 0;

	wait_silence();
	before = lines;
	begun = now();
	end = begun + SECOND;
	while (now() < end && before + sent < SENDS_MAX) {
		if (rate > 0 && sent > (now() - begun) / 1e9 * rate) {
			sleep_until(now() + SECOND / 1000);
			continue;
		}
		send_one();
		sent++;
	}
	wait_silence();
	return (struct outcome){ sent, lines - before,
				 (lines - before) / ((last_line - begun) / 1e9) };
}

/* Down until nothing is lost any more, then up until something is. */
static void find_most(void)
{
	struct outcome outcome = try_rate(0), better;
	double rate = outcome.rate;
	int steps = 0;

	for (; outcome.shown < outcome.sent && steps < STEPS_MAX; steps++) {
		rate *= 0.85;
		outcome = try_rate(rate);
	}
	if (outcome.shown < outcome.sent || !outcome.shown) {
		printf("0\n");
		return;
	}
	while (steps && steps++ < STEPS_MAX) {
		better = try_rate(outcome.rate * 1.1);
		if (better.shown < better.sent || better.rate <= outcome.rate)
			break;
		outcome = better;
	}
	printf("%.0f\n", outcome.rate);
}

/* ---- Latencies ---------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_percentiles(double *us, size_t number)
{
	qsort(us, number, sizeof(*us), compare);
	printf("%.0f %.0f\n", us[number / 2], us[number * 99 / 100]);
}

static void find_latency(void)
{
	static uint64_t begun[LATENCIES];
	static double us[LATENCIES];
	long before;

	wait_silence();
	before = lines;
	for (int i = 0; i < LATENCIES; i++) {
		usleep(5000);
		begun[i] = now();
		send_one();
	}
	wait_silence();
	if (lines - before != LATENCIES)
		die("%ld lines of %d sends", lines - before, LATENCIES);
	for (int i = 0; i < LATENCIES; i++)
		us[i] = (arrived[before + i] - begun[i]) / 1e3;
	print_percentiles(us, LATENCIES);
}

/* ---- A server ------------------------------------------------------------------------ */

static struct pair connection;

static void serve(void *unused)
{
	static char answer[ANSWER];
	char request[ANSWER];

	(void)unused;
	close(connection.near);
	memset(answer, 'a', sizeof(answer));
	while (read(connection.far, request, sizeof(request)) > 0)
		must(send(connection.far, answer, sizeof(answer), 0), "answering");
	_exit(0);
}

static void ask(void)
{
	static double us[REQUESTS];
	char bytes[ANSWER] = "request";
	uint64_t begun;
	pid_t server;
	int one = 1;

	connection = way_accept();
	setsockopt(connection.near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(connection.far, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	server = start_child(serve, NULL);
	close(connection.far);
	prctl(PR_SET_NAME, "client");
	for (int i = -WARM_UP; i < REQUESTS; i++) {
		usleep(500);
		begun = now();
		must(write(connection.near, bytes, sizeof(bytes)), "asking");
		must(read(connection.near, bytes, sizeof(bytes)), "reading the answer");
		if (i >= 0)
			us[i] = (now() - begun) / 1e3;
	}
	print_percentiles(us, REQUESTS);
	prctl(PR_SET_NAME, "bench");
	close(connection.near);
	end_child(server);
}

static void open_way(const char *bytes)
{
	size = atoi(bytes);
	free(payload);
	payload = malloc(size);
	memset(payload, 'a', size);
	way = way_open(size);
	for (int i = 0; i < 20; i++)
		send_one();
	wait_silence();
}

static void run_task(const char *task)
{
	const char *after = strchr(task, ':');

	printf("%s ", task);
	if (strcmp(task, "server") == 0) {
		ask();
		return;
	}
	if (!after)
		die("expected a task, not '%s'", task);
	open_way(after + 1);
	if (strncmp(task, "most:", 5) == 0)
		find_most();
	else
		find_latency();
}

int main(int argc, char **argv)
{
	if (argc < 3)
		die("expected 'rate LINES TASK...'");
	setlinebuf(stdout);
	prctl(PR_SET_NAME, "bench");
	if (strcmp(argv[1], "-") != 0)
		begin_reading(argv[1]);
	/* Whoever opens the fifo has a while to start after that. */
	while (strcmp(argv[1], "-") != 0 && access("started", F_OK))
		usleep(100000);
	for (int i = 2; i < argc; i++)
		run_task(argv[i]);
	return 0;
}
