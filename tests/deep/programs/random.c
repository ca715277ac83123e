// SPDX-License-Identifier: GPL-2.0
/*
 * Random calls on the device from several processes of several threads each, which also
 * fork; the calls that are traced are among them.
 *
 *	random SEED SECONDS	make them
 *	random SEED dry		print what they would be, as a number for each worker
 *
 * What a worker does follows from the seed and its number. How the workers get in each
 * other's way does not, so a run that went wrong is repeated with the same seed a few
 * times over.
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

enum {
	PROCESSES = 3,
	THREADS = 3,
	DRY_CALLS = 20000,
	CHILD_CALLS = 60,
	NUDGE_EVERY_MS = 20,
};

static struct worker workers[THREADS];
static pthread_t threads[THREADS];
static volatile bool over;

static struct worker new_worker(uint64_t seed, int process, int thread,
				struct shared *shared)
{
	struct worker worker = { .state = seed ^ 0x5851f42d4c957f2d, .shared = shared };

	/* Streams of different workers must not be the same one at different places. */
	for (int i = 0; i <= process * THREADS + thread; i++)
		worker.state = pick(&worker, UINT64_MAX);
	worker.digest = 0;
	return worker;
}

/* ---- A process ------------------------------------------------------------------------- */

/* A call that sleeps is ended by a signal, with EINTR. */
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

/*
 * The child has the parent's descriptors and mappings, makes some calls of its own, and
 * ends at any point.
 */
static void fork_off(struct worker *worker)
{
	uint64_t calls = pick(worker, CHILD_CALLS);
	struct worker child = *worker;
	pid_t pid;

	child.state = pick(worker, UINT64_MAX);
	child.child = true;
	pid = fork();
	if (pid == 0) {
		alarm(5);
		while (calls--)
			random_call(&child, false);
		_exit(wrong_answers ? 1 : 0);
	}
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	prctl(PR_SET_NAME, "random");
	while (!over) {
		random_call(worker, false);
		if (once_in(worker, 300))
			fork_off(worker);
	}
	return NULL;
}

/* SIGALRM ends a child that sleeps for long; every other signal is a mistake. */
static void bury_children(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0)
		check((WIFEXITED(status) && !WEXITSTATUS(status)) ||
			      (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM),
		      "a child ended with wait status 0x%x", status);
}

static void wait_nudging(unsigned int seconds)
{
	struct timespec pause = { 0, NUDGE_EVERY_MS * 1000000 };
	time_t end = time(NULL) + seconds;

	while (time(NULL) < end) {
		nanosleep(&pause, NULL);
		for (int i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
		bury_children();
	}
}

/* A signal may come just before the call that will sleep: so again, until all have ended. */
static void end_threads(void)
{
	struct timespec soon;

	over = true;
	for (int i = 0; i < THREADS; i++)
		do {
			pthread_kill(threads[i], SIGUSR1);
			clock_gettime(CLOCK_REALTIME, &soon);
			soon.tv_sec++;
		} while (pthread_timedjoin_np(threads[i], NULL, &soon) == ETIMEDOUT);
}

static void run_process(uint64_t seed, int process, unsigned int seconds)
{
	static struct shared shared;
	uint64_t calls = 0;

	memset(shared.files, -1, sizeof(shared.files));
	catch_nudges();
	random_prepare();
	for (int i = 0; i < THREADS; i++) {
		workers[i] = new_worker(seed, process, i, &shared);
		must(-pthread_create(&threads[i], NULL, work, &workers[i]), "a thread");
	}
	wait_nudging(seconds);
	end_threads();
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (int i = 0; i < THREADS; i++)
		calls += workers[i].calls;
	check_equal(wrong_answers, 0, "wrong answers");
	check(calls > seconds, "more than %u calls were made, got %llu", seconds,
	      (unsigned long long)calls);
	printf("process %d: %llu calls\n", process, (unsigned long long)calls);
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

int main(int argc, char **argv)
{
	pid_t pids[PROCESSES];
	uint64_t seed;

	if (argc != 3) {
		fprintf(stderr, "usage: random SEED SECONDS|dry\n");
		return 2;
	}
	seed = strtoull(argv[1], NULL, 0);
	if (strcmp(argv[2], "dry") == 0) {
		dry_run(seed);
		return 0;
	}
	for (int process = 0; process < PROCESSES; process++) {
		fflush(stdout);
		pids[process] = must(fork(), "fork");
		if (pids[process] == 0) {
			run_process(seed, process, atoi(argv[2]));
			exit(check_failed() ? EXIT_FAILURE : EXIT_SUCCESS);
		}
	}
	for (int process = 0; process < PROCESSES; process++)
		end_child(pids[process]);
	return check_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
