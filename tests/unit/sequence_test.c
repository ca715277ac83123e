// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <string.h>

#include "sendtrace.h"
#include "sequence.h"

static struct sequence sequence;

/* Return: how many events are missing before the record. */
static uint64_t step(uint32_t cpu, uint16_t type, uint64_t seq, uint64_t count)
{
	struct sendtrace_item item = {
		.lost = { .rec = { .type = type, .seq = seq, .cpu = cpu },
			  .count = count },
		.missing = 12345,
	};

	assert_int_equal(sequence_check(&sequence, &item), 0);
	return item.missing;
}

static uint64_t send_step(uint32_t cpu, uint64_t seq)
{
	return step(cpu, SENDTRACE_RECORD_SEND, seq, 0);
}

static int forget(void **state)
{
	(void)state;
	sequence_free(&sequence);
	return 0;
}

static void events_of_each_cpu_are_counted_from_0(void **state)
{
	(void)state;
	assert_int_equal(send_step(0, 0), 0);
	assert_int_equal(send_step(3, 0), 0);
	assert_int_equal(send_step(0, 1), 0);
	assert_int_equal(step(3, SENDTRACE_RECORD_ACCEPT, 1, 0), 0);
	assert_int_equal(send_step(65535, 0), 0);
	assert_int_equal(send_step(3, 2), 0);
}

static void a_lost_record_explains_a_step(void **state)
{
	(void)state;
	assert_int_equal(send_step(0, 0), 0);
	assert_int_equal(step(0, SENDTRACE_RECORD_LOST, 1, 40), 0);
	assert_int_equal(send_step(0, 41), 0);
}

static void a_lost_record_that_reports_too_few_does_not(void **state)
{
	(void)state;
	assert_int_equal(step(0, SENDTRACE_RECORD_LOST, 0, 40), 0);
	assert_int_equal(send_step(0, 41), 1);
	assert_int_equal(send_step(0, 45), 3);
}

static void any_other_gap_is_reported_once_with_its_size(void **state)
{
	(void)state;
	assert_int_equal(send_step(1, 5), 5);
	assert_int_equal(send_step(1, 6), 0);
	assert_int_equal(step(1, SENDTRACE_RECORD_LOST, 17, 3), 10);
	assert_int_equal(send_step(1, 20), 0);
	assert_int_equal(step(1, SENDTRACE_RECORD_FRAGMENT, 23, 0), 2);
	assert_int_equal(send_step(1, 23), 0);
	assert_int_equal(send_step(1, UINT64_MAX), UINT64_MAX - 24);
}

/* How many are missing cannot be known, but it is not 0. */
static void a_step_back_counts_as_one_missing_event(void **state)
{
	(void)state;
	assert_int_equal(send_step(1, 0), 0);
	assert_int_equal(send_step(1, 1), 0);
	assert_int_equal(send_step(1, 1), 1);
	assert_int_equal(send_step(1, 2), 0);
	assert_int_equal(send_step(1, 0), 1);
	assert_int_equal(send_step(1, 1), 0);
}

static void what_follows_an_unknown_type_cannot_be_predicted(void **state)
{
	(void)state;
	assert_int_equal(send_step(0, 0), 0);
	assert_int_equal(step(0, 99, 1, 0), 0);
	assert_int_equal(send_step(0, 1), 0);
	assert_int_equal(step(0, 99, 2, 0), 0);
	assert_int_equal(send_step(0, 3), 0);
	assert_int_equal(send_step(0, 5), 1);
}

#define sequence_case(function) cmocka_unit_test_teardown(function, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sequence_case(events_of_each_cpu_are_counted_from_0),
		sequence_case(a_lost_record_explains_a_step),
		sequence_case(a_lost_record_that_reports_too_few_does_not),
		sequence_case(any_other_gap_is_reported_once_with_its_size),
		sequence_case(a_step_back_counts_as_one_missing_event),
		sequence_case(what_follows_an_unknown_type_cannot_be_predicted),
	};

	return run_all("sequence", tests);
}
