// SPDX-License-Identifier: GPL-2.0
/* Cases by name, checks, and waiting for states. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum {
	EXIT_SKIPPED = 77,
	LOOK_EVERY_US = 2000,
	LOOKS_MAX = 30000,
	SHOWN_MAX = 20,
};

char **case_args;
static unsigned int failures;

static void say(const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	dprintf(STDERR_FILENO, "%s\n", text);
}

/* With TAMPER set every check is inverted, to prove that a case can fail. */
static bool tampered(bool holds)
{
	return getenv("TAMPER") ? !holds : holds;
}

bool check(bool holds, const char *format, ...)
{
	va_list args;

	if (tampered(holds))
		return holds;
	if (failures++ < SHOWN_MAX) {
		va_start(args, format);
		say(format, args);
		va_end(args);
	}
	return holds;
}

bool check_errno(long ret, int want, const char *format, ...)
{
	int got = ret < 0 ? errno : 0;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return check(got == want, "%s: expected %s, got %s", text,
		     want ? strerrorname_np(want) : "success",
		     got ? strerrorname_np(got) : "success");
}

bool check_equal(long long got, long long want, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return check(got == want, "%s: expected %lld, got %lld", text, want, got);
}

bool check_failed(void)
{
	return failures != 0;
}

void die(const char *format, ...)
{
	int error = errno;
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "cannot continue: %s (%s)\n", text, strerror(error));
	exit(EXIT_FAILURE);
}

void skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	exit(EXIT_SKIPPED);
}

long must(long ret, const char *what)
{
	if (ret < 0)
		die("%s failed", what);
	return ret;
}

void look_again(struct deadline *deadline, const char *what)
{
	if (++deadline->looks > LOOKS_MAX) {
		errno = ETIMEDOUT;
		die("waited for %s", what);
	}
	usleep(LOOK_EVERY_US);
}

void become_user(uid_t uid)
{
	must(setresuid(uid, 0, 0), "setresuid");
}

bool is_rt(void)
{
	struct utsname name;

	must(uname(&name), "uname");
	return strstr(name.version, "PREEMPT_RT");
}

void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
}

void gate(void)
{
	const char *path = getenv("GATE");
	char ready[256], byte;
	int fd;

	if (!path)
		return;
	snprintf(ready, sizeof(ready), "%s.ready", path);
	fd = must(open(ready, O_WRONLY | O_CREAT, 0600), "creating $GATE.ready");
	close(fd);
	fd = must(open(path, O_RDONLY), "opening $GATE");
	must(read(fd, &byte, 1), "waiting at $GATE");
	close(fd);
}

static bool sleeps_in(pid_t tid, long nr)
{
	char path[64], state[16] = "";
	long now = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	file = fopen(path, "r");
	if (!file)
		return false;
	/* "running", or the number of the call that it sleeps in. */
	if (fscanf(file, "%15s", state) != 1 || strcmp(state, "running") == 0)
		now = -1;
	else
		now = strtol(state, NULL, 10);
	fclose(file);
	return now == nr;
}

void wait_blocked(pid_t tid, long nr)
{
	struct deadline deadline = { 0 };

	while (!sleeps_in(tid, nr))
		look_again(&deadline, "a thread to sleep in its system call");
}

pid_t start_child(void (*fn)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = must(fork(), "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	failures = 0;
	fn(arg);
	exit(failures ? EXIT_FAILURE : EXIT_SUCCESS);
}

void end_child(pid_t pid)
{
	int status = 0;

	must(waitpid(pid, &status, 0), "waiting for a child");
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED)
		exit(EXIT_SKIPPED);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		dprintf(STDERR_FILENO, "child %d ended with wait status 0x%x\n", pid,
			status);
		failures++;
	}
}

void in_child(void (*fn)(void *arg), void *arg)
{
	end_child(start_child(fn, arg));
}

int run_cases(int argc, char **argv, const struct test_case *table)
{
	const struct test_case *found = NULL;

	for (const struct test_case *tc = table; tc->name && argc > 1; tc++)
		if (strcmp(tc->name, argv[1]) == 0)
			found = tc;
	if (!found) {
		fprintf(stderr, "usage: %s CASE; expected one of\n", argv[0]);
		for (const struct test_case *tc = table; tc->name; tc++)
			fprintf(stderr, "\t%s\n", tc->name);
		return 2;
	}
	case_args = argv + 2;
	found->run();
	fflush(stdout);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
