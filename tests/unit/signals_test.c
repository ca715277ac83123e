// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that end a program, whatever it has inherited, and whatever it waits for. Each case
 * runs in a process of its own, whose exit status is the answer.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "message.h"
#include "signals.h"

enum {
	AGE_MS = 60000,
	SLOW_MS = 8000,
};

/* Run @body in a child. Return: its exit status, or 128 + the signal that killed it. */
static int in_child(int (*body)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		alarm(0);
		/* With the parent, whose alarm ends a case that hangs. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(body());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Wait until signals_stop(). Return: whether it came. */
static bool wait_for_stop(int event)
{
	struct pollfd ready = { .fd = event, .events = POLLIN };
	int64_t begin = clock_ms();

	while (!signals_stop() && clock_ms() - begin < AGE_MS)
		poll(&ready, 1, 1000);
	return signals_stop();
}

/* ---- What is inherited -------------------------------------------------------------- */

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static int stop_after_though_blocked_and_ignored(void)
{
	signal(SIGALRM, SIG_IGN);
	block_all();
	int event = signals_init();

	signals_stop_after(1000000);
	return !wait_for_stop(event);
}

static int terminate_though_blocked_and_ignored(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	block_all();
	signals_init();
	raise(SIGUSR1);
	if (!signals_take_summary() || signals_stop())
		return 1;
	raise(SIGTERM);
	return !signals_stop();
}

static void blocked_and_ignored_signals_are_caught(void **state)
{
	(void)state;
	assert_int_equal(in_child(stop_after_though_blocked_and_ignored), 0);
	assert_int_equal(in_child(terminate_though_blocked_and_ignored), 0);
}

static int ignore_a_hangup(void)
{
	signal(SIGHUP, SIG_IGN);
	signals_init();
	raise(SIGHUP);
	return signals_stop();
}

static void a_hangup_that_nohup_ignores_stays_ignored(void **state)
{
	(void)state;
	assert_int_equal(in_child(ignore_a_hangup), 0);
}

/* Timers of the parent, one of which has run out already. */
static int forget_the_alarms_of_the_parent(void)
{
	const struct itimerval soon = { .it_value.tv_usec = 1000 };
	struct itimerval left;

	block_all();
	raise(SIGALRM);
	raise(SIGPROF);
	setitimer(ITIMER_PROF, &soon, NULL);
	alarm(1);
	signals_init();
	getitimer(ITIMER_REAL, &left);
	if (signals_stop() || left.it_value.tv_sec || left.it_value.tv_usec)
		return 1;
	getitimer(ITIMER_PROF, &left);
	return left.it_value.tv_usec != 0;
}

static void alarms_of_the_parent_end_nothing(void **state)
{
	(void)state;
	assert_int_equal(in_child(forget_the_alarms_of_the_parent), 0);
}

/* ---- The end ------------------------------------------------------------------------ */

static volatile sig_atomic_t stops;

static void count_stop(void *argument)
{
	*(volatile sig_atomic_t *)argument += 1;
}

/* A write() that blocks does not delay what must be done immediately. */
static int stop_while_a_write_blocks(void)
{
	static const char much[1 << 20];
	int ends[2];

	signals_init();
	signals_on_stop(count_stop, (void *)&stops);
	if (pipe(ends))
		return 1;
	signals_stop_after(50000000);
	while (!stops)
		if (write(ends[1], much, sizeof(much)) < 0 && errno != EINTR)
			return 1;
	return *signals_patience() != PATIENCE_AFTER_TIME;
}

static int stop_before_anybody_asks(void)
{
	signals_init();
	raise(SIGINT);
	signals_on_stop(count_stop, (void *)&stops);
	return stops != 1;
}

static int stop_after_nobody_asks(void)
{
	signals_init();
	signals_on_stop(count_stop, (void *)&stops);
	signals_on_stop(NULL, NULL);
	raise(SIGINT);
	return stops != 0;
}

static void what_is_to_be_done_at_the_stop_is_done_at_once(void **state)
{
	(void)state;
	assert_int_equal(in_child(stop_while_a_write_blocks), 0);
	assert_int_equal(in_child(stop_before_anybody_asks), 0);
	assert_int_equal(in_child(stop_after_nobody_asks), 0);
}

static int lose_patience(void)
{
	signals_init();
	if (*signals_patience() != PATIENCE_ENDLESS)
		return 1;
	signals_time_is_up();
	if (*signals_patience() != PATIENCE_AFTER_TIME || !signals_stop())
		return 2;
	raise(SIGTERM);
	if (*signals_patience() != PATIENCE_AFTER_SIGNAL || signals_give_up())
		return 3;
	signals_time_is_up();
	if (*signals_patience() != PATIENCE_AFTER_SIGNAL)
		return 4;
	raise(SIGINT);
	return signals_give_up() ? 0 : 5;
}

static void a_signal_is_less_patient_than_the_time_and_a_second_one_gives_up(void **state)
{
	(void)state;
	assert_int_equal(in_child(lose_patience), 0);
}

/* The end comes while the timer is set, and must not be forgotten with it. */
static int interrupt_again_and_again(void)
{
	const struct timespec long_time = { .tv_sec = AGE_MS / 1000 };
	int i;

	signals_init();
	raise(SIGTERM);
	signals_stop_after(AGE_MS * 1000000ULL);
	for (i = 0; i < 3; i++)
		if (nanosleep(&long_time, NULL) == 0)
			return 1;
	return 0;
}

static void from_the_end_on_whatever_blocks_is_interrupted_again_and_again(void **state)
{
	(void)state;
	assert_int_equal(in_child(interrupt_again_and_again), 0);
}

/* ---- Messages that nobody reads ------------------------------------------------------ */

static int say_into_a_full_pipe(void)
{
	int ends[2], i;

	signals_init();
	if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0)
		return 1;
	signals_stop_after(50000000);
	signals.patience = 300;
	for (i = 0; i < 100000; i++)
		message("it goes on, line %d", i);
	return signals_muted() ? 0 : 1;
}

