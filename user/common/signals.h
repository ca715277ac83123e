/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_SIGNALS_H
#define _SENDREAD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct signals - what the handlers noted; asked for each record, so without a call
 * @stop: SIGINT, SIGTERM, SIGHUP or the end of the duration
 * @give_up: a second one
 * @summary: SIGUSR1
 */
struct signals {
	volatile sig_atomic_t stop;
	volatile sig_atomic_t give_up;
	volatile sig_atomic_t summary;
};

extern struct signals signals;

/* Begin to catch signals. Return: a descriptor that is readable when one came, or -errno. */
int signals_init(void);

/* Stop after @nanoseconds as if interrupted; 0 takes that back. Return: 0 or -errno. */
int signals_stop_after(uint64_t nanoseconds);

/* SIGINT, SIGTERM, SIGHUP or the end of the duration. */
static inline bool signals_stop(void)
{
	return signals.stop;
}

/* A second one: even what is left shall not be written any more. */
static inline const volatile sig_atomic_t *signals_give_up(void)
{
	return &signals.give_up;
}

/* SIGUSR1, once for each call of it. */
static inline bool signals_take_summary(void)
{
	if (!signals.summary)
		return false;
	signals.summary = 0;
	return true;
}

/* After poll() said that the descriptor is readable. */
void signals_acknowledge(void);

#endif /* _SENDREAD_SIGNALS_H */
