// SPDX-License-Identifier: GPL-2.0
/*
 * What if the kernel has no memory, or a page of the caller cannot be read? Each case
 * repeats one call, and the nth point in it where it can fail does fail
 * (Documentation/fault-injection in the kernel), for every n up to the last point. The
 * call must then fail with a suitable errno, or succeed without the memory; the session
 * must work afterwards.
 *
 * A line of standard output says how many points there were, and the results.
 *
 * The probes stay registered for another session, except where registering them is what is
 * tested. Unregistering is not tested: the kernel's function cannot report a failure, it warns
 * and leaves probes half registered, so the module cannot do better.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fault.h"
#include "inject.h"

static struct tracer keeper;

static void keep_probes(void)
{
	tracer_open(&keeper);
	tracer_config_calls(&keeper, keeper.info.ring_size_min, SENDTRACE_CALLS_ALL);
	tracer_filter(&keeper, "nobody-at-all");
	tracer_start(&keeper);
}

struct outcome {
	int places;
	int absorbed;
	int failed[ERRNOS];
};

static void count_failure(const struct call *call, struct outcome *outcome, int error,
			  unsigned int nth)
{
	for (int i = 0; i < ERRNOS; i++)
		if (call->accepted[i] && call->accepted[i] == error) {
			outcome->failed[i]++;
			return;
		}
	check(false, "%s, point %u: expected one of its errnos, got %s", call->name, nth,
	      strerrorname_np(error) ?: "an unknown one");
}

/* Return true if the point was reached. */
static bool try_place(const struct call *call, struct outcome *outcome, unsigned int nth)
{
	struct tracer tracer;
	int error;
	bool hit;
	long ret;

	call->prepare(&tracer);
	fault_set(nth);
	ret = call->make(&tracer);
	error = errno;
	hit = fault_end();
	if (hit && ret < 0)
		count_failure(call, outcome, error, nth);
	else if (hit)
		outcome->absorbed++;
	else
		check(ret >= 0, "%s without a fault: %s", call->name, strerror(error));
	call->verify(&tracer, ret < 0);
	outcome->places += hit;
	return hit;
}

static void tell(const struct call *call, const struct outcome *outcome)
{
	printf("%s: %d points failed, %d times the call succeeded without", call->name,
	       outcome->places, outcome->absorbed);
	for (int i = 0; i < ERRNOS; i++)
		if (call->accepted[i])
			printf(", %s %d", strerrorname_np(call->accepted[i]),
			       outcome->failed[i]);
	printf("\n");
}

static const struct call *call_named(const char *name)
{
	const struct call *call = strncmp(name, "tls", 3) ? calls : tls_calls;

	while (strcmp(call->name, name) != 0)
		call++;
	calls_prepare();
	fault_open();
	return call;
}

static void inject(const char *name)
{
	struct outcome outcome = { 0 };
	const struct call *call = call_named(name);
	unsigned int nth = 1;

	if (!call->arms)
		keep_probes();
	while (try_place(call, &outcome, nth)) {
		nth += call->stride ?: 1;
		if (!check(nth < NTH_MAX, "%s comes to an end", name))
			break;
	}
	check(outcome.places >= call->places, "expected at least %d points in %s, got %d",
	      call->places, name, outcome.places);
	tell(call, &outcome);
}

/* One point of the first START since the module was loaded, which also allocates the pool. */
static void inject_first(unsigned int nth)
{
	struct outcome outcome = { 0 };
	const struct call *call = call_named("start");

	check(try_place(call, &outcome, nth), "START has point %u", nth);
	tell(call, &outcome);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "first") == 0) {
		inject_first(atoi(argv[2]));
	} else if (argc != 2) {
		fprintf(stderr, "usage: inject CALL|send|ways|tls_call|first NUMBER\n");
		return 2;
	} else if (strcmp(argv[1], "send") == 0) {
		inject_send();
	} else if (strcmp(argv[1], "ways") == 0) {
		inject_ways();
	} else if (strcmp(argv[1], "tls_call") == 0) {
		inject_tls_call();
	} else {
		inject(argv[1]);
		inject_tls_end();
	}
	fflush(stdout);
	return check_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
