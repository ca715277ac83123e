// SPDX-License-Identifier: GPL-2.0
/*
 * Measures by the clock how many sends a reader can follow: its lines are read from the
 * file LINES, a fifo, and the nth line belongs to the nth send. LINES "-" means that no reader
 * traces: then every send counts as shown.
 *
 *	rate [-b BYTES] LINES TASK...
 *
 * BYTES of lines may stay in the reader's own buffer until more follow: these lines count as
 * shown.
 *
 *	share:SIZE:N	what share of N sends, sent as fast as possible, is shown: per cent; the
 *			mean and the least number of bytes of a line
 *	most:SIZE	the most sends per second of which all are shown
 *	latency:SIZE	from the send to the line: median, 99th percentile, in us
 *	server		from a request to the answer that a traced server sends: the same
 *
 * A task that fails prints its name and "-", and the reason on stderr.
 */
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
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
	/* More than LATENCIES, and a power of two: a ring of the times of lines. */
	TIMES = 4096,
	REQUESTS = 3000,
	ANSWER = 128,
	STEPS_MAX = 4,
	/* Reports of lost events are recognised by the beginning of their line. */
	HEAD = 48,
	/* After so long without a line none will follow: readers look every 100 ms. */
	SILENCE = SECOND / 2,
	/* How long a try takes: an eighth of a second, which takes seconds in emulation. */
	TRY = SECOND / 8,
};

/* A reader that keeps printing for longer than this is given up. */
#define PATIENCE (10 * SECOND)

static atomic_long lines;
static atomic_long line_bytes;
static atomic_long shortest;
static long kept_back;
static bool untraced;
static _Atomic uint64_t last_line;
static uint64_t arrived[TIMES];
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

/* Whether a line that begins like this reports losses instead of an event. */
static bool tells_of_loss(const char *head)
{
	return strstr(head, "LOST") || strstr(head, "Lost") || strstr(head, "lost");
}

static void end_line(const char *head, long len, uint64_t time)
{
	if (tells_of_loss(head))
		return;
	if (len < shortest)
		shortest = len;
	arrived[lines % TIMES] = time;
	lines++;
}

