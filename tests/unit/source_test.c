// SPDX-License-Identifier: GPL-2.0
/* A handle and its source: what goes through the table, and what the handle adds. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "merge.h"
#include "sample.h"
#include "session.h"

/* What the source below returns next, and what it was asked. */
static struct {
	const void *record;
	struct sendtrace_record rec;
	int got;
	unsigned int placed;
	unsigned int stopped;
} fake;

static int fake_next(struct source *source, const void **from,
		     const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	(void)source;
	(void)fault;
	*from = fake.record;
	*rec = &fake.rec;
	return fake.got;
}

static void fake_place(const struct source *source, struct sendtrace_fault *fault)
{
	(void)source;
	fake.placed++;
	strcpy(fault->where, "here");
}

static int fake_stop(struct source *source)
{
	(void)source;
	fake.stopped++;
	return -EALREADY;
}

static int fake_poll_after(struct source *source, const struct pollfd *fd)
{
	(void)source;
	return fd->revents & POLLHUP ? -ENODEV : 0;
}

static const struct source_ops fake_ops = {
	.hint = "",
	.place = fake_place,
	.stop = fake_stop,
	.poll_after = fake_poll_after,
};

static struct source source = { .ops = &fake_ops, .next = fake_next };
static struct sendtrace trace = { .source = &source };
static const struct sendtrace_item *item;

static int make_handle(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	join_init(&trace.join);
	return 0;
}

static int free_handle(void **state)
{
	(void)state;
	sequence_free(&trace.sequence);
	join_free(&trace.join);
	return 0;
}

static unsigned char *give(struct sample *sample)
{
	size_t size;
	unsigned char *record = sample_build(sample, &size);

	fake.record = record;
	memcpy(&fake.rec, record, sizeof(fake.rec));
	fake.got = 1;
	return record;
}

static void what_the_source_says_is_passed_on(void **state)
{
	static const int answers[] = { 0, -ENODATA, -EIO, -EBADMSG };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		fake.got = answers[i];
		assert_int_equal(sendtrace_next(&trace, &item), answers[i]);
	}
	assert_int_equal(fake.placed, 0);
	assert_int_equal(sendtrace_stop(&trace), -EALREADY);
	assert_int_equal(fake.stopped, 1);
	assert_int_equal(sendtrace_poll_after(&trace, &(struct pollfd){ 0 }), 0);
	assert_int_equal(sendtrace_poll_after(&trace,
					      &(struct pollfd){ .revents = POLLHUP }),
			 -ENODEV);
}

static void the_source_learns_that_records_keep_coming(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	unsigned char *record = give(&sample);

	(void)state;
	source.busy = false;
	fake.got = 0;
	assert_int_equal(sendtrace_next(&trace, &item), 0);
	assert_false(source.busy);
	fake.got = 1;
	assert_int_equal(sendtrace_next(&trace, &item), 1);
	assert_true(source.busy);
	free(record);
}

static void a_record_that_makes_no_sense_is_placed_by_its_source(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	unsigned char *record;

	(void)state;
	sample.event.ret = -5000;
	record = give(&sample);
	assert_int_equal(sendtrace_next(&trace, &item), -EBADMSG);
	assert_int_equal(fake.placed, 1);
	assert_string_equal(sendtrace_get_fault(&trace)->where, "here");
	assert_non_null(strstr(sendtrace_get_fault(&trace)->text, "ret is -5000"));
	free(record);
}

static void rings_without_records_have_an_end_once_it_was_announced(void **state)
{
	const struct sendtrace_record *rec;
	struct sendtrace_fault fault;
	struct merge merge;
	const void *from;

	(void)state;
	assert_int_equal(merge_init(&merge, 1), 0);
	assert_int_equal(merge_next(&merge, &from, &rec, &fault), 0);
	merge.ended = true;
	assert_int_equal(merge_next(&merge, &from, &rec, &fault), -ENODATA);
	merge_free(&merge);
}

#define source_case(function) \
	cmocka_unit_test_setup_teardown(function, make_handle, free_handle)

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_case(what_the_source_says_is_passed_on),
		source_case(the_source_learns_that_records_keep_coming),
		source_case(a_record_that_makes_no_sense_is_placed_by_its_source),
		test_case(rings_without_records_have_an_end_once_it_was_announced),
	};

	return run_all("source", tests);
}
