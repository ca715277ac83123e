// SPDX-License-Identifier: GPL-2.0
/* Signals that end a program, or make it print its summary. */
#include "signals.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

/*
 * Handlers and not a signalfd: a write() to a pipe that nobody reads has to be interrupted.
 * The event makes poll() return for a signal that comes just before it.
 */
struct signals signals;
static int event = -1;

static void handle(int number)
{
	const uint64_t one = 1;
	int err = errno;

	if (number == SIGUSR1)
		signals.summary = 1;
	else if (signals.stop && number != SIGALRM)
		signals.give_up = 1;
	else
		signals.stop = 1;
	/* Fails only by overflow, after 2^64 signals. */
	if (write(event, &one, sizeof(one)) < 0)
		signals.stop = 1;
	errno = err;
}

static int catch (int number)
{
	struct sigaction action = { .sa_handler = handle };

	return sigaction(number, &action, NULL) ? -errno : 0;
}

int signals_init(void)
{
	/* SIGINT even if it is ignored: shells do that to background jobs. */
	static const int numbers[] = { SIGINT, SIGTERM, SIGALRM, SIGUSR1 };
	struct sigaction hangup;
	size_t i;
	int err = 0;

	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return -errno;
	for (i = 0; !err && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		err = catch (numbers[i]);
	/* nohup ignores SIGHUP: then we go on. */
	if (!err && !sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		err = catch (SIGHUP);
	/* A write() to a closed pipe returns EPIPE instead. */
	signal(SIGPIPE, SIG_IGN);
	return err ? err : event;
}

int signals_stop_after(uint64_t nanoseconds)
{
	struct itimerval timer = {
		.it_value.tv_sec = (time_t)(nanoseconds / 1000000000),
		.it_value.tv_usec = (suseconds_t)(nanoseconds % 1000000000 / 1000),
	};

	/* Less than the timer's unit must not become 0. */
	if (nanoseconds && nanoseconds < 1000)
		timer.it_value.tv_usec = 1;
	return setitimer(ITIMER_REAL, &timer, NULL) ? -errno : 0;
}

void signals_acknowledge(void)
{
	uint64_t count;

	while (read(event, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}
