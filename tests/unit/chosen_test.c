// SPDX-License-Identifier: GPL-2.0
/* Which events of a saved stream the loop of sendread shows, and what closes know. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "tracer.h"
#include "ways.h"

static unsigned int records;
static uint64_t sent_at_close;
static struct tracer *tracer;

static int count_record(struct sink *sink, const struct sendtrace_item *item)
{
	struct socket_sums of;

	records++;
	if (item->rec.type != SENDTRACE_RECORD_CLOSE)
		return 0;
	sums_of(sink->sums, &item->event, &of);
	sent_at_close += of.sent;
	return 0;
}

static int flush_nothing(struct sink *sink)
{
	(void)sink;
	return 0;
}

static const struct sink_ops counting_ops = {
	.record = count_record,
	.flush = flush_nothing,
};

static struct sink sink = { .ops = &counting_ops };

/* Show a stream of these events, and end it. */
static void run(const struct sample *samples, unsigned int number, uint64_t calls)
{
	unsigned int i;
	int ends[2];
	size_t size;

	records = 0;
	sent_at_close = 0;
	tracer = calloc(1, sizeof(*tracer));
	tracer->sink = &sink;
	tracer->signal_fd = -1;
	tracer->options.calls = calls;
	assert_int_equal(pipe(ends), 0);
	for (i = 0; i < number; i++) {
		unsigned char *record = sample_build(&samples[i], &size);

		assert_int_equal(write(ends[1], record, size), size);
		free(record);
	}
	close(ends[1]);
	assert_int_equal(sendtrace_open_stream(&tracer->trace, ends[0]), 0);
	assert_int_equal(tracer_init(tracer), 0);
	assert_int_equal(tracer_run(tracer), -ENODATA);
	assert_int_equal(tracer->tally.printed, records);
	assert_int_equal(tracer->tally.printed + tracer->tally.skipped, number);
	sendtrace_close(tracer->trace);
	tracer_free(tracer);
	free(tracer);
}

/* One event of each kind, and of each one of a call that only a newer module knows. */
static unsigned int shown_of_kinds(uint64_t calls)
{
	static const uint16_t types[] = {
		SENDTRACE_RECORD_SEND,	   SENDTRACE_RECORD_ACCEPT,
		SENDTRACE_RECORD_RECV,	   SENDTRACE_RECORD_CONNECT,
		SENDTRACE_RECORD_SHUTDOWN, SENDTRACE_RECORD_CLOSE,
	};
	struct sample samples[12];
	unsigned int i;

	for (i = 0; i < 12; i++) {
		samples[i] = sample_send(i, "hello", 5);
		sample_type(&samples[i], types[i % 6]);
		if (i >= 6)
			samples[i].event.call = i % 2 ? UINT16_MAX : SENDTRACE_CALLS;
	}
	run(samples, 12, calls);
	return records;
}

static void only_what_is_chosen_is_shown(void **state)
{
	(void)state;
	assert_int_equal(shown_of_kinds(SENDTRACE_CALLS_ALL), 12);
	assert_int_equal(shown_of_kinds(SENDTRACE_CALL_BIT(SENDTRACE_CALL_RECVFROM)), 1);
	assert_int_equal(shown_of_kinds(SENDTRACE_CALL_BIT(SENDTRACE_CALL_READ)), 0);
	assert_int_equal(shown_of_kinds(SENDTRACE_CALL_BIT(SENDTRACE_CALL_SHUTDOWN) |
					SENDTRACE_CALL_BIT(SENDTRACE_CALL_CONNECT)),
			 2);
}

static void calls_of_a_newer_module_are_shown_where_all_of_their_kind_are(void **state)
{
	(void)state;
	assert_int_equal(shown_of_kinds(ways_default()), 2);
	assert_int_equal(shown_of_kinds(ways_default() &
					~SENDTRACE_CALL_BIT(SENDTRACE_CALL_WRITE)),
			 1);
	assert_int_equal(shown_of_kinds(ways_of_type(SENDTRACE_RECORD_CLOSE)), 2);
}

/* Also of what is not shown. */
static void closes_know_what_was_sent_before(void **state)
{
	static const uint16_t types[] = { SENDTRACE_RECORD_SEND, SENDTRACE_RECORD_SEND,
					  SENDTRACE_RECORD_CLOSE, SENDTRACE_RECORD_SEND,
					  SENDTRACE_RECORD_CLOSE };
	struct sample samples[5];
	unsigned int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		samples[i] = sample_send(i, "hello", i == 3 ? 1 : 5);
		sample_type(&samples[i], types[i]);
		samples[i].event.cookie = 7;
	}
	run(samples, 5, ways_of_type(SENDTRACE_RECORD_CLOSE));
	assert_int_equal(records, 2);
	assert_int_equal(sent_at_close, 5 + 5 + 1);
	run(samples, 5, SENDTRACE_CALLS_ALL);
	assert_int_equal(records, 5);
	assert_int_equal(sent_at_close, 5 + 5 + 1);
}

/* They need memory. */
static void nothing_is_added_up_without_closes(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sink.sums = NULL;
	run(&sample, 1, ways_default());
	assert_null(sink.sums);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(only_what_is_chosen_is_shown),
		test_case(calls_of_a_newer_module_are_shown_where_all_of_their_kind_are),
		test_case(closes_know_what_was_sent_before),
		test_case(nothing_is_added_up_without_closes),
	};

	return run_all("chosen", tests);
}
