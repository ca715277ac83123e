// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

static volatile sig_atomic_t given_up;

static void give_up(int number)
{
	(void)number;
	given_up = 1;
}

static void giving_up_ends_a_write_to_a_pipe_that_nobody_reads(void **state)
{
	struct sigaction action = { .sa_handler = give_up };
	struct sigaction before;

	(void)state;
	out.give_up = &given_up;
	sigaction(SIGALRM, &action, &before);
	alarm(1);
	out_commit(&out, out_reserve(&out, OUT_CAPACITY) + OUT_CAPACITY);
	assert_int_equal(out_flush(&out), -EINTR);
	sigaction(SIGALRM, &before, NULL);
	alarm(TEST_SECONDS);
}

#define pipe_case(function) \
	cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pipe_case(no_byte_is_lost_by_partial_writes),
		pipe_case(a_closed_pipe_is_reported_as_such),
		pipe_case(giving_up_ends_a_write_to_a_pipe_that_nobody_reads),
	};

	return run_all("out", tests);
}
