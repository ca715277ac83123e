// SPDX-License-Identifier: GPL-2.0
/* Handles whose records are sorted: beginning, waiting, errors and the end. */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "calls.h"
#include "order.h"
#include "sample.h"
#include "unnamed.h"

enum {
	PAGE = 4096,
};

static struct sendtrace *trace;
static const struct sendtrace_item *item;
static int feed;

static int open_pipe(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	feed = ends[1];
	return sendtrace_open_stream(&trace, ends[0]);
}

static int close_pipe(void **state)
{
	(void)state;
	close(feed);
	sendtrace_close(trace);
	return 0;
}

static void feed_send(uint64_t seq, uint64_t enter, uint64_t leave)
{
	struct sample sample = sample_send(seq, "hello", 5);
	unsigned char *record;
	size_t size;

	sample.event.enter_time = enter;
	sample.event.exit_time = leave;
	sample.event.rec.time = leave;
	record = sample_build(&sample, &size);
	assert_int_equal(write(feed, record, size), size);
	free(record);
}

static void assert_next(uint64_t enter)
{
	assert_int_equal(sendtrace_next(trace, &item), 1);
	assert_int_equal(item->event.enter_time, enter);
}

/* Wait as a program does, until there is an item or an end. */
static int next_or_wait(void)
{
	int answer;

	while ((answer = sendtrace_next(trace, &item)) == 0)
		assert_int_equal(sendtrace_wait(trace, -1), 0);
	return answer;
}

static void nothing_is_shown_of_a_whole_stream_before_its_end(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), 0);
	feed_send(0, 200, 300);
	feed_send(1, 100, 400);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	close(feed);
	feed = -1;
	assert_next(100);
	assert_next(200);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
}

static void what_was_held_back_is_shown_after_a_stop(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), 0);
	feed_send(0, 200, 300);
	feed_send(1, 100, 400);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	feed_send(2, 50, 500);
	assert_int_equal(sendtrace_stop(trace), 0);
	assert_next(100);
	assert_next(200);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
}

static void a_window_goes_on_after_stop_and_start(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, UINT64_MAX),
			 0);
	feed_send(0, 200, 300);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	assert_int_equal(sendtrace_stop(trace), 0);
	assert_next(200);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
	feed_send(1, 100, 400);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	assert_int_equal(sendtrace_stop(trace), 0);
	assert_next(100);
}

static void an_error_comes_behind_what_was_read_before_it(void **state)
{
	static const char zeros[64];

	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), 0);
	feed_send(0, 200, 300);
	feed_send(1, 100, 400);
	assert_int_equal(write(feed, zeros, sizeof(zeros)), sizeof(zeros));
	assert_next(100);
	assert_next(200);
	assert_int_equal(sendtrace_next(trace, &item), -EBADMSG);
	assert_non_null(strstr(sendtrace_get_fault(trace)->text, "size is 0, expected"));
	assert_int_equal(sendtrace_next(trace, &item), -EBADMSG);
}

/* A pipe whose writer stays, and nothing else comes: the wait ends by itself. */
static void a_lone_record_is_shown_when_the_window_has_passed(void **state)
{
	struct pollfd fd;
	int timeout = -1;

	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, 20000000), 0);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	sendtrace_poll_before(trace, &fd, &timeout);
	assert_int_equal(timeout, -1);
	feed_send(0, 200, 300);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	sendtrace_poll_before(trace, &fd, &timeout);
	assert_in_range(timeout, 0, 20);
	timeout = 0;
	sendtrace_poll_before(trace, &fd, &timeout);
	assert_int_equal(timeout, 0);
	assert_int_equal(next_or_wait(), 1);
	assert_int_equal(item->event.enter_time, 200);
	timeout = -1;
	sendtrace_poll_before(trace, &fd, &timeout);
	assert_int_equal(timeout, -1);
}

static void a_window_is_emptied_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, UINT64_MAX),
			 0);
	feed_send(0, 200, 300);
	feed_send(1, 100, 400);
	assert_int_equal(sendtrace_next(trace, &item), 0);
	close(feed);
	feed = -1;
	assert_next(100);
	assert_next(200);
	assert_int_equal(sendtrace_next(trace, &item), -ENODATA);
}

