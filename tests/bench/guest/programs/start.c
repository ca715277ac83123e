// SPDX-License-Identifier: GPL-2.0
/*
 * Starts a session twice, and prints of the second time: how many hooks are armed; the
 * nanoseconds that START and STOP take, which are instructions in a guest that counts them; and
 * the KiB of memory that START takes, without the rings.
 *
 *	start two|send|recv|all
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "tracer.h"

#define CALL(name)  SENDTRACE_CALL_BIT(SENDTRACE_CALL_##name)
/* All calls before @call. */
#define BELOW(call) (CALL(call) - 1)

static const struct choice {
	const char *name;
	uint64_t calls;
} choices[] = {
	{ "two", CALL(SENDTO) | CALL(ACCEPT) },
	{ "send", BELOW(RECVFROM) & SENDTRACE_CALLS_ALL },
	{ "recv", BELOW(ACCEPT) & ~BELOW(RECVFROM) & SENDTRACE_CALLS_ALL },
	{ "all", SENDTRACE_CALLS_ALL },
};

static uint64_t now(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_MONOTONIC, &time), "CLOCK_MONOTONIC");
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

/* The kernel's memory of all kinds that a module can allocate. */
static long kernel_memory(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[100], key[40];
	long sum = 0, kib;

	if (!file)
		die("opening /proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%39[^:]: %ld kB", key, &kib) == 2 &&
		    (!strcmp(key, "Slab") || !strcmp(key, "VmallocUsed") ||
		     !strcmp(key, "Percpu")))
			sum += kib;
	fclose(file);
	return sum;
}

static int hooks_armed(void)
{
	FILE *file = fopen("/proc/sendtrace/stats", "r");
	char line[200];
	int hooks = 0;

	if (!file)
		die("opening the module's counters");
	while (fgets(line, sizeof(line), file))
		hooks += !strncmp(line, "armed_", 6) && strstr(line, " 1\n");
	fclose(file);
	return hooks;
}

static void start(const struct choice *choice, bool shown)
{
	uint64_t begun, started, stopping, stopped;
	struct tracer tracer;
	long before, after;
	int hooks;

	tracer_open(&tracer);
	tracer.config.ring_size = tracer.info.ring_size_min;
	tracer.config.calls = choice->calls;
	must(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &tracer.config), "CONFIG");
	tracer_filter(&tracer, "nobody");
	before = kernel_memory();
	begun = now();
	tracer_start(&tracer);
	started = now();
	after = kernel_memory();
	hooks = hooks_armed();
	stopping = now();
	tracer_stop(&tracer);
	stopped = now();
	tracer_close(&tracer);
	/* What is freed late is freed now. */
	sleep(5);
	if (shown)
		printf("%d %" PRIu64 " %" PRIu64 " %ld\n", hooks, started - begun,
		       stopped - stopping, after - before);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < COUNT_OF(choices); i++) {
		if (strcmp(argv[1], choices[i].name))
			continue;
		/* The first also does what is done only once. */
		start(&choices[i], false);
		start(&choices[i], true);
		return 0;
	}
	die("expected two, send, recv or all");
}
