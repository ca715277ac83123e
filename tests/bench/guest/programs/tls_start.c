// SPDX-License-Identifier: GPL-2.0
/*
 * Has SSL_write() of this program traced while other processes have it mapped, and prints the
 * nanoseconds of CPU time, which are instructions in a guest that counts them, that it takes for
 * each of its two probes. For less than that, every fork on the host waits (dup_mmap_sem).
 *
 *	tls_start refused|wanted PROCESSES
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "tls.h"
#include "tracer.h"

enum {
	PROBES = 2,
	PROCESSES_MAX = 1000,
};

static pid_t processes[PROCESSES_MAX];

static uint64_t burnt(void)
{
	struct timespec time;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), "CLOCK_THREAD_CPUTIME_ID");
	return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

/* Each has run the function, so its pages are there. */
static void start_processes(int number)
{
	for (int i = 0; i < number; i++) {
		processes[i] = must(fork(), "fork");
		if (processes[i] == 0) {
			char byte = 0;

			tls_write_quiet(-1, &byte, 1);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	sleep(1);
}

static void end_processes(int number)
{
	for (int i = 0; i < number; i++)
		kill(processes[i], SIGKILL);
}

static uint64_t trace(const char *pattern)
{
	struct sendtrace_tls function = tls_function();
	struct tracer tracer;
	uint64_t begun;

	tracer_open(&tracer);
	tracer_config_calls(&tracer, tracer.info.ring_size_min, SENDTRACE_CALLS_TLS);
	tracer_filter(&tracer, pattern);
	tracer_start(&tracer);
	begun = burnt();
	must(ioctl(tracer.fd, SENDTRACE_IOC_TLS, &function), "TLS");
	begun = burnt() - begun;
	tracer_stop(&tracer);
	tracer_close(&tracer);
	return begun / PROBES;
}

int main(int argc, char **argv)
{
	int number = argc == 3 ? atoi(argv[2]) : 0;

	if (number < 1 || number > PROCESSES_MAX)
		die("expected refused or wanted, and up to %d processes", PROCESSES_MAX);
	start_processes(number);
	/* The first also does what is done only once. */
	trace(strcmp(argv[1], "wanted") ? "nobody" : "tls_start");
	printf("%" PRIu64 "\n",
	       trace(strcmp(argv[1], "wanted") ? "nobody" : "tls_start"));
	end_processes(number);
	return 0;
}
