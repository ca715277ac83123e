// SPDX-License-Identifier: GPL-2.0
/* The loop of sendread: when it calls the sink, and what ends it. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "sample.h"
#include "session.h"
#include "signals.h"
#include "tracer.h"
#include "ways.h"

enum {
	MOST_CALLS = 16
};

static struct {
	unsigned int records;
	uint16_t calls[MOST_CALLS];
	unsigned int stop_at;
	unsigned int ticks;
	unsigned int stop_at_tick;
	int tick_ms;
	long record_ns;
	int record_error;
	int flush_error;
	uint64_t unwritten;
} counts;

static int count_record(struct sink *sink, const struct sendtrace_item *item)
{
	const struct timespec pause = { .tv_nsec = counts.record_ns };

	(void)sink;
	if (counts.records < MOST_CALLS)
		counts.calls[counts.records] = item->event.call;
	counts.records++;
	if (counts.stop_at == counts.records)
		signals.stop = 1;
	if (counts.record_ns)
		nanosleep(&pause, NULL);
	return counts.record_error;
}

static int count_tick(struct sink *sink)
{
	(void)sink;
	counts.ticks++;
	if (counts.stop_at_tick == counts.ticks)
		signals.stop = 1;
	return counts.tick_ms;
}

static int flush_nothing(struct sink *sink)
{
	(void)sink;
	return counts.records < 3 ? 0 : counts.flush_error;
}

static uint64_t say_unwritten(const struct sink *sink)
{
	(void)sink;
	return counts.unwritten;
}

static const struct sink_ops counting_ops = {
	.record = count_record,
	.tick = count_tick,
	.flush = flush_nothing,
	.unwritten = say_unwritten,
};

static struct sink sink = { .ops = &counting_ops };
static struct tracer *tracer;
static pid_t writer;

static void write_sends(int fd, unsigned int number, long pause_ns)
{
	const struct timespec pause = { .tv_nsec = pause_ns };
	unsigned int seq;

	for (seq = 0; seq < number; seq++) {
		struct sample sample = sample_send(seq, "hello", 5);
		size_t size;
		unsigned char *record = sample_build(&sample, &size);

		if (write(fd, record, size) != (ssize_t)size)
			_exit(1);
		free(record);
		if (pause_ns)
			nanosleep(&pause, NULL);
	}
}

static enum sendtrace_order order;

/* Run on a pipe, into which a child writes. Return: as tracer_run(). */
static int run(unsigned int number, long pause_ns)
{
	int ends[2], status, err;

	assert_int_equal(pipe(ends), 0);
	writer = fork();
	if (writer == 0) {
		close(ends[0]);
		write_sends(ends[1], number, pause_ns);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(sendtrace_open_stream(&tracer->trace, ends[0]), 0);
	assert_int_equal(sendtrace_set_order(tracer->trace, order, 0), 0);
	err = tracer_run(tracer);
	sendtrace_close(tracer->trace);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	return err;
}

static int make_tracer(void **state)
{
	(void)state;
	memset(&counts, 0, sizeof(counts));
	tracer = calloc(1, sizeof(*tracer));
	tracer->sink = &sink;
	tracer->options.calls = ways_default();
	tracer->signal_fd = -1;
	return 0;
}

static int free_tracer(void **state)
{
	(void)state;
	free(tracer);
	return 0;
}

static void a_tick_that_is_not_due_is_not_called(void **state)
{
	(void)state;
	counts.tick_ms = 1000000;
	assert_int_equal(run(20, 3000000), -ENODATA);
	assert_int_equal(counts.records, 20);
	assert_int_equal(counts.ticks, 1);
}

static void a_sink_that_wants_no_more_ticks_gets_none(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	assert_int_equal(run(20, 3000000), -ENODATA);
	assert_int_equal(counts.ticks, 1);
}

static void a_tick_is_called_again_when_it_is_due(void **state)
{
	int64_t begin = clock_ms();
	int ends[2];

	(void)state;
	counts.tick_ms = 10;
	counts.stop_at_tick = 10;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(sendtrace_open_stream(&tracer->trace, ends[0]), 0);
	/* No record comes: each tick ends a wait. */
	assert_int_equal(tracer_run(tracer), 0);
	signals.stop = 0;
	assert_int_equal(counts.ticks, 10);
	assert_true(clock_ms() - begin >= 9 * 10);
	sendtrace_close(tracer->trace);
	close(ends[1]);
}

/* The pipe holds what is not read yet: it is never empty, so that nothing waits. */
static void ticks_go_on_while_records_keep_coming(void **state)
{
	(void)state;
	counts.tick_ms = 5;
	counts.record_ns = 20000;
	assert_int_equal(run(4096, 0), -ENODATA);
	assert_int_equal(counts.records, 4096);
	assert_true(counts.ticks >= 4);
}

static void an_error_of_the_sink_ends_it(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	counts.record_error = -ENOSPC;
	assert_int_equal(run(3, 0), -ENOSPC);
	assert_int_equal(counts.records, 1);
	assert_true(tracer->output_failed);
	assert_int_equal(tracer->tally.printed, 0);
	assert_int_equal(tracer->tally.unprinted, 1);
}

/* The sink says that of the lines which it took before, some did not get out. */
static void lines_that_did_not_get_out_do_not_count_as_printed(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	counts.flush_error = -ENOSPC;
	counts.unwritten = 2;
	assert_int_equal(run(3, 0), -ENOSPC);
	assert_int_equal(tracer->tally.printed, 1);
	assert_int_equal(tracer->tally.unprinted, 2);
}

static void it_ends_after_the_number_of_lines_that_was_asked_for(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	tracer->options.count = 2;
	assert_int_equal(run(3, 0), 0);
	assert_int_equal(counts.records, 2);
}

static void a_stream_that_is_stopped_before_its_end_is_partial(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	counts.stop_at = 2;
	assert_int_equal(run(3, 0), 0);
	signals.stop = 0;
	assert_int_equal(counts.records, 2);
	assert_true(tracer->partial);
}

static void a_stream_of_which_enough_was_shown_is_not_partial(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	tracer->options.count = 2;
	assert_int_equal(run(3, 0), 0);
	assert_false(tracer->partial);
}

/* It is read to its end before its first record is shown. */
static void a_sorted_stream_that_is_stopped_after_its_end_is_not_partial(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	counts.stop_at = 1;
	order = SENDTRACE_ORDER_CAUSAL;
	assert_int_equal(run(3, 0), -ENODATA);
	order = SENDTRACE_ORDER_RETURN;
	signals.stop = 0;
	assert_int_equal(counts.records, 3);
	assert_false(tracer->partial);
}

/* ---- A saved stream with calls of TLS libraries ------------------------------------- */

static const struct {
	uint16_t type;
	uint16_t call;
} mixed[] = {
	{ SENDTRACE_RECORD_SEND, SENDTRACE_CALL_SENDTO },
	{ SENDTRACE_RECORD_SEND, SENDTRACE_CALL_SSL_WRITE },
	{ SENDTRACE_RECORD_RECV, SENDTRACE_CALL_RECVFROM },
	{ SENDTRACE_RECORD_RECV, SENDTRACE_CALL_SSL_READ },
	{ SENDTRACE_RECORD_SEND, SENDTRACE_CALL_GNUTLS_SEND },
	{ SENDTRACE_RECORD_SEND, SENDTRACE_CALL_WRITE },
	{ SENDTRACE_RECORD_SEND, SENDTRACE_CALLS + 1 }, /* of a newer module */
};

static void write_mixed(int fd)
{
	size_t i, size;

	for (i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++) {
		struct sample sample = sample_send(i, "hello", 5);
		unsigned char *record;

		sample_type(&sample, mixed[i].type);
		sample.event.call = mixed[i].call;
		record = sample_build(&sample, &size);
		assert_int_equal(write(fd, record, size), size);
		free(record);
	}
}

/* Is exactly this shown of it, in this order? The list ends with 0. */
static void shows(char *options, const uint16_t *calls)
{
	char *argv[] = { "sendread", "--device=-", options, NULL };
	int ends[2], i;

	assert_int_equal(options_parse(&tracer->options, options ? 3 : 2, argv), 0);
	memset(&counts, 0, sizeof(counts));
	counts.tick_ms = -1;
	assert_int_equal(pipe(ends), 0);
	write_mixed(ends[1]);
	close(ends[1]);
	assert_int_equal(sendtrace_open_stream(&tracer->trace, ends[0]), 0);
	assert_int_equal(tracer_run(tracer), -ENODATA);
	sendtrace_close(tracer->trace);
	for (i = 0; calls[i]; i++)
		assert_int_equal(counts.calls[i], calls[i]);
	assert_int_equal(counts.records, i);
}

static void calls_of_tls_libraries_are_shown_where_they_are_asked_for(void **state)
{
	enum {
		SENDTO = SENDTRACE_CALL_SENDTO,
		WRITE = SENDTRACE_CALL_WRITE,
		RECVFROM = SENDTRACE_CALL_RECVFROM,
		SSL_WRITE = SENDTRACE_CALL_SSL_WRITE,
		SSL_READ = SENDTRACE_CALL_SSL_READ,
		GNUTLS_SEND = SENDTRACE_CALL_GNUTLS_SEND,
		NEWER = SENDTRACE_CALLS + 1
	};

	(void)state;
	shows(NULL, (uint16_t[]){ SENDTO, WRITE, NEWER, 0 });
	shows("--tls", (uint16_t[]){ SSL_WRITE, SSL_READ, GNUTLS_SEND, 0 });
	shows("-eSSL_read", (uint16_t[]){ SSL_READ, 0 });
	shows("-erecv", (uint16_t[]){ RECVFROM, 0 });
	shows("-eall", (uint16_t[]){ SENDTO, RECVFROM, WRITE, NEWER, 0 });
	shows("-esend,SSL_write", (uint16_t[]){ SENDTO, SSL_WRITE, WRITE, NEWER, 0 });
}

/* Which events are shown without another look at them. */
static void only_calls_that_are_all_asked_for_are_plain(void **state)
{
	(void)state;
	shows("-esend", (uint16_t[]){ SENDTRACE_CALL_SENDTO, SENDTRACE_CALL_WRITE,
				      SENDTRACE_CALLS + 1, 0 });
	assert_int_equal(tracer->plain_types, 1 << SENDTRACE_RECORD_SEND);
	assert_int_equal(tracer->plain_call, SENDTRACE_CALL_CLOSE);
	tracer->options.calls = ways_default() | ways_tls();
	assert_int_equal(run(3, 0), -ENODATA);
	assert_int_equal(tracer->plain_call, UINT16_MAX);
	tracer->options.calls = ways_tls();
	assert_int_equal(run(3, 0), -ENODATA);
	assert_int_equal(tracer->plain_types, 0);
}

/* ---- A session -------------------------------------------------------------------- */

/*
 * @left records come before the stop, and @rest after it, each behind a call that returns 0.
 */
static struct {
	unsigned int left;
	unsigned int rest;
	bool paused;
	bool stopped;
	unsigned int asked;
	struct sendtrace_event *event;
	struct sendtrace_record rec;
} session;

static int session_next(struct source *source, const void **from,
			const struct sendtrace_record **rec,
			struct sendtrace_fault *fault)
{
	unsigned int *left = session.stopped ? &session.rest : &session.left;

	(void)source;
	(void)fault;
	session.paused = session.stopped && !session.paused;
	if (session.paused)
		return 0;
	if (*left == 0)
		return session.stopped ? -ENODATA : 0;
	--*left;
	session.rec = session.event->rec;
	session.event->rec.seq++;
	*from = session.event;
	*rec = &session.rec;
	return 1;
}

static int session_stop(struct source *source)
{
	(void)source;
	session.stopped = true;
	return 0;
}

static int session_stats(struct source *source, struct sendtrace_stats *stats)
{
	(void)source;
	session.asked++;
	*stats = (struct sendtrace_stats){ .captured = 7, .lost = { 5 } };
	return 0;
}

static const struct source_ops session_ops = {
	.stop = session_stop,
	.stats = session_stats,
};

static uint16_t session_type = SENDTRACE_RECORD_SEND;

/* Return: as tracer_run(). */
static int run_session(unsigned int left, unsigned int rest)
{
	struct source source = { .ops = &session_ops, .next = session_next };
	struct sendtrace trace = { .source = &source };
	struct sample sample = sample_send(0, "hello", 5);
	size_t size;
	int err;

	memset(&session, 0, sizeof(session));
	session.left = left;
	session.rest = rest;
	session.event = (struct sendtrace_event *)sample_build(&sample, &size);
	session.event->rec.type = session_type;
	session.event->call = session_type == SENDTRACE_RECORD_SEND ?
				      SENDTRACE_CALL_SENDTO :
				      SENDTRACE_CALL_ACCEPT;
	tracer->trace = &trace;
	counts.tick_ms = -1;
	err = tracer_run(tracer);
	sequence_free(&trace.sequence);
	free(session.event);
	return err;
}

static void counters_are_asked_each_second_while_records_keep_coming(void **state)
{
	(void)state;
	counts.record_ns = 500000;
	tracer->options.count = 4096;
	assert_int_equal(run_session(4096, 0), 0);
	/* At the beginning, after a second, and at the end. */
	assert_true(session.asked >= 3);
}

static void the_rest_of_a_session_is_shown_up_to_its_last_record(void **state)
{
	(void)state;
	signals.stop = 1;
	assert_int_equal(run_session(4, 7), -ENODATA);
	signals.stop = 0;
	assert_int_equal(counts.records, 7);
	assert_int_equal(tracer->tally.unprinted, 0);
	assert_int_equal(tracer->tally.counted.lost[0], 5);
}

static void events_that_are_not_to_be_printed_are_not_missing(void **state)
{
	(void)state;
	session_type = SENDTRACE_RECORD_ACCEPT;
	signals.stop = 1;
	assert_int_equal(run_session(4, 7), -ENODATA);
	signals.stop = 0;
	session_type = SENDTRACE_RECORD_SEND;
	assert_int_equal(counts.records, 0);
	assert_int_equal(tracer->tally.unprinted, 0);
}

#define tracer_case(function) \
	cmocka_unit_test_setup_teardown(function, make_tracer, free_tracer)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tracer_case(a_tick_that_is_not_due_is_not_called),
		tracer_case(a_sink_that_wants_no_more_ticks_gets_none),
		tracer_case(a_tick_is_called_again_when_it_is_due),
		tracer_case(ticks_go_on_while_records_keep_coming),
		tracer_case(an_error_of_the_sink_ends_it),
		tracer_case(lines_that_did_not_get_out_do_not_count_as_printed),
		tracer_case(it_ends_after_the_number_of_lines_that_was_asked_for),
		tracer_case(a_stream_that_is_stopped_before_its_end_is_partial),
		tracer_case(a_stream_of_which_enough_was_shown_is_not_partial),
		tracer_case(a_sorted_stream_that_is_stopped_after_its_end_is_not_partial),
		tracer_case(calls_of_tls_libraries_are_shown_where_they_are_asked_for),
		tracer_case(only_calls_that_are_all_asked_for_are_plain),
		tracer_case(counters_are_asked_each_second_while_records_keep_coming),
		tracer_case(the_rest_of_a_session_is_shown_up_to_its_last_record),
		tracer_case(events_that_are_not_to_be_printed_are_not_missing),
	};

	return run_all("tracer", tests);
}
