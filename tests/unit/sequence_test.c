// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <string.h>

#include "decode.h"
#include "sequence.h"

static struct sequence sequence;
static uint64_t expected;

static int step(uint32_t cpu, uint16_t type, uint64_t seq, uint64_t count)
{
	struct record record = {
		.lost = { .rec = { .type = type, .seq = seq, .cpu = cpu },
			  .count = count },
	};

	return sequence_check(&sequence, &record, &expected);
}

static int send_step(uint32_t cpu, uint64_t seq)
{
	return step(cpu, SENDTRACE_RECORD_SEND, seq, 0);
}

static int forget(void **state)
{
	(void)state;
	sequence_free(&sequence);
	return 0;
}

static void events_of_each_cpu_count_from_0_on_their_own(void **state)
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

static void a_lost_record_that_tells_too_few_does_not(void **state)
{
	(void)state;
	assert_int_equal(step(0, SENDTRACE_RECORD_LOST, 0, 40), 0);
	assert_int_equal(send_step(0, 41), 1);
	assert_int_equal(expected, 40);
}

static void any_other_step_is_told_once(void **state)
{
	(void)state;
	assert_int_equal(send_step(1, 5), 1);
	assert_int_equal(expected, 0);
	assert_int_equal(send_step(1, 6), 0);
	assert_int_equal(send_step(1, 6), 1);
	assert_int_equal(expected, 7);
	assert_int_equal(send_step(1, 2), 1);
	assert_int_equal(send_step(1, 3), 0);
}

static void what_follows_a_type_that_is_not_known_cannot_be_foretold(void **state)
{
	(void)state;
	assert_int_equal(send_step(0, 0), 0);
	assert_int_equal(step(0, 99, 1, 0), 0);
	assert_int_equal(send_step(0, 1), 0);
	assert_int_equal(step(0, 99, 2, 0), 0);
	assert_int_equal(send_step(0, 3), 0);
	assert_int_equal(send_step(0, 5), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(events_of_each_cpu_count_from_0_on_their_own,
					  forget),
		cmocka_unit_test_teardown(a_lost_record_explains_a_step, forget),
		cmocka_unit_test_teardown(a_lost_record_that_tells_too_few_does_not,
					  forget),
		cmocka_unit_test_teardown(any_other_step_is_told_once, forget),
		cmocka_unit_test_teardown(
			what_follows_a_type_that_is_not_known_cannot_be_foretold, forget),
	};

	return run_all("sequence", tests);
}
