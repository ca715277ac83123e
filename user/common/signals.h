/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_SIGNALS_H
#define _COMMON_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* How long an output may take no byte once the end has come: milliseconds, or -1. */
enum signals_patience {
	PATIENCE_ENDLESS = -1,
	PATIENCE_AFTER_TIME = 10000,
	PATIENCE_AFTER_SIGNAL = 1000,
	PATIENCE_NONE = 0,
};

/**
 * struct signals - what the handlers noted; inline below, since it is read for each record
 * @stop: SIGINT, SIGTERM, SIGHUP or the end of the duration
 * @patience: how long an output may take no byte; PATIENCE_NONE after a second SIGINT, ...
 * @summary: SIGUSR1
 * @muted: standard error took no message, and is /dev/null now
 */
struct signals {
	volatile sig_atomic_t stop;
	volatile sig_atomic_t patience;
	volatile sig_atomic_t summary;
	volatile sig_atomic_t muted;
};

extern struct signals signals;

/*
 * Begin to catch signals, whatever the parent has blocked, ignored or set an alarm for.
 * Return: a descriptor that gets readable when a signal comes, or -errno.
 */
int signals_init(void);

/* Stop after @nanoseconds as if interrupted; 0: do not. Return: 0 or -errno. */
int signals_stop_after(uint64_t nanoseconds);

/* Stop now, as at the end of that time. Nothing before signals_init(). */
void signals_time_is_up(void);

/**
 * signals_on_stop - what is to be done immediately when signals_stop() becomes true
 * @stop: called in a signal handler, so it must be async-signal-safe; called now if it is
 *	true already. NULL: nothing more
 * @argument: of @stop
 *
 * The program itself may be blocked then, by a write() for example. One signal may call it
 * twice.
 */
void signals_on_stop(void (*stop)(void *argument), void *argument);

/* SIGINT, SIGTERM, SIGHUP or the end of the duration. */
static inline bool signals_stop(void)
{
	return signals.stop;
}

/* A second SIGINT, SIGTERM or SIGHUP: do not even write what is left. */
static inline bool signals_give_up(void)
{
	return signals.patience == PATIENCE_NONE;
}

/*
 * For those who write: milliseconds without progress after which to give up, PATIENCE_ENDLESS
 * before the end. From the end on, signals interrupt what blocks, again and again.
 */
static inline const volatile sig_atomic_t *signals_patience(void)
{
	return &signals.patience;
}

/* Messages were thrown away, because nobody read them. */
static inline bool signals_muted(void)
{
	return signals.muted;
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
