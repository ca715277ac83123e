// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a TLS library while a session records the calls of this program, and prints the
 * microseconds from then until each of the functions that are named has a breakpoint. In a guest
 * that counts instructions, a microsecond is 1,000 of them, or time in which nothing runs.
 *
 *	tls_map LIBRARY FUNCTION...
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "check.h"

enum {
	BREAKPOINT = 0xcc, /* int3 */
	PATIENCE_US = 1000000,
	FUNCTIONS_MAX = 16,
};

static int64_t now_us(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_MONOTONIC, &time), "CLOCK_MONOTONIC");
	return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

static const volatile unsigned char *find(void *library, const char *name)
{
	const volatile unsigned char *code = dlsym(library, name);

	if (!code)
		die("%s", dlerror());
	return code;
}

/* Leaves the CPU to whoever looks for libraries. */
static void wait_for(const volatile unsigned char *code, const char *name, int64_t begun)
{
	const struct timespec pause = { .tv_nsec = 50000 };

	while (*code != BREAKPOINT) {
		if (now_us() - begun > PATIENCE_US)
			die("%s has no breakpoint yet", name);
		nanosleep(&pause, NULL);
	}
}

int main(int argc, char **argv)
{
	const volatile unsigned char *codes[FUNCTIONS_MAX];
	int64_t begun = now_us();
	void *library;

	if (argc < 3 || argc - 2 > FUNCTIONS_MAX)
		die("expected a library, and 1 to %d functions", FUNCTIONS_MAX);
	library = dlopen(argv[1], RTLD_NOW);
	if (!library)
		die("%s", dlerror());
	for (int i = 2; i < argc; i++)
		codes[i - 2] = find(library, argv[i]);
	for (int i = 2; i < argc; i++)
		wait_for(codes[i - 2], argv[i], begun);
	printf("%" PRId64 "\n", now_us() - begun);
	return 0;
}
