// SPDX-License-Identifier: GPL-2.0
/* The loop of sendread: when it calls the sink, and what ends it. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "sample.h"
#include "tracer.h"

static struct {
	unsigned int records;
	unsigned int ticks;
	int tick_ms;
	long record_ns;
	int record_error;
} counts;

static int count_record(struct sink *sink, const struct sendtrace_item *item)
{
	const struct timespec pause = { .tv_nsec = counts.record_ns };

	(void)sink;
	(void)item;
	counts.records++;
	if (counts.record_ns)
		nanosleep(&pause, NULL);
	return counts.record_error;
}

static int count_tick(struct sink *sink)
{
	(void)sink;
	counts.ticks++;
	return counts.tick_ms;
}

static int flush_nothing(struct sink *sink)
{
	(void)sink;
	return 0;
}

static const struct sink_ops counting_ops = {
	.record = count_record,
	.tick = count_tick,
	.flush = flush_nothing,
};

static struct sink sink = { &counting_ops };
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
	(void)state;
	counts.tick_ms = 10;
	/* Half a second without a record: each tick ends a wait. */
	assert_int_equal(run(2, 250000000), -ENODATA);
	assert_in_range(counts.ticks, 10, 55);
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
}

static void it_ends_after_the_number_of_lines_that_was_asked_for(void **state)
{
	(void)state;
	counts.tick_ms = -1;
	tracer->options.count = 2;
	assert_int_equal(run(3, 0), 0);
	assert_int_equal(counts.records, 2);
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
		tracer_case(it_ends_after_the_number_of_lines_that_was_asked_for),
	};

	return run_all("tracer", tests);
}
