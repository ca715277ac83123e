// SPDX-License-Identifier: GPL-2.0
/* Messages on a standard error that takes nothing, or not all. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "message.h"

enum {
	TEXT_MAX = 1 << 16,
	LONG_NAME = 3000,
	MANY = 90, /* would take as many seconds if each one waited */
	MANY_SECONDS = 60,
};

static char text[TEXT_MAX];
static int saved, ends[2];

/* Standard error is a pipe that does not block, and holds a page. */
static int open_pipe(void **state)
{
	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) > 0);
	saved = dup(STDERR_FILENO);
	assert_true(saved >= 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

/* Return: bytes. */
static size_t fill_pipe(void)
{
	size_t filled = 0;

	while (write(ends[1], "#", 1) == 1)
		filled++;
	assert_int_equal(errno, EAGAIN);
	return filled;
}

/* Everything that is in the pipe, but for what fill_pipe() wrote. */
static const char *drain_pipe(void)
{
	size_t used = 0;
	ssize_t got;
	char *from;

	while ((got = read(ends[0], text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	for (from = text; *from == '#'; from++)
		;
	return from;
}

/* ---- A full pipe ----------------------------------------------------------------- */

/**
 * struct sleeper - a thread that has something to say to a full pipe
 * @thread: its id
 * @filled: what the pipe holds; bytes
 * @returned: it has said it, or has given up
 */
struct sleeper {
	pid_t thread;
	size_t filled;
	atomic_bool returned;
};

static bool is_asleep(pid_t thread)
{
	char path[64], line[256];
	ssize_t got;
	int file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread);
	file = open(path, O_RDONLY | O_CLOEXEC);
	got = read(file, line, sizeof(line) - 1);
	close(file);
	line[got < 0 ? 0 : got] = '\0';
	return strstr(line, ") S ");
}

static void *empty_once_it_sleeps(void *argument)
{
	static char filling[TEXT_MAX];
	struct sleeper *sleeper = argument;
	size_t done = 0;
	ssize_t got;

	while (!sleeper->returned && !is_asleep(sleeper->thread))
		sched_yield();
	/* Not what is said then. */
	while (done < sleeper->filled) {
		got = read(ends[0], filling, sleeper->filled - done);
		done += got > 0 ? (size_t)got : 0;
	}
	return NULL;
}

/* The pipe is full, and read when @say waits for it. */
static void say_to_sleeping_reader(void (*say)(void))
{
	struct sleeper self = { .thread = gettid(), .filled = fill_pipe() };
	pthread_t reader;

	assert_int_equal(pthread_create(&reader, NULL, empty_once_it_sleeps, &self), 0);
	say();
	self.returned = true;
	pthread_join(reader, NULL);
}

static void say_loss(void)
{
	message("%d events lost", 17);
}

static void say_what_was_dropped(void)
{
	assert_false(message_finish());
}

static void say_summary(void)
{
	message_plain("0 events captured");
}

static void a_message_waits_for_room(void **state)
{
	(void)state;
	say_to_sleeping_reader(say_loss);
	assert_string_equal(drain_pipe(), "test: 17 events lost\n");
}

static void nobody_misses_the_messages_of_a_closed_standard_error(void **state)
{
	(void)state;
	close(STDERR_FILENO);
	message("one");
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	assert_true(message_finish());
	drain_pipe();
}

static void the_summary_waits_even_if_messages_were_dropped(void **state)
{
	(void)state;
	fill_pipe();
	message("one");
	drain_pipe();
	say_to_sleeping_reader(say_summary);
	assert_string_equal(drain_pipe(),
			    "test: 1 message dropped here: standard error was full\n"
			    "0 events captured\n");
}

static void what_was_dropped_last_is_told_at_the_end(void **state)
{
	(void)state;
	fill_pipe();
	message("one");
	drain_pipe();
	say_to_sleeping_reader(say_what_was_dropped);
	assert_string_equal(drain_pipe(),
			    "test: 1 message dropped here: standard error was full\n");
	/* What it said is still not known. */
	assert_false(message_finish());
	assert_string_equal(drain_pipe(), "");
}

static void messages_that_found_no_room_are_counted(void **state)
{
	(void)state;
	fill_pipe();
	message("one");
	assert_string_equal(drain_pipe(), "");
	message("two");
	assert_string_equal(
		drain_pipe(),
		"test: 1 message dropped here: standard error was full\ntest: two\n");
	message("three");
	assert_string_equal(drain_pipe(), "test: three\n");
}

static void a_reader_that_sleeps_costs_one_wait_and_not_one_for_each(void **state)
{
	time_t start = time(NULL);
	size_t i;

	(void)state;
	fill_pipe();
	for (i = 0; i < MANY; i++)
		message("a loss");
	assert_true(time(NULL) - start < MANY_SECONDS);
	drain_pipe();
	message_plain("summary");
	assert_string_equal(
		drain_pipe(),
		"test: 90 messages dropped here: standard error was full\nsummary\n");
}

/* A longer line would go into a pipe in parts. */
static void the_longest_line_is_written_at_once(void **state)
{
	static char name[2 * PIPE_BUF];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	message("cannot open '%s': %s", name, strerror(ENOENT));
	assert_int_equal(strlen(drain_pipe()), PIPE_BUF);
	assert_non_null(strstr(text, "test: cannot open 'nnn"));
	assert_non_null(strstr(text, "nnn...nnn"));
	assert_non_null(strstr(text, "nnn': No such file or directory\n"));
}

/* ---- Other outputs ---------------------------------------------------------------- */

/* A file that may have only a few bytes is full in the middle of a line. */
static void a_line_that_was_cut_off_is_ended_before_the_next(void **state)
{
	struct rlimit before, limit;
	int file = memfd_create("messages", 0);

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 10;
	assert_int_equal(dup2(file, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	message("a long message");
	message("another one");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	message("the next one");
	memset(text, 0, sizeof(text));
	assert_true(pread(file, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text,
			    "test: a lo\n"
			    "test: 2 messages dropped here: standard error was full\n"
			    "test: the next one\n");
	close(file);
}

__attribute__((format(printf, 2, 3))) static void format(size_t size, const char *fmt,
							 ...)
{
	va_list ap;

	/* What is behind the room must stay. */
	memset(text, '#', sizeof(text));
	va_start(ap, fmt);
	message_format(text, size, fmt, ap);
	va_end(ap);
	assert_int_equal(text[size], '#');
}

static void the_reason_stands_behind_the_longest_name(void **state)
{
	static char name[LONG_NAME + 1];

	(void)state;
	memset(name, 'n', LONG_NAME);
	format(64, "cannot open '%s': %s", name, "no such file");
	assert_string_equal(
		text, "cannot open 'nnnnnnnnnnnnnnnnnnn...nnnnnnnnnnnnn': no such file");
	format(16, "%s", "123456789abcdef");
	assert_string_equal(text, "123456789abcdef");
	format(16, "%s", "123456789abcdefg");
	assert_string_equal(text, "12345678...defg");
}

#define pipe_case(function) \
	cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* Before any message is dropped: that is never forgotten. */
		pipe_case(a_message_waits_for_room),
		pipe_case(nobody_misses_the_messages_of_a_closed_standard_error),
		pipe_case(the_summary_waits_even_if_messages_were_dropped),
		pipe_case(what_was_dropped_last_is_told_at_the_end),
		pipe_case(messages_that_found_no_room_are_counted),
		pipe_case(a_reader_that_sleeps_costs_one_wait_and_not_one_for_each),
		pipe_case(the_longest_line_is_written_at_once),
		pipe_case(a_line_that_was_cut_off_is_ended_before_the_next),
		test_case(the_reason_stands_behind_the_longest_name),
	};

	message_set_program("test");
	return run_all("message", tests);
}
