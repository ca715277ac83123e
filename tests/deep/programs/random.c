// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls on the device, and traced calls, from several processes with several threads
 * each, which also fork.
 *
 *	random SEED calls N	every thread makes N calls
 *	random SEED seconds N	they make calls for so long
 *	random SEED dry		make none; print a digest of each thread's choices
 *	random SEED errnos N	N calls on sockets in one process that is traced and in one that
 *				is not: both must have the same errnos
 *
 * The seed and a thread's number decide which calls it makes. How the threads interleave is not
 * decided, so repeat a failed run several times with the same seed.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "random.h"
#include "random_traffic.h"

enum {
	PROCESSES = 3,
	THREADS = 3,
	DRY_CALLS = 20000,
	NUDGE_EVERY_MS = 20,
	TRIES = 300, /* seconds: that a busy machine needs, and more */
};

/* When a run ends: after @calls of each thread, or after @seconds. The other one is 0. */
struct extent {
	uint64_t calls;
	time_t seconds;
};

static struct extent extent;
static struct worker workers[THREADS];
static pthread_t threads[THREADS];
static volatile bool over;
static int threads_done;

static struct worker new_worker(uint64_t seed, int process, int thread,
				struct shared *shared)
{
	struct worker worker = { .state = seed ^ 0x5851f42d4c957f2d, .shared = shared };

	/* Different workers must not use the same stream from different places. */
	for (int i = 0; i <= process * THREADS + thread; i++)
		worker.state = pick(&worker, UINT64_MAX);
	worker.digest = 0;
	return worker;
}

/* ---- A process ------------------------------------------------------------------------- */

/* A signal ends a sleeping call with EINTR. */
static void nudged(int number)
{
	(void)number;
}

static void catch_nudges(void)
{
	struct sigaction action = { .sa_handler = nudged };

	sigaction(SIGUSR1, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGIO, &action, NULL);
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	prctl(PR_SET_NAME, "random");
	while (!over && (!extent.calls || worker->calls < extent.calls))
		random_call(worker, false);
	__atomic_add_fetch(&threads_done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* SIGALRM ends a child that sleeps too long; any other signal is an error. */
static void bury_children(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		check((WIFEXITED(status) && !WEXITSTATUS(status)) ||
			      (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM),
		      "a child ended with wait status 0x%x", status);
}

static bool all_done(void)
{
	return __atomic_load_n(&threads_done, __ATOMIC_ACQUIRE) == THREADS;
}

static void wait_nudging(void)
{
	struct timespec pause = { 0, NUDGE_EVERY_MS * 1000000 };
	time_t end = time(NULL) + extent.seconds;

	while (!all_done() && (extent.calls || time(NULL) < end)) {
		nanosleep(&pause, NULL);
		for (int i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
		bury_children();
	}
}

/* Ends the process, and tells in which system calls its threads are (proc(5)). */
_Noreturn static void die_of_hang(void)
{
	fflush(stderr);
	(void)!system(
		"cd /proc/$PPID/task && for thread in *; do "
		"echo \"thread $thread: $(cat $thread/wchan) $(cat $thread/syscall)\" >&2; "
		"done");
	die("a thread does not end");
}

/* A signal may arrive just before the call that sleeps: repeat it until all have ended. */
static void end_threads(void)
{
	struct timespec soon;
	int tries = 0;

	over = true;
	for (int i = 0; i < THREADS; i++)
		do {
			if (tries++ == TRIES)
				die_of_hang();
			pthread_kill(threads[i], SIGUSR1);
			clock_gettime(CLOCK_REALTIME, &soon);
			soon.tv_sec++;
		} while (pthread_timedjoin_np(threads[i], NULL, &soon) == ETIMEDOUT);
}

static void check_calls(uint64_t calls)
{
	if (extent.calls)
		check_equal(calls, THREADS * extent.calls, "calls");
	else
		check(calls > (uint64_t)extent.seconds,
		      "expected more than %lld calls, got %llu",
		      (long long)extent.seconds, (unsigned long long)calls);
}

static void run_process(uint64_t seed, int process)
{
	static struct shared shared;
	uint64_t calls = 0, forks = 0;

	memset(shared.files, -1, sizeof(shared.files));
	catch_nudges();
	random_prepare();
	for (int i = 0; i < THREADS; i++) {
		workers[i] = new_worker(seed, process, i, &shared);
		must(-pthread_create(&threads[i], NULL, work, &workers[i]), "a thread");
	}
	wait_nudging();
	end_threads();
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (int i = 0; i < THREADS; i++) {
		calls += workers[i].calls;
		forks += workers[i].forks;
	}
	check_equal(wrong_answers, 0, "wrong answers");
	check_calls(calls);
	printf("process %d: %llu calls, %llu of them forks\n", process,
	       (unsigned long long)calls, (unsigned long long)forks);
	fflush(stdout);
}

/* ---- All of them ------------------------------------------------------------------------ */

static void dry_run(uint64_t seed)
{
	static struct shared shared;

	for (int process = 0; process < PROCESSES; process++)
		for (int thread = 0; thread < THREADS; thread++) {
			struct worker worker = new_worker(seed, process, thread, &shared);

			for (int i = 0; i < DRY_CALLS; i++)
				random_call(&worker, true);
			printf("worker %d.%d: %016llx\n", process, thread,
			       (unsigned long long)worker.digest);
		}
}

static int run_processes(uint64_t seed)
{
	pid_t pids[PROCESSES];

	for (int process = 0; process < PROCESSES; process++) {
		fflush(stdout);
		pids[process] = must(fork(), "fork");
		if (pids[process] == 0) {
			run_process(seed, process);
			exit(check_failed() ? EXIT_FAILURE : EXIT_SUCCESS);
		}
	}
	for (int process = 0; process < PROCESSES; process++)
		end_child(pids[process]);
	return check_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 0;

	if (argc == 3 && strcmp(argv[2], "dry") == 0) {
		dry_run(seed);
		return 0;
	}
	if (argc == 4 && strcmp(argv[2], "errnos") == 0) {
		traffic_prepare();
		random_errnos(seed, atoi(argv[3]));
		fflush(stdout);
		return check_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	if (argc == 4 && strcmp(argv[2], "calls") == 0)
		extent.calls = strtoull(argv[3], NULL, 0);
	else if (argc == 4 && strcmp(argv[2], "seconds") == 0)
		extent.seconds = atoi(argv[3]);
	if (!extent.calls && !extent.seconds) {
		fprintf(stderr,
			"usage: random SEED calls N | seconds N | dry | errnos N\n");
		return 2;
	}
	return run_processes(seed);
}
