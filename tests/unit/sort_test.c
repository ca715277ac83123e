// SPDX-License-Identifier: GPL-2.0
/* What is held back, and for how long: the clock is the test's. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decode_record.h"
#include "number.h"
#include "sample.h"
#include "sort.h"

enum {
	MS = 1000000,
	WINDOW = 100 * MS,
};

/* Of a record's clock, and of ours: they have nothing to do with each other. */
static const uint64_t BEGIN = 7000ull * MS, NOW = 123456ull * MS;

static struct sort sort;
static const struct sendtrace_item *item;

static int begin(void **state)
{
	(void)state;
	sort_init(&sort, WINDOW, -1, SORT_MEMORY);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sort_free(&sort);
	return 0;
}

/* Milliseconds after BEGIN. */
static uint64_t at(int64_t ms)
{
	return (uint64_t)((int64_t)BEGIN + ms * MS);
}

static ssize_t push_bytes(const void *bytes, size_t size)
{
	struct sendtrace_fault fault;
	struct sendtrace_item next;

	assert_int_equal(decode_record(bytes, size, &next, &fault), 0);
	return sort_push(&sort, &next);
}

static ssize_t push_sized(uint16_t type, int64_t enter, int64_t leave, size_t payload)
{
	static const unsigned char bytes[100000];
	struct sample sample = sample_send(0, bytes, payload);
	unsigned char *record;
	ssize_t answer;
	size_t size;

	sample_type(&sample, type);
	sample.event.enter_time = at(enter);
	sample.event.exit_time = at(leave);
	/* What is copied late is recorded after the return. */
	sample.event.rec.time = at(leave) + 10;
	record = sample_build(&sample, &size);
	answer = push_bytes(record, size);
	free(record);
	return answer;
}

static void push(int64_t enter, int64_t leave)
{
	assert_true(push_sized(SENDTRACE_RECORD_SEND, enter, leave, 5) > 0);
}

static void push_accept(int64_t enter, int64_t leave)
{
	assert_true(push_sized(SENDTRACE_RECORD_ACCEPT, enter, leave, 0) > 0);
}

static void assert_pop(int64_t enter)
{
	assert_int_equal(sort_pop(&sort, &item), 1);
	assert_int_equal(item->event.enter_time, at(enter));
}

static void assert_waits(void)
{
	assert_int_equal(sort_pop(&sort, &item), 0);
}

static void a_request_comes_before_its_answer(void **state)
{
	(void)state;
	push(2, 3); /* the answer */
	push(1, 4); /* the request, whose sender had to wait for a CPU */
	assert_waits();
	sort_end(&sort, -ENODATA);
	assert_pop(1);
	assert_pop(2);
	assert_int_equal(sort_pop(&sort, &item), -ENODATA);
	assert_int_equal(sort.stats.late, 0);
}

static void accepts_stand_at_their_return_and_losses_at_their_time(void **state)
{
	struct sendtrace_lost lost = sample_lost(0, 5);

	(void)state;
	lost.rec.time = at(25);
	push_accept(10, 30);
	push(20, 40);
	assert_true(push_bytes(&lost, sizeof(lost)) > 0);
	sort_end(&sort, -ENODATA);
	assert_pop(20);
	assert_int_equal(sort_pop(&sort, &item), 1);
	assert_int_equal(item->rec.type, SENDTRACE_RECORD_LOST);
	assert_int_equal(item->lost.count, 5);
	assert_pop(10);
	assert_int_equal(item->rec.type, SENDTRACE_RECORD_ACCEPT);
}

/* Each caused by the one before it, whose call returns last. */
static void each_kind_of_call_stands_where_it_has_its_effect_or_its_cause(void **state)
{
	static const uint16_t types[] = {
		SENDTRACE_RECORD_CONNECT,  SENDTRACE_RECORD_ACCEPT,
		SENDTRACE_RECORD_SEND,	   SENDTRACE_RECORD_RECV,
		SENDTRACE_RECORD_SHUTDOWN, SENDTRACE_RECORD_CLOSE,
	};
	int i, step = 10;

	(void)state;
	for (i = 5; i >= 0; i--) {
		bool by_exit = types[i] == SENDTRACE_RECORD_ACCEPT ||
			       types[i] == SENDTRACE_RECORD_RECV ||
			       types[i] == SENDTRACE_RECORD_CLOSE;

		assert_true(push_sized(types[i], by_exit ? 0 : step * i,
				       by_exit ? step * i : 100, 5) > 0);
	}
	sort_end(&sort, -ENODATA);
	for (i = 0; i < 6; i++) {
		assert_int_equal(sort_pop(&sort, &item), 1);
		assert_int_equal(item->rec.type, types[i]);
	}
}