/* A call takes no more from the source than it takes little time for. */
static void a_call_returns_after_a_bounded_amount_of_work(void **state)
{
	char path[] = "/tmp/order-XXXXXX";
	struct calls calls = { .number = 5000, .seed = 6 };
	struct sendtrace *file;
	struct pollfd fd;
	int timeout = 1000, empty = 0;

	(void)state;
	calls_write(&calls, path);
	assert_int_equal(sendtrace_open(&file, path), 0);
	unlink(path);
	assert_int_equal(sendtrace_set_order(file, SENDTRACE_ORDER_CAUSAL, 0), 0);
	while (sendtrace_next(file, &item) == 0) {
		empty++;
		sendtrace_poll_before(file, &fd, &timeout);
		assert_int_equal(timeout, 0);
		timeout = 1000;
	}
	assert_true(empty >= 4);
	sendtrace_close(file);
}

static void an_order_that_makes_no_sense_is_refused(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, 0), -EINVAL);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 1), -EINVAL);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_RETURN, 1), -EINVAL);
	assert_int_equal(sendtrace_set_order(trace, (enum sendtrace_order)3, 0), -EINVAL);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_RETURN, 0), 0);
	assert_int_equal(sendtrace_stop(trace), -ENOTTY);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), 0);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), -EBUSY);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_RETURN, 0), -EBUSY);
}

static void a_folder_that_is_not_there_is_noticed_at_the_start(void **state)
{
	(void)state;
	setenv("TMPDIR", "/nowhere/at/all", 1);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), -ENOENT);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_WINDOW, 1), 0);
	unsetenv("TMPDIR");
}

static void temporary_files_lie_in_tmpdir_or_tmp(void **state)
{
	char name[5000];
	int file;

	(void)state;
	unsetenv("TMPDIR");
	assert_string_equal(unnamed_folder(), "/tmp");
	setenv("TMPDIR", "", 1);
	assert_string_equal(unnamed_folder(), "/tmp");
	setenv("TMPDIR", "/dev/shm", 1);
	assert_string_equal(unnamed_folder(), "/dev/shm");
	file = unnamed_open(unnamed_folder());
	assert_true(file >= 0);
	close(file);
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(unnamed_open(name), -ENAMETOOLONG);
	unsetenv("TMPDIR");
}

static void a_file_that_cannot_grow_is_an_error(void **state)
{
	struct rlimit none = { .rlim_cur = 8192, .rlim_max = RLIM_INFINITY }, before;
	struct sendtrace_order_stats stats;
	char path[] = "/tmp/order-XXXXXX";
	struct calls calls = { .number = 3000, .seed = 7 };
	struct sendtrace *file;
	int answer;

	(void)state;
	calls_write(&calls, path);
	assert_int_equal(sendtrace_open(&file, path), 0);
	unlink(path);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(order_set(file, SENDTRACE_ORDER_CAUSAL, 0, PAGE), 0);
	do {
		answer = sendtrace_next(file, &item);
	} while (answer == 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(answer, -EFBIG);
	sendtrace_get_order_stats(file, &stats);
	assert_int_equal(stats.error, -EFBIG);
	sendtrace_close(file);
}

#define pipe_case(function) \
	cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipe_case(nothing_is_shown_of_a_whole_stream_before_its_end),
		pipe_case(what_was_held_back_is_shown_after_a_stop),
		pipe_case(a_window_goes_on_after_stop_and_start),
		pipe_case(an_error_comes_behind_what_was_read_before_it),
		pipe_case(a_lone_record_is_shown_when_the_window_has_passed),
		pipe_case(a_window_is_emptied_at_the_end),
		test_case(a_call_returns_after_a_bounded_amount_of_work),
		pipe_case(an_order_that_makes_no_sense_is_refused),
		pipe_case(a_folder_that_is_not_there_is_noticed_at_the_start),
		test_case(temporary_files_lie_in_tmpdir_or_tmp),
		test_case(a_file_that_cannot_grow_is_an_error),
	};

	return run_all("order", tests);
}
