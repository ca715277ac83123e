// SPDX-License-Identifier: GPL-2.0
/*
 * Threads call the functions of a TLS library without pause, and other processes trace them. All
 * of them run this program, which contains the library: so they map the same file.
 *
 *	tls_storm calls NAME THREADS	until SIGTERM; the threads are named NAME. It fails if a
 *					call has another result, or other bytes, than it should
 *	tls_storm trace NAME NUMBER WAY	two sessions, one after the other, each until it has seen
 *					NUMBER calls of each function; WAY: "returns" or
 *					"uretprobes", by which the return of a function is seen
 *	tls_storm fuzz SEED calls|seconds N	random names (tls_storm_fuzz.c)
 *	tls_storm uprobes		is skipped where the kernel has none
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tls_storm.h"
#include "tls_traced.h"
#include "tracer.h"

enum {
	THREADS_MAX = 16,
	FORK_EVERY = 101,
	RING_SIZE = 256 << 10,
	/* More bytes than a record has, and more than a handler copies. */
	LONG_EVERY = 32,
	/* What is read in two pieces; 256 bytes on, the pattern is the same but for its seed. */
	PIECE = 256,
};

static const int functions[] = { SENDTRACE_CALL_SSL_WRITE, SENDTRACE_CALL_SSL_WRITE_EX,
				 SENDTRACE_CALL_SSL_READ, SENDTRACE_CALL_SSL_READ_EX };

/* ---- Calls ----------------------------------------------------------------------------- */

void talk_open(struct talk *talk)
{
	struct pair pair = tcp_pair();

	memset(talk, 0, sizeof(*talk));
	talk->near.fd = pair.near;
	talk->far.fd = pair.far;
}

void talk_close(struct talk *talk)
{
	int fds[] = { talk->near.fd, talk->far.fd };

	SSL_free(&talk->near);
	SSL_free(&talk->far);
	close(fds[0]);
	close(fds[1]);
}

static void write_by(struct talk *talk, const unsigned char *bytes, size_t size)
{
	size_t written = 0;

	if (talk->number & 1) {
		check_equal(SSL_write(&talk->near, bytes, size), size, "SSL_write()");
		return;
	}
	check_equal(SSL_write_ex(&talk->near, bytes, size, &written), 1,
		    "SSL_write_ex()");
	check_equal(written, size, "bytes of SSL_write_ex()");
}

static size_t read_by(struct talk *talk, unsigned char *bytes, size_t size)
{
	size_t got = 0;
	int ret;

	if (talk->number & 2) {
		ret = SSL_read(&talk->far, bytes, size);
		check(ret > 0, "SSL_read() returned %d", ret);
		return ret > 0 ? ret : 0;
	}
	check_equal(SSL_read_ex(&talk->far, bytes, size, &got), 1, "SSL_read_ex()");
	return got;
}

void talk_once(struct talk *talk, size_t size)
{
	static _Thread_local unsigned char out[TALK_MAX], in[TALK_MAX];
	size_t got, more;

	tls_pattern(out, size, ++talk->number);
	write_by(talk, out, size);
	for (got = 0; got < size; got += more) {
		more = read_by(talk, in + got, got || size <= PIECE ? size - got : PIECE);
		if (!more)
			return;
	}
	check_equal(got, size, "bytes that were read");
	check(!memcmp(in, out, size), "the %zu bytes that were read", size);
}

/* ---- The traced program ------------------------------------------------------------------ */

static const char *name;
static volatile bool over;
static _Thread_local bool is_child;
static _Thread_local struct talk childs;

/* A child that returns from the call that its parent has made, with another connection. */
static void forks(SSL *ssl)
{
	pid_t pid;

	ssl->before = NULL;
	pid = must(fork(), "fork()");
	if (pid) {
		end_child(pid);
		return;
	}
	is_child = true;
	talk_open(&childs);
	ssl->fd = childs.near.fd;
}

/* One that never returns from it. */
static void forks_and_ends(SSL *ssl)
{
	pid_t pid;

	ssl->before = NULL;
	pid = must(fork(), "fork()");
	if (!pid)
		_exit(0);
	end_child(pid);
}

static void fork_inside(struct talk *talk)
{
	unsigned char bytes[PIECE], got[PIECE];

	talk->near.before = talk->number % (2 * FORK_EVERY) ? forks : forks_and_ends;
	tls_pattern(bytes, sizeof(bytes), 1);
	check_equal(SSL_write(&talk->near, bytes, sizeof(bytes)), sizeof(bytes),
		    "SSL_write() that forks");
	check_equal(SSL_read(is_child ? &childs.far : &talk->far, got, sizeof(got)),
		    sizeof(got), "SSL_read() after it");
	check(!memcmp(got, bytes, sizeof(got)), "the bytes of a call that forks");
	if (!is_child)
		return;
	talk_once(&childs, PIECE);
	_exit(check_failed());
}