static void a_later_record_releases_what_is_older_by_the_window(void **state)
{
	(void)state;
	push(0, 1);
	push(50, 99);
	assert_waits();
	push(95, 100);
	assert_pop(0);
	assert_waits();
	push(199, 250);
	assert_pop(50);
	assert_pop(95);
	assert_waits();
}

static void time_passes_while_nothing_comes(void **state)
{
	(void)state;
	sort_empty(&sort, NOW - 1000ull * MS);
	assert_int_equal(sort_timeout(&sort, NOW), -1);
	push(0, 10);
	assert_waits();
	/* The record is 10 ms old when it comes; the source is empty from then on. */
	assert_int_equal(sort_timeout(&sort, NOW), 90);
	sort_empty(&sort, NOW);
	assert_waits();
	assert_int_equal(sort_timeout(&sort, NOW), 90);
	assert_int_equal(sort_timeout(&sort, NOW + 30 * MS - 20), 61);
	sort_empty(&sort, NOW + 89 * MS);
	assert_waits();
	sort_empty(&sort, NOW + 90 * MS);
	assert_pop(0);
	assert_int_equal(sort_timeout(&sort, NOW + 90 * MS), -1);
	assert_int_equal(sort.stats.late + sort.stats.early, 0);
}

/* A reader that was not scheduled for long: the clock alone does not release anything. */
static void time_does_not_pass_while_there_is_something_to_read(void **state)
{
	(void)state;
	push(5, 10);
	sort_empty(&sort, NOW);
	assert_waits();
	/* A second later, and there is more. */
	push(4, 30);
	assert_waits();
	sort_empty(&sort, NOW + 1000 * MS);
	assert_waits();
	assert_int_equal(sort_timeout(&sort, NOW + 1000 * MS), 74);
	sort_empty(&sort, NOW + 1074 * MS);
	assert_pop(4);
	assert_waits();
}

static void what_comes_later_than_the_window_is_shown_at_once_and_counted(void **state)
{
	(void)state;
	push(0, 10);
	push(150, 160);
	assert_pop(0);
	push(150, 400);
	assert_pop(150);
	assert_pop(150);
	assert_int_equal(sort.stats.late, 0);
	push(149, 401);
	assert_pop(149);
	assert_int_equal(sort.stats.late, 1);
	push(350, 402);
	assert_waits();
	assert_int_equal(sort.stats.late, 1);
}

static void beyond_its_memory_a_window_releases_the_oldest_and_counts_them(void **state)
{
	ssize_t cost = 0;
	int i, given = 0;

	(void)state;
	sort.memory = 64 << 10;
	for (i = 0; i < 1000; i++) {
		cost = push_sized(SENDTRACE_RECORD_SEND, 1000 - i / 50, 1000, 100);
		assert_true(cost > 0);
		while (sort_pop(&sort, &item))
			given++;
		assert_true(sort.used <= sort.memory);
	}
	assert_in_range(1000 - given, sort.memory / (size_t)cost - 1,
			sort.memory / (size_t)cost);
	assert_int_equal(sort.stats.early, given);
	sort_end(&sort, -ENODATA);
	while (sort_pop(&sort, &item) == 1)
		given++;
	assert_int_equal(given, 1000);
	assert_int_equal(sort.used, 0);
}

static void an_item_larger_than_the_window_s_memory_does_not_wait(void **state)
{
	(void)state;
	sort.memory = 4096;
	push(5, 10);
	assert_true(push_sized(SENDTRACE_RECORD_SEND, 7, 11, 100000) > 100000);
	assert_pop(5);
	assert_pop(7);
	assert_int_equal(sendtrace_payload_size(item), 100000);
	assert_waits();
	assert_int_equal(sort.stats.early, 2);
}

static void a_window_goes_on_when_more_comes_after_its_end(void **state)
{
	(void)state;
	push(0, 1);
	sort_end(&sort, -ENODATA);
	assert_pop(0);
	assert_int_equal(sort_pop(&sort, &item), -ENODATA);
	sort_resume(&sort);
	push(2, 3);
	assert_waits();
	sort_end(&sort, -EIO);
	sort_end(&sort, -ENODATA);
	assert_pop(2);
	assert_int_equal(sort_pop(&sort, &item), -EIO);
}

static void times_at_the_ends_of_their_range_are_times(void **state)
{
	(void)state;
	sort.window = UINT64_MAX;
	push(0, 1);
	sort_empty(&sort, 0);
	sort_empty(&sort, UINT64_MAX);
	assert_int_equal(sort_timeout(&sort, 5), INT_MAX);
	sort.window = 1;
	push(1, 2);
	assert_pop(0);
	assert_pop(1);
}

