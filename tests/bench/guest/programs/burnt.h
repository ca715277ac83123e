/* SPDX-License-Identifier: GPL-2.0 */
/* How much CPU time processes have used, and waiting until they have done their work. */
#ifndef BURNT_H
#define BURNT_H

#include <stdint.h>
#include <sys/types.h>

struct readers {
	pid_t *pid;
	int number;
	/* What they use at most in a tenth of a second without work. */
	uint64_t idle;
	uint64_t idle_most;
};

/* Nanoseconds that all threads of the readers have run so far. */
uint64_t readers_burnt(const struct readers *readers);

/* Measure @idle and @idle_most; the readers must have started. */
void readers_learn_idle(struct readers *readers);

/*
 * Wait until the readers do no more than without work. Return how much CPU time they would
 * have used meanwhile without work.
 */
uint64_t readers_wait_quiet(const struct readers *readers);

void readers_signal(const struct readers *readers, int signal);

#endif /* BURNT_H */