/* Now and then a session ends and another one begins at its address. */
static void *call_on(void *arg)
{
	struct talk *talk = arg;

	prctl(PR_SET_NAME, name);
	talk_open(talk);
	while (!over && !check_failed()) {
		talk_once(talk, talk->number % LONG_EVERY ? 1 + talk->number * 37 % 3000 :
							    TALK_MAX);
		if (talk->number % FORK_EVERY == 0) {
			fork_inside(talk);
			talk_close(talk);
			talk_open(talk);
			talk->number = talk->number * 7 % 1000;
		}
	}
	return NULL;
}

static void end(int number)
{
	(void)number;
	over = true;
}

static void calls(void)
{
	static struct talk talks[THREADS_MAX];
	int number = atoi(case_args[1]);
	pthread_t threads[THREADS_MAX];

	if (number < 1 || number > THREADS_MAX)
		die("1 to %d threads", THREADS_MAX);
	name = case_args[0];
	prctl(PR_SET_NAME, name);
	signal(SIGTERM, end);
	for (int i = 0; i < number; i++)
		must(-pthread_create(&threads[i], NULL, call_on, &talks[i]), "a thread");
	printf("sending\n");
	fflush(stdout);
	for (int i = 0; i < number; i++)
		pthread_join(threads[i], NULL);
	/* Nobody traces us any more. */
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		check(!tls_is_probed(functions[i]), "function %d is probed still",
		      functions[i]);
}

/* ---- A session ----------------------------------------------------------------------------- */

static void name_all(const struct tracer *tracer, bool by_uretprobe)
{
	struct sendtrace_tls named;

	for (size_t i = 0; i < COUNT_OF(functions); i++) {
		named = tls_function(functions[i]);
		if (by_uretprobe) {
			named.flags = SENDTRACE_TLS_URETPROBE;
			named.nr_returns = 0;
		}
		must(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named), "TLS");
	}
	named = tls_function(SENDTRACE_TLS_FREE);
	must(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named), "TLS");
}

/* The first byte of a pattern is its seed. */
static void check_event(const struct records *records,
			const struct sendtrace_event *event)
{
	size_t size = event->frag_len + event->cap_len;
	unsigned char *payload = (unsigned char *)joined_payload(records, event);

	check(event->why == SENDTRACE_WHY_COMPLETE ||
		      event->why == SENDTRACE_WHY_RING_FULL,
	      "why is %u", event->why);
	if (event->why == SENDTRACE_WHY_COMPLETE)
		check_equal(size, event->ret, "bytes of an event");
	if (size && size <= TLS_LARGEST) {
		tls_pattern(tls_buffer, size, payload[0]);
		check(!memcmp(payload, tls_buffer, size), "the payload of call %u",
		      event->call);
	}
	free(payload);
}

static unsigned long seen[SENDTRACE_CALLS];

/* Those from number @from on. Fragments come before their event. */
static void look_at(const struct records *records, size_t from)
{
	const struct sendtrace_event *event;

	for (size_t i = from; i < records->number; i++) {
		event = as_event(records->record[i]);
		if (!event)
			continue;
		check(event->call < SENDTRACE_CALLS &&
			      SENDTRACE_CALL_BIT(event->call) & SENDTRACE_CALLS_TLS,
		      "call %u is none of a TLS library", event->call);
		seen[event->call % SENDTRACE_CALLS]++;
		check_event(records, event);
	}
}

static void read_more(struct tracer *tracer, struct records *records)
{
	size_t from = records->number;

	tracer_read(tracer, records);
	look_at(records, from);
}

static bool has_seen(unsigned long number)
{
	for (size_t i = 0; i < COUNT_OF(functions); i++)
		if (seen[functions[i]] < number)
			return false;
	return true;
}

static void see(struct tracer *tracer, struct records *records, unsigned long number)
{
	struct deadline deadline = { 0 };

	memset(seen, 0, sizeof(seen));
	tracer_start(tracer);
	while (!has_seen(number) && !check_failed()) {
		look_again(&deadline, "calls of each function");
		read_more(tracer, records);
	}
}

/* The second time it ends while it runs. */
static void trace(void)
{
	unsigned long number = atoi(case_args[1]);
	bool by_uretprobe = !strcmp(case_args[2], "uretprobes");
	struct records records = { 0 };
	struct tracer tracer;

	tracer_open(&tracer);
	tracer_config_calls(&tracer, RING_SIZE, SENDTRACE_CALLS_TLS);
	tracer_filter(&tracer, case_args[0]);
	name_all(&tracer, by_uretprobe);
	tracer_map(&tracer);
	see(&tracer, &records, number);
	tracer_stop(&tracer);
	read_more(&tracer, &records);
	see(&tracer, &records, number);
	check_records(&records);
	check_sequence(&records);
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "calls", calls },
		{ "trace", trace },
		{ "fuzz", storm_fuzz },
		{ "uprobes", tls_needs_uprobes },
		{},
	};

	return run_cases(argc, argv, cases);
}