/* However long it is: its disorder is far smaller than the memory. */
static void a_stream_that_is_nearly_sorted_is_written_as_one_run(void **state)
{
	char path[] = "/tmp/sort-XXXXXX";
	int64_t i;

	(void)state;
	sort_free(&sort);
	sort_init(&sort, 0, mkstemp(path), 20000);
	unlink(path);
	for (i = 0; i < 3000; i++)
		assert_true(push_sized(SENDTRACE_RECORD_SEND, i / 10 - i % 3, i, 9) > 0);
	assert_int_equal(sort.runs.number, 1);
	sort_end(&sort, -ENODATA);
	for (i = 0; i < 3000;)
		i += sort_pop(&sort, &item);
	assert_int_equal(sort_pop(&sort, &item), -ENODATA);
}

/* write() to this device fails with ENOSPC. */
static void a_full_disk_is_an_error(void **state)
{
	ssize_t answer;

	(void)state;
	sort_free(&sort);
	sort_init(&sort, 0, open("/dev/full", O_RDWR), 4096);
	do {
		answer = push_sized(SENDTRACE_RECORD_SEND, 1, 1, 500);
		assert_true(sort.used <= 4096);
	} while (answer > 0);
	assert_int_equal(answer, -ENOSPC);
	assert_int_equal(sort.stats.error, -ENOSPC);
}

/* The sanitizer would end the program otherwise. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void a_lack_of_memory_is_no_error_of_the_file(void **state)
{
	ssize_t answer;

	(void)state;
	sort_free(&sort);
	sort_init(&sort, 0, open("/dev/full", O_RDWR), 4096);
	/* There is no memory for its buffer. */
	sort.runs.buffer_size = SIZE_MAX / 2;
	do {
		answer = push_sized(SENDTRACE_RECORD_SEND, 1, 1, 500);
	} while (answer > 0);
	assert_int_equal(answer, -ENOMEM);
	assert_int_equal(sort.stats.error, 0);
}

/* At the end, when what is left in memory is written. */
static void a_full_disk_is_an_error_at_the_end_too(void **state)
{
	int answer;

	(void)state;
	sort_free(&sort);
	sort_init(&sort, 0, open("/dev/full", O_RDWR), 20000);
	while (!sort.spilled)
		assert_true(push_sized(SENDTRACE_RECORD_SEND, 1, 1, 500) > 0);
	sort_end(&sort, -ENODATA);
	do {
		answer = sort_pop(&sort, &item);
	} while (answer == 0);
	assert_int_equal(answer, -ENOSPC);
	assert_int_equal(sort.stats.error, -ENOSPC);
}

static void a_window_is_written_with_its_unit(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} good[] = {
		{ "100ms", 100 * MS },	  { "0.5s", 500 * MS },
		{ "2s", 2000ull * MS },	  { "2", 2000ull * MS },
		{ ".25", 250 * MS },	  { "0.001ms", 1000 },
		{ "60s", 60000ull * MS }, { "60000ms", 60000ull * MS },
	};
	static const char *const bad[] = {
		"",	 "0",		"0ms",
		"ms",	 "s",		"1m",
		"1 s",	 "-1s",		"60.1",
		"1ss",	 "60001ms",	"1us",
		"1.2.3", "0.0000009ms", "+1s",
		"1e3",	 "1msx",	"0.00000000000000000000000000000000000000001s",
	};
	uint64_t ns;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(number_parse_time(good[i].text, 60, &ns), 0);
		assert_int_equal(ns, good[i].ns);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (number_parse_time(bad[i], 60, &ns) != -EINVAL)
			fail_msg("'%s' was taken for %llu ns", bad[i],
				 (unsigned long long)ns);
}

#define sort_case(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sort_case(a_request_comes_before_its_answer),
		sort_case(each_kind_of_call_stands_where_it_has_its_effect_or_its_cause),
		sort_case(accepts_stand_at_their_return_and_losses_at_their_time),
		sort_case(a_later_record_releases_what_is_older_by_the_window),
		sort_case(time_passes_while_nothing_comes),
		sort_case(time_does_not_pass_while_there_is_something_to_read),
		sort_case(what_comes_later_than_the_window_is_shown_at_once_and_counted),
		sort_case(beyond_its_memory_a_window_releases_the_oldest_and_counts_them),
		sort_case(an_item_larger_than_the_window_s_memory_does_not_wait),
		sort_case(a_window_goes_on_when_more_comes_after_its_end),
		sort_case(times_at_the_ends_of_their_range_are_times),
		sort_case(a_stream_that_is_nearly_sorted_is_written_as_one_run),
		sort_case(a_full_disk_is_an_error),
		sort_case(a_lack_of_memory_is_no_error_of_the_file),
		sort_case(a_full_disk_is_an_error_at_the_end_too),
		test_case(a_window_is_written_with_its_unit),
	};

	return run_all("sort", tests);
}
