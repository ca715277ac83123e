// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "clock.h"
#include "out.h"

enum {
	TOTAL = 1000003,
	PIECE = 1013,
};

static struct out out;
static int ends[2];

static int open_pipe(void **state)
{
	(void)state;
	memset(&out, 0, sizeof(out));
	assert_int_equal(pipe(ends), 0);
	out.fd = ends[1];
	/* As small as possible, and nonblocking as another process may have left it. */
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	return fcntl(ends[1], F_SETFL, O_NONBLOCK);
}

static int close_pipe(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static void *read_all(void *argument)
{
	unsigned char *bytes = argument;
	size_t done = 0;
	ssize_t got;

	while (done < TOTAL && (got = read(ends[0], bytes + done, 777)) > 0)
		done += (size_t)got;
	return (void *)done;
}

static void no_byte_is_lost_by_partial_writes(void **state)
{
	unsigned char *bytes = malloc(TOTAL + 1000);
	size_t at = 0, i, size;
	pthread_t reader;
	void *done;

	(void)state;
	pthread_create(&reader, NULL, read_all, bytes);
	while (at < TOTAL) {
		char *to = out_reserve(&out, PIECE);

		size = TOTAL - at < PIECE ? TOTAL - at : PIECE;
		for (i = 0; i < size; i++, at++)
			to[i] = (char)(at * 7 / 5);
		out_commit(&out, to + size);
	}
	assert_int_equal(out_flush(&out), 0);
	pthread_join(reader, &done);
	assert_int_equal((size_t)done, TOTAL);
	for (i = 0; i < TOTAL; i++)
		assert_int_equal(bytes[i], (unsigned char)(i * 7 / 5));
	free(bytes);
}

static void a_closed_pipe_is_reported_as_such(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	out_commit(&out, out_reserve(&out, 1) + 1);
	assert_int_equal(out_flush(&out), -EPIPE);
	assert_int_equal(out_flush(&out), -EPIPE);
}

static volatile sig_atomic_t patience, patience_from_now_on;

static void set_patience(int number)
{
	(void)number;
	patience = patience_from_now_on;
}

/* Write more than the pipe holds; from 20 ms on, signals come. Return: as out_flush(). */
static int write_until_interrupted(int ms)
{
	const struct itimerval timer = { { .tv_usec = 20000 }, { .tv_usec = 20000 } };
	const struct itimerval never = { { .tv_usec = 0 }, { .tv_usec = 0 } };
	struct sigaction action = { .sa_handler = set_patience };
	struct sigaction before;
	int err;

	patience = -1;
	patience_from_now_on = ms;
	out.patience = &patience;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &timer, NULL);
	memset(out_reserve(&out, OUT_CAPACITY), '\n', OUT_CAPACITY);
	out_commit(&out, out.buffer + OUT_CAPACITY);
	err = out_flush(&out);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	alarm(TEST_SECONDS);
	return err;
}

static void make_blocking(void)
{
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
}

static void giving_up_ends_a_write_to_a_pipe_that_nobody_reads(void **state)
{
	(void)state;
	assert_int_equal(write_until_interrupted(0), -EINTR);
}

static void giving_up_ends_a_blocking_write_as_well(void **state)
{
	(void)state;
	make_blocking();
	assert_int_equal(write_until_interrupted(0), -EINTR);
}

static void a_pipe_that_takes_no_byte_is_given_up_when_patience_ends(void **state)
{
	int64_t begin = clock_ms();

	(void)state;
	make_blocking();
	assert_int_equal(write_until_interrupted(300), -ETIMEDOUT);
	assert_true(clock_ms() - begin >= 300);
}

static void lines_that_did_not_get_out_are_counted_once(void **state)
{
	(void)state;
	assert_int_equal(write_until_interrupted(0), -EINTR);
	assert_int_equal(out.unwritten, OUT_CAPACITY - 4096);
	out_commit(&out, out_reserve(&out, 10) + 10);
	assert_int_equal(out_flush(&out), -EINTR);
	assert_int_equal(out.unwritten, OUT_CAPACITY - 4096);
}

/* As `while read line` does: it frees no page of the pipe for long. */
static void *read_slowly(void *unused)
{
	const struct timespec pause = { .tv_nsec = 50000000 };
	int64_t end = clock_ms() + 3000;
	char byte;

	while (clock_ms() < end && read(ends[0], &byte, 1) == 1)
		nanosleep(&pause, NULL);
	while (read(ends[0], &byte, 1) == 1)
		;
	return unused;
}

static void a_reader_that_takes_single_bytes_is_waited_for(void **state)
{
	sigset_t alarms;
	pthread_t reader;

	(void)state;
	make_blocking();
	/* The signals are for the writer. */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, NULL);
	pthread_create(&reader, NULL, read_slowly, NULL);
	pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
	assert_int_equal(write_until_interrupted(1500), 0);
	close(ends[1]);
	pthread_join(reader, NULL);
	ends[1] = -1;
}

#define pipe_case(function) \
	cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipe_case(no_byte_is_lost_by_partial_writes),
		pipe_case(a_closed_pipe_is_reported_as_such),
		pipe_case(giving_up_ends_a_write_to_a_pipe_that_nobody_reads),
		pipe_case(giving_up_ends_a_blocking_write_as_well),
		pipe_case(a_pipe_that_takes_no_byte_is_given_up_when_patience_ends),
		pipe_case(lines_that_did_not_get_out_are_counted_once),
		pipe_case(a_reader_that_takes_single_bytes_is_waited_for),
	};

	return run_all("out", tests);
}
