// SPDX-License-Identifier: GPL-2.0
/*
 * Faults in the calls that register probes on functions of a TLS library, and remove them. Another
 * process calls these functions the whole time: it checks each result, and must never be harmed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "inject.h"
#include "tls_library.h"

enum {
	RING_SIZE = 64 << 10,
};

/* ---- The traced program ------------------------------------------------------------------ */

/* What it says after a turn: which entries have a breakpoint. */
struct answer {
	bool writes_probed;
	bool reads_probed;
};

static struct {
	pid_t pid;
	int turns[2];
	int answers[2];
	unsigned char number;
} victim;

static void write_and_read(SSL *near, SSL *far, unsigned char number)
{
	unsigned char out[LEN], in[LEN] = { 0 };

	memset(out, number, sizeof(out));
	check_equal(SSL_write(near, out, sizeof(out)), sizeof(out), "SSL_write()");
	check_equal(SSL_read(far, in, sizeof(in)), sizeof(in), "SSL_read()");
	check(!memcmp(out, in, sizeof(in)), "the bytes of SSL_read()");
}

static void call_in_turns(void *arg)
{
	static SSL near, far;
	struct answer answer;
	unsigned char number;
	int ends[2];

	(void)arg;
	prctl(PR_SET_NAME, "injected");
	close(victim.turns[1]);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair()");
	near.fd = ends[0];
	far.fd = ends[1];
	while (read(victim.turns[0], &number, 1) == 1) {
		answer.writes_probed = tls_is_probed(SENDTRACE_CALL_SSL_WRITE);
		answer.reads_probed = tls_is_probed(SENDTRACE_CALL_SSL_READ);
		write_and_read(&near, &far, number);
		must(write(victim.answers[1], &answer, sizeof(answer)), "an answer");
	}
}

/* It makes two calls. */
static struct answer take_turn(void)
{
	struct answer answer;

	victim.number++;
	must(write(victim.turns[1], &victim.number, 1), "a turn");
	if (read(victim.answers[0], &answer, sizeof(answer)) != sizeof(answer))
		die("the traced program has ended");
	return answer;
}

/* When this returns, it has its name. */
static void start_victim(void)
{
	if (victim.pid)
		return;
	tls_needs_uprobes();
	must(pipe(victim.turns), "pipe()");
	must(pipe(victim.answers), "pipe()");
	victim.pid = start_child(call_in_turns, NULL);
	close(victim.answers[1]);
	take_turn();
}

void inject_tls_end(void)
{
	if (!victim.pid)
		return;
	close(victim.turns[1]);
	end_child(victim.pid);
}

/* ---- Sessions ------------------------------------------------------------------------------ */

/* Both ways to see that a function returns. */
static struct sendtrace_tls name_of_write(void)
{
	return tls_function(SENDTRACE_CALL_SSL_WRITE);
}

static struct sendtrace_tls name_of_read(void)
{
	struct sendtrace_tls named = tls_function(SENDTRACE_CALL_SSL_READ);

	named.flags = SENDTRACE_TLS_URETPROBE;
	named.nr_returns = 0;
	return named;
}

static long name_to(struct tracer *tracer, struct sendtrace_tls named)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named);
}

static void check_event(const struct sendtrace_event *event, int call)
{
	const unsigned char *payload = event_payload(event);

	check_equal(event->call, call, "the call");
	check_equal(event->ret, LEN, "what it returned");
	check(event->fd >= 0, "its descriptor is known");
	if (check_equal(event->cap_len, LEN, "its bytes"))
		check(payload[0] == victim.number && payload[LEN - 1] == victim.number,
		      "its first and its last byte");
}

/* @writes, @reads: is the function traced? */
static void check_traces(struct tracer *tracer, bool writes, bool reads)
{
	struct answer answer = take_turn();
	struct records records = { 0 };
	size_t at = 0;

	check_equal(answer.writes_probed, writes, "SSL_write() is probed");
	check_equal(answer.reads_probed, reads, "SSL_read() is probed");
	tracer_read(tracer, &records);
	if (check_equal(records.number, writes + reads, "events")) {
		if (writes)
			check_event(event_at(&records, at++), SENDTRACE_CALL_SSL_WRITE);
		if (reads)
			check_event(event_at(&records, at), SENDTRACE_CALL_SSL_READ);
	}
	check_records(&records);
	records_free(&records);
}

static void open_session(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer_config_calls(tracer, RING_SIZE, SENDTRACE_CALLS_TLS);
	tracer_filter(tracer, "injected");
}

static void prepare_one_named(struct tracer *tracer)
{
	start_victim();
	open_session(tracer);
	must(name_to(tracer, name_of_write()), "TLS");
}

static void prepare_named(struct tracer *tracer)
{
	prepare_one_named(tracer);
	must(name_to(tracer, name_of_read()), "TLS");
}

static void prepare_running(struct tracer *tracer)
{
	prepare_one_named(tracer);
	tracer_start(tracer);
}

static void prepare_all_running(struct tracer *tracer)
{
	prepare_named(tracer);
	tracer_start(tracer);
	check_traces(tracer, true, true);
}

/* ---- The calls ------------------------------------------------------------------------------- */

static long make_tls(struct tracer *tracer)
{
	return name_to(tracer, name_of_read());
}

/* If it failed, the function is not named, and can be. */
static void verify_tls(struct tracer *tracer, bool failed)
{
	if (failed)
		must(make_tls(tracer), "TLS after a failure");
	else
		check_errno(make_tls(tracer), EEXIST, "TLS once more");
	tracer_start(tracer);
	check_traces(tracer, true, true);
	tracer_close(tracer);
}

