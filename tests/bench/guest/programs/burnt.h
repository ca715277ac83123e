/* SPDX-License-Identifier: GPL-2.0 */
/* How much CPU time processes have taken, and waiting until they have done their work. */
#ifndef BURNT_H
#define BURNT_H

#include <stdint.h>
#include <sys/types.h>

struct readers {
	pid_t *pid;
	int number;
	/* What they take in a tenth of a second when there is nothing to do; at the most. */
	uint64_t idle;
	uint64_t idle_most;
};

/* Nanoseconds that all threads of the readers have run so far. */
uint64_t readers_burnt(const struct readers *readers);

/* Measure @idle and @idle_most; the readers have had time to start. */
void readers_learn_idle(struct readers *readers);

/*
 * Wait until the readers do no more than when there is nothing to do. Return how much of
 * what they took meanwhile they would have taken for nothing.
 */
uint64_t readers_wait_quiet(const struct readers *readers);

void readers_signal(const struct readers *readers, int signal);

#endif /* BURNT_H */
