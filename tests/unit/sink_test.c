// SPDX-License-Identifier: GPL-2.0
/* The table of functions that a program shows records through. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "join.h"
#include "sample_line.h"
#include "sink.h"

static struct sendtrace_item item = { .rec.type = SENDTRACE_RECORD_SEND };

/* ---- A sink that notes its calls -------------------------------------------------- */

static char calls[64];

static int note_record(struct sink *sink, const struct sendtrace_item *shown)
{
	(void)sink;
	assert_ptr_equal(shown, &item);
	strcat(calls, "record ");
	return -EPIPE;
}

static int note_gap(struct sink *sink, const struct sendtrace_item *shown)
{
	(void)sink;
	assert_ptr_equal(shown, &item);
	strcat(calls, "gap ");
	return -ENOSPC;
}

static int note_tick(struct sink *sink)
{
	(void)sink;
	strcat(calls, "tick ");
	return 42;
}

static int note_flush(struct sink *sink)
{
	(void)sink;
	strcat(calls, "flush ");
	return -EIO;
}

static void note_free(struct sink *sink)
{
	(void)sink;
	strcat(calls, "free ");
}

static const struct sink_ops all_ops = {
	.record = note_record,
	.gap = note_gap,
	.tick = note_tick,
	.flush = note_flush,
	.free = note_free,
};

static const struct sink_ops few_ops = {
	.record = note_record,
	.flush = note_flush,
	.free = note_free,
};

static void a_sink_gets_every_call_and_its_answer_counts(void **state)
{
	struct sink sink = { .ops = &all_ops };

	(void)state;
	calls[0] = '\0';
	assert_int_equal(sink_record(&sink, &item), -EPIPE);
	assert_int_equal(sink_gap(&sink, &item), -ENOSPC);
	assert_int_equal(sink_tick(&sink), 42);
	assert_int_equal(sink_flush(&sink), -EIO);
	sink_free(&sink);
	assert_string_equal(calls, "record gap tick flush free ");
}

static void a_sink_may_show_no_gaps_and_want_no_ticks(void **state)
{
	struct sink sink = { .ops = &few_ops };

	(void)state;
	calls[0] = '\0';
	assert_int_equal(sink_gap(&sink, &item), 0);
	assert_int_equal(sink_tick(&sink), -1);
	sink_free(NULL);
	assert_string_equal(calls, "");
}

/* ---- The text sink ---------------------------------------------------------------- */

/* Each keeps its own texts: where the first has one, the second has none. */
static void two_text_sinks_share_nothing(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	static const struct kept_texts nothing;
	struct text *one = NULL, *other = NULL;

	(void)state;
	sample_text_reset(&one, -1);
	sample_text_reset(&other, -1);
	sample_line(one, &sample);
	assert_memory_not_equal(&one->kept, &nothing, sizeof(nothing));
	assert_memory_equal(&other->kept, &nothing, sizeof(nothing));
	assert_int_equal(other->out.used, 0);
	sample_line(other, &sample);
	assert_int_equal(one->out.used, other->out.used);
	assert_memory_equal(one->out.buffer, other->out.buffer, one->out.used);
	sink_free(&one->sink);
	sink_free(&other->sink);
}

static void gaps_are_not_among_the_lines(void **state)
{
	struct text *text = NULL;

	(void)state;
	sample_text_reset(&text, -1);
	item.missing = 5;
	assert_int_equal(sink_gap(&text->sink, &item), 0);
	assert_int_equal(text->out.used, 0);
	sink_free(&text->sink);
}

static void a_payload_that_cannot_be_read_is_shown_as_far_as_it_can_be(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	static struct spill spill;
	struct sendtrace_joined joined = { .tid = 1, .size = 10, .spill = &spill };
	struct sendtrace_item long_item = { .event = sample.event, .joined = &joined };
	struct text *text = NULL;

	(void)state;
	long_item.payload = sample.payload;
	long_item.peer = sample.peer;
	long_item.event.len = 15;
	long_item.event.ret = 15;
	long_item.event.frag_len = 10;
	joined.spilled.first = 1;
	spill.file = memfd_create("fragments", 0);
	assert_int_equal(write(spill.file, "abcd", 4), 4);
	assert_false(sendtrace_is_cut(&long_item));
	sample_text_reset(&text, -1);
	assert_int_equal(sink_record(&text->sink, &long_item), 0);
	text->out.buffer[text->out.used] = '\0';
	assert_non_null(strstr(text->out.buffer, " msg=abcd len=15 "));
	assert_non_null(
		strstr(text->out.buffer, " ret=15 call=sendto cap=4 why=unjoined\n"));
	assert_true(sendtrace_is_cut(&long_item));
	assert_int_equal(sendtrace_why(&long_item), SENDTRACE_WHY_UNJOINED);
	assert_int_equal(spill.error, -EIO);
	sink_free(&text->sink);
	close(spill.file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_sink_gets_every_call_and_its_answer_counts),
		test_case(a_sink_may_show_no_gaps_and_want_no_ticks),
		test_case(two_text_sinks_share_nothing),
		test_case(gaps_are_not_among_the_lines),
		test_case(a_payload_that_cannot_be_read_is_shown_as_far_as_it_can_be),
	};

	return run_all("sink", tests);
}
