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
 * @name: on the command line
 * @prepare: everything before the call
 * @make: the call; returns a negative number if it failed
 * @verify: after the call, without faults: check the session and end it
 * @places: the least number of points; with fewer the case has tested nothing
 * @accepted: errnos that it may fail with
 * @arms: it registers probes; no other session keeps them registered
 * @stride: if not 0: it has many points, or takes long, and each so manieth is tested
 */
struct call {
	const char *name;
	void (*prepare)(struct tracer *tracer);
	long (*make)(struct tracer *tracer);
	void (*verify)(struct tracer *tracer, bool failed);
	int places;
	int accepted[ERRNOS];
	bool arms;
	int stride;
};

#define CALL(what, before, after, least, ...)                                 \
	{                                                                     \
		.name = #what, .prepare = (before), .make = make_##what,      \
		.verify = (after), .places = (least), .accepted = __VA_ARGS__ \
	}

/* The last one is {}. */
extern const struct call calls[];

/* Those that name functions of TLS libraries; another process calls these meanwhile. */
extern const struct call tls_calls[];

/* Faults in a call of a TLS library. */
void inject_tls_call(void);

/* Call once, after all calls: was that process harmed? */
void inject_tls_end(void);

/* Call once, before all calls. */
void calls_prepare(void);

/* How many probes are registered, and how many there are in all. */
struct armed {
	int registered;
	int all;
};

struct armed count_armed(void);

/* A send with faults in the sender. */
void inject_send(void);

/* The same for calls of every way. */
void inject_ways(void);

#endif /* INJECT_H */