/* A line may arrive in several pieces: its beginning is kept. */
static void note_lines(const char *bytes, ssize_t got)
{
	static char head[HEAD + 1];
	static size_t len;
	const char *end = bytes + got, *newline;
	uint64_t time = now();
	size_t more;

	line_bytes += got;
	for (; bytes < end; bytes += more + 1) {
		newline = memchr(bytes, '\n', end - bytes);
		more = (newline ? newline : end) - bytes;
		if (len < HEAD)
			memcpy(head + len, bytes, more < HEAD - len ? more : HEAD - len);
		len += more;
		if (!newline)
			break;
		head[len < HEAD ? len : HEAD] = '\0';
		end_line(head, len + 1, time);
		len = 0;
	}
	last_line = time;
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

/* Return false if lines keep coming. */
static bool wait_silence(void)
{
	uint64_t begun = now(), last;

	do {
		if (now() - begun > PATIENCE) {
			fprintf(stderr, "lines are still coming after %d s; ",
				(int)(PATIENCE / SECOND));
			return false;
		}
		usleep(20000);
		last = last_line > begun ? last_line : begun;
	} while (now() - last < SILENCE);
	return true;
}

static void send_one(void)
{
	if (send(way.fd, payload, size, 0) != (ssize_t)size)
		die("send of %zu bytes", size);
	way_drain(&way);
}

/* ---- How much is shown --------------------------------------------------------------- */

struct outcome {
	long sent;
	long shown;
	long bytes;
	/* Rate of the shown sends, from the first send to the last line. */
	double rate;
	/* Rate of all sends, up to the last send. */
	double sent_rate;
	bool silent;
};

/* Lines that the reader kept back before appear now, and some of these are kept back. */
static long with_kept_back(long sent, long shown, long bytes)
{
	if (shown && labs(sent - shown) * (bytes / shown) <= kept_back)
		return sent;
	return shown;
}

/* At most @most sends, for @time; @rate 0 means as fast as possible. */
static struct outcome try_sends(long most, uint64_t time, double rate)
{
	long before = lines, bytes = line_bytes, sent = 0;
	uint64_t begun = now(), end = begun + time, sent_at;
	struct outcome outcome = { 0 };

	shortest = LONG_MAX;
	while (sent < most && now() < end) {
		if (rate > 0 && sent > (now() - begun) / 1e9 * rate) {
			sleep_until(now() + SECOND / 1000);
			continue;
		}
		send_one();
		sent++;
	}
	sent_at = now();
	if (untraced) {
		lines += sent;
		last_line = sent_at;
	}
	outcome.silent = wait_silence();
	outcome.sent = sent;
	outcome.bytes = line_bytes - bytes;
	outcome.shown = with_kept_back(sent, lines - before, outcome.bytes);
	outcome.sent_rate = sent / ((sent_at - begun) / 1e9);
	if (outcome.shown)
		outcome.rate = outcome.shown / ((last_line - begun) / 1e9);
	return outcome;
}

static void find_share(long sends)
{
	struct outcome outcome = try_sends(sends, PATIENCE, 0);

	if (outcome.sent < sends || !outcome.silent)
		printf("-\n");
	else
		printf("%.2f %ld %ld\n", floor(1e4 * outcome.shown / sends) / 100,
		       outcome.shown ? outcome.bytes / outcome.shown : 0,
		       outcome.shown ? (long)shortest : 0);
}

static bool all_shown(const struct outcome *outcome)
{
	return outcome->shown && outcome->shown >= outcome->sent && outcome->silent;
}

/*
 * If not all sends are shown at full speed: try the rate at which they were shown then, and
 * lower it until nothing is lost, or raise it until something is. A higher rate does not
 * help a reader that buffers sends and shows them later.
 */
static double search_most(double below, double above)
{
	double rate = below > 0 ? below : above / 4, most = 0;
	struct outcome outcome;

	below = 0;
	for (int step = 0; step < STEPS_MAX && above > 1.1 * below; step++) {
		outcome = try_sends(SENDS_MAX, TRY, rate);
		if (!all_shown(&outcome)) {
			above = rate;
			rate = below > 0 ? (below + above) / 2 : 0.75 * above;
			continue;
		}
		below = rate;
		if (outcome.rate > most)
			most = outcome.rate;
		if (outcome.rate < 0.9 * rate)
			break;
		rate = above > 1.5 * rate ? 1.25 * rate : (below + above) / 2;
	}
	return most;
}

static void find_most(void)
{
	struct outcome outcome = try_sends(SENDS_MAX, TRY, 0);
	double most = outcome.rate;

	if (!outcome.shown) {
		fprintf(stderr, "nothing is shown of %ld sends of %zu bytes; ",
			outcome.sent, size);
		printf("-\n");
		return;
	}
	if (!all_shown(&outcome))
		most = search_most(outcome.rate, outcome.sent_rate);
	printf("%.0f\n", most);
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
	long before = lines;

	for (int i = 0; i < LATENCIES; i++) {
		usleep(5000);
		begun[i] = now();
		send_one();
	}
	wait_silence();
	if (lines - before != LATENCIES) {
		fprintf(stderr, "%ld lines of %d sends; ", lines - before, LATENCIES);
		printf("-\n");
		return;
	}
	for (int i = 0; i < LATENCIES; i++)
		us[i] = (arrived[(before + i) % TIMES] - begun[i]) / 1e3;
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
	const char *after = strchr(task, ':'), *number;

	printf("%s ", task);
	if (strcmp(task, "server") == 0) {
		ask();
		return;
	}
	if (!after)
		die("expected a task, not '%s'", task);
	open_way(after + 1);
	number = strchr(after + 1, ':');
	if (strncmp(task, "most:", 5) == 0)
		find_most();
	else if (strncmp(task, "share:", 6) == 0 && number)
		find_share(atol(number + 1));
	else
		find_latency();
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+b:")) != -1) {
		if (option != 'b')
			exit(2);
		kept_back = atol(optarg);
	}
	if (argc - optind < 2)
		die("expected 'rate [-b BYTES] LINES TASK...'");
	setlinebuf(stdout);
	prctl(PR_SET_NAME, "bench");
	untraced = strcmp(argv[optind], "-") == 0;
	if (!untraced)
		begin_reading(argv[optind]);
	while (++optind < argc)
		run_task(argv[optind]);
	return 0;
}