/* If it failed, what was traced before still is. */
static void verify_tls_running(struct tracer *tracer, bool failed)
{
	check_traces(tracer, true, !failed);
	if (failed)
		must(make_tls(tracer), "TLS after a failure");
	check_traces(tracer, true, true);
	tracer_close(tracer);
}

static long make_tls_start(struct tracer *tracer)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_START);
}

/* If it failed, nothing is probed. A read() would start it. */
static void verify_tls_start(struct tracer *tracer, bool failed)
{
	struct answer answer;

	if (failed) {
		check_errno(ioctl(tracer->fd, SENDTRACE_IOC_STOP), EALREADY,
			    "STOP after a failed START");
		answer = take_turn();
		check(!answer.writes_probed && !answer.reads_probed,
		      "nothing is probed after a failed START");
		tracer_start(tracer);
	}
	check_traces(tracer, true, true);
	tracer_close(tracer);
}

static long make_tls_filter(struct tracer *tracer)
{
	struct sendtrace_filter filter = {
		.nr_patterns = 2,
		.patterns = { "injected", "another" },
	};

	return ioctl(tracer->fd, SENDTRACE_IOC_FILTER, &filter);
}

/* Both filters choose the program, so whatever fails, it is still traced. */
static void verify_tls_filter(struct tracer *tracer, bool failed)
{
	check_traces(tracer, true, true);
	if (failed)
		must(make_tls_filter(tracer), "FILTER after a failure");
	check_traces(tracer, true, true);
	tracer_close(tracer);
}

static long make_tls_stop(struct tracer *tracer)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_STOP);
}

/*
 * It does not fail. If the kernel cannot take a breakpoint out, it leaves it in, without a handler;
 * then nothing is recorded, and the program goes on.
 */
static void verify_tls_stop(struct tracer *tracer, bool failed)
{
	struct records records = { 0 };

	(void)failed;
	take_turn();
	tracer_read(tracer, &records);
	check_equal(records.number, 0, "events behind STOP");
	records_free(&records);
	tracer_start(tracer);
	check_traces(tracer, true, true);
	tracer_close(tracer);
}

#define make_tls_running make_tls

const struct call tls_calls[] = {
	CALL(tls, prepare_one_named, verify_tls, 3, { ENOMEM, EFAULT }),
	CALL(tls_running, prepare_running, verify_tls_running, 8, { ENOMEM, EFAULT }),
	CALL(tls_start, prepare_named, verify_tls_start, 10, { ENOMEM }),
	CALL(tls_filter, prepare_all_running, verify_tls_filter, 10, { ENOMEM, EFAULT }),
	CALL(tls_stop, prepare_all_running, verify_tls_stop, 0, {}),
	{},
};

/* ---- Faults in the traced call ---------------------------------------------------------------- */

struct written {
	bool hit;
	int ret;
};

static void write_with_faults(void *arg)
{
	struct written written = { .hit = true, .ret = LEN };
	unsigned char bytes[LEN], room[2 * LEN];
	SSL ssl = { 0 };
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair()");
	ssl.fd = ends[0];
	memset(bytes, 'x', sizeof(bytes));
	fault_open();
	/* The first breakpoint of a thread allocates what the kernel keeps of it. */
	must(SSL_write(&ssl, bytes, LEN), "SSL_write()");
	must(read(ends[1], room, sizeof(room)), "read()");
	must(write(*(int *)arg, &written, sizeof(written)), "telling the parent");
	for (unsigned int nth = 1; written.hit && nth < NTH_MAX; nth++) {
		fault_set(nth);
		written.ret = SSL_write(&ssl, bytes, LEN);
		written.hit = fault_end();
		check(written.ret == LEN || written.hit, "SSL_write() without a fault");
		if (written.ret == LEN)
			must(read(ends[1], room, sizeof(room)), "read()");
		must(write(*(int *)arg, &written, sizeof(written)), "telling the parent");
	}
}

/* A call that fails is no event. Which connection it is for may be unknown, but is never wrong. */
static void check_written(const struct records *records)
{
	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *event = event_at(records, i);
		char *payload = joined_payload(records, event);

		check_equal(event->call, SENDTRACE_CALL_SSL_WRITE, "the call");
		check_equal(event->ret, LEN, "what it returned");
		check_equal(event->frag_len + event->cap_len, LEN, "its bytes");
		check(payload[0] == 'x' && payload[LEN - 1] == 'x', "its payload");
		free(payload);
	}
}

void inject_tls_call(void)
{
	struct records records = { 0 };
	size_t points = 0, written = 0;
	struct written result;
	struct tracer tracer;
	uint64_t missed;
	int ends[2];
	pid_t child;

	tls_needs_uprobes();
	/* The child has this name, and our breakpoints, from its beginning. */
	prctl(PR_SET_NAME, "injected");
	open_session(&tracer);
	must(name_to(&tracer, name_of_write()), "TLS");
	tracer_start(&tracer);
	must(pipe(ends), "pipe()");
	child = start_child(write_with_faults, &ends[1]);
	close(ends[1]);
	for (; read(ends[0], &result, sizeof(result)) == sizeof(result); points++)
		written += result.ret == LEN;
	end_child(child);
	tracer_read(&tracer, &records);
	check_records(&records);
	check_written(&records);
	missed = tracer_stats(&tracer).tls_missed;
	check_equal(records.number + missed, written, "events and missed calls");
	check(written < points, "a fault has hit the library's own calls");
	check(written > 1, "a fault has hit something else");
	printf("call of a TLS library: %zu points, %zu calls failed, %llu missed\n",
	       points - 2, points - written, (unsigned long long)missed);
	tracer_close(&tracer);
}
