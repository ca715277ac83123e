/* SPDX-License-Identifier: GPL-2.0 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

#include "tracer.h"

enum {
	NTH_MAX = 20000,
	ERRNOS = 4,
	LEN = 100,
};

/**
 * struct call - one kind of call, tried with faults
 * @name: as on the command line
 * @prepare: all that comes before it
 * @make: the call; negative where it failed
 * @verify: after it, without faults: what has to hold, and the session's end
 * @places: there are at least so many, or the case has tried nothing
 * @accepted: what it may fail with
 * @many: thousands of places, as each page of a large ring is one: only a few are tried
 */
struct call {
	const char *name;
	void (*prepare)(struct tracer *tracer);
	long (*make)(struct tracer *tracer);
	void (*verify)(struct tracer *tracer, bool failed);
	int places;
	int accepted[ERRNOS];
	bool many;
};

/* Ended by {}. */
extern const struct call calls[];

/* Once, before any of them. */
void calls_prepare(void);

/* A send that is tried with faults of its own. */
void inject_send(void);

#endif /* INJECT_H */
