// SPDX-License-Identifier: GPL-2.0
/* Signals that end a program, or make it print its summary. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "message.h"

enum {
	/* From the end on: how often what blocks is interrupted. */
	TICK_MS = 100
};

/*
 * Handlers and not a signalfd: a write() to a pipe that nobody reads has to be interrupted.
 * The event makes poll() return for a signal that comes just before it.
 */
struct signals signals = { .patience = PATIENCE_ENDLESS };
static int event = -1;

/* The handlers' own: they do not interrupt each other. */
static void (*volatile on_stop)(void *argument);
static void *volatile on_stop_argument;
static bool interrupted;

/* ---- In the handlers -------------------------------------------------------------- */

/*
 * One signal is not enough to interrupt a write(): it may come just before it. setitimer() is
 * not in POSIX's list of async-signal-safe functions, but a plain system call on Linux.
 */
static void start_ticks(void)
{
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	const struct itimerval timer = { .it_value = tick, .it_interval = tick };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void stop(int patience)
{
	bool first = !signals.stop;

	signals.stop = 1;
	if (signals.patience < 0 || patience < signals.patience)
		signals.patience = patience;
	if (!first)
		return;
	start_ticks();
	if (on_stop)
		on_stop(on_stop_argument);
}

/* A message that waits for its reader is tried again, now in vain, and ends. */
static void mute(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	signals.muted = 1;
	if (fd < 0) {
		close(STDERR_FILENO);
		return;
	}
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Standard error may be the same pipe as the output that nobody reads. */
static void tick(void)
{
	static int seen, ticks;
	int writes = message_writes;

	ticks = message_is_written(writes) && writes == seen ? ticks + 1 : 0;
	seen = writes;
	if (ticks && ticks * TICK_MS >= signals.patience)
		mute();
}

static void handle(int number)
{
	const uint64_t one = 1;
	int err = errno;

	if (number == SIGUSR1) {
		signals.summary = 1;
	} else if (number != SIGALRM) {
		stop(interrupted ? PATIENCE_NONE : PATIENCE_AFTER_SIGNAL);
		interrupted = true;
	} else if (signals.stop) {
		tick();
	} else {
		stop(PATIENCE_AFTER_TIME);
	}
	/* Fails only by overflow, after 2^64 signals. */
	if (write(event, &one, sizeof(one)) < 0)
		signals.stop = 1;
	errno = err;
}

/* ---- The start -------------------------------------------------------------------- */

/* SIGINT even if it is ignored: shells do that to background jobs. */
static const int numbers[] = { SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGHUP };

static sigset_t all(void)
{
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	return set;
}

/* Timers outlive execve(), and so does a signal that is blocked: ignoring it discards it. */
static void forget_timers(void)
{
	const struct itimerval never = { .it_value.tv_sec = 0 };

	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
	signal(SIGALRM, SIG_IGN);
	signal(SIGVTALRM, SIG_IGN);
	signal(SIGPROF, SIG_IGN);
}

/* nohup ignores SIGHUP: then we go on. */
static bool is_left_alone(int number)
{
	struct sigaction action;

	return number == SIGHUP && !sigaction(SIGHUP, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

static int catch_all(void)
{
	struct sigaction action = { .sa_handler = handle, .sa_mask = all() };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!is_left_alone(numbers[i]) && sigaction(numbers[i], &action, NULL))
			return -errno;
	return sigprocmask(SIG_UNBLOCK, &action.sa_mask, NULL) ? -errno : 0;
}

int signals_init(void)
{
	int err;

	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -errno;
	forget_timers();
	/* A write() to a closed pipe returns EPIPE instead, one beyond a limit EFBIG. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	err = catch_all();
	return err ? err : event;
}

/* ---- While the program runs -------------------------------------------------------- */

int signals_stop_after(uint64_t nanoseconds)
{
	const struct itimerval timer = {
		.it_value.tv_sec = (time_t)(nanoseconds / 1000000000),
		/* Less than the timer's unit must not become 0. */
		.it_value.tv_usec = (suseconds_t)(nanoseconds % 1000000000 / 1000) +
				    (nanoseconds < 1000),
	};
	const sigset_t set = all();
	int err = 0;

	if (!nanoseconds)
		return 0;
	/* Once the end has come the timer has another use: see start_ticks(). */
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (!signals.stop && setitimer(ITIMER_REAL, &timer, NULL))
		err = -errno;
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return err;
}

void signals_time_is_up(void)
{
	if (event >= 0 && !signals.stop)
		raise(SIGALRM);
}

void signals_on_stop(void (*function)(void *argument), void *argument)
{
	on_stop = NULL;
	on_stop_argument = argument;
	on_stop = function;
	if (function && signals.stop)
		function(argument);
}

void signals_acknowledge(void)
{
	uint64_t count;

	while (read(event, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}