static void messages_that_nobody_reads_are_given_up_too(void **state)
{
	(void)state;
	assert_int_equal(in_child(say_into_a_full_pipe), 0);
}

static int say_into_a_pipe_that_is_read(void)
{
	/* For longer than the patience, but never waiting so long for the next byte. */
	const struct timespec pause = { .tv_nsec = 30000000 };
	char text[4096];
	int ends[2], i;
	int64_t begin;
	pid_t reader;

	if (pipe(ends))
		return 1;
	reader = fork();
	if (reader == 0) {
		close(ends[1]);
		while (read(ends[0], text, sizeof(text)) > 0)
			nanosleep(&pause, NULL);
		_exit(0);
	}
	close(ends[0]);
	signals_init();
	dup2(ends[1], STDERR_FILENO);
	raise(SIGTERM);
	signals.patience = SLOW_MS / 2;
	begin = clock_ms();
	for (i = 0; clock_ms() - begin < SLOW_MS; i++)
		message("it goes on, line %d", i);
	return signals_muted();
}

static void messages_that_are_read_slowly_are_kept(void **state)
{
	(void)state;
	assert_int_equal(in_child(say_into_a_pipe_that_is_read), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(blocked_and_ignored_signals_are_caught),
		test_case(a_hangup_that_nohup_ignores_stays_ignored),
		test_case(alarms_of_the_parent_end_nothing),
		test_case(what_is_to_be_done_at_the_stop_is_done_at_once),
		test_case(
			a_signal_is_less_patient_than_the_time_and_a_second_one_gives_up),
		test_case(from_the_end_on_whatever_blocks_is_interrupted_again_and_again),
		test_case(messages_that_nobody_reads_are_given_up_too),
		test_case(messages_that_are_read_slowly_are_kept),
	};

	return run_all("signals", tests);
}
