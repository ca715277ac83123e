/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_SIGNALS_H
#define _COMMON_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct signals - what the handlers noted; inline below, since it is read for each record
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

/* Begin to catch signals. Return: a descriptor that gets readable when one comes, or -errno. */
int signals_init(void);

/* Stop after @nanoseconds as if interrupted; 0 cancels that. Return: 0 or -errno. */
int signals_stop_after(uint64_t nanoseconds);

/* SIGINT, SIGTERM, SIGHUP or the end of the duration. */
static inline bool signals_stop(void)
{
	return signals.stop;
}

/* A second one: do not even write what is left. */
static inline const volatile sig_atomic_t *signals_give_up(void)
{
	return &signals.give_up;
}

/* Whether SIGUSR1 came since the last call. */
static inline bool signals_take_summary(void)
{
	if (!signals.summary)
		return false;
	signals.summary = 0;
	return true;
}

/* Call when poll() finds the descriptor readable. */
void signals_acknowledge(void);

#endif /* _COMMON_SIGNALS_H */
