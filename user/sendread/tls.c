// SPDX-License-Identifier: GPL-2.0
/* The helper as sendread sees it: its start, what it answers, and its end. */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "message.h"
#include "options.h"
#include "process.h"
#include "rights.h"
#include "sendtrace.h"
#include "signals.h"
#include "tls_helper.h"

enum {
	END_MS = 10000,
};

/* A probe takes some 20 ms where PREEMPT_RT is; on a host with hundreds of processes longer. */
static int patience_ms = 120000;

static struct {
	pid_t pid;
	int orders; /* our end; closing it ends the helper */
	int answers; /* our end */
} helper = { .orders = -1, .answers = -1 };

/* ---- Questions -------------------------------------------------------------------------- */

static int say_no_answer(int err)
{
	if (err == -EINTR)
		message("interrupted before the trace began");
	else
		message("the process sendread-tls, which finds TLS libraries, %s",
			err == -ETIMEDOUT ? "does not answer" : "has ended unexpectedly");
	return err;
}

/* Return: 0 when it is done, or a negative errno after a message. */
static int wait_for(enum tls_answer wanted)
{
	struct pollfd ready = { .fd = helper.answers, .events = POLLIN };
	int64_t until = clock_ms() + patience_ms, left;
	char answer;
	ssize_t got;

	while ((left = until - clock_ms()) > 0) {
		if (signals_stop())
			return say_no_answer(-EINTR);
		if (poll(&ready, 1, (int)left) < 0)
			continue;
		got = read(helper.answers, &answer, 1);
		if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
			return say_no_answer(-EPIPE);
		/* It has said why. */
		if (got == 1 && answer == TLS_ANSWER_FAILED)
			return -EIO;
		if (got == 1 && answer == (char)wanted)
			return 0;
	}
	return say_no_answer(-ETIMEDOUT);
}

/* ---- The start ------------------------------------------------------------------------- */

static int check_module(const struct sendtrace *trace)
{
	/* An older module has refused the configuration. */
	if (sendtrace_get_info(trace)->tls)
		return 0;
	message("this kernel has no uprobes (CONFIG_UPROBES), with which --tls sees the calls of "
		"TLS libraries");
	return -EOPNOTSUPP;
}

static int check_rights(void)
{
	static const cap_value_t needed[] = { TLS_HELPER_RIGHTS };
	size_t i;

	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!rights_has(needed[i])) {
			message("--tls looks for TLS libraries in other processes, expected "
				"CAP_SYS_ADMIN, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
			return -EPERM;
		}
	return 0;
}

static int open_pipes(struct tls_helper *other)
{
	int ordered[2], answered[2];

	if (pipe2(ordered, O_CLOEXEC))
		return -errno;
	if (pipe2(answered, O_CLOEXEC)) {
		close(ordered[0]);
		close(ordered[1]);
		return -errno;
	}
	other->orders = ordered[0];
	other->answers = answered[1];
	helper.orders = ordered[1];
	helper.answers = answered[0];
	fcntl(helper.answers, F_SETFL, O_NONBLOCK);
	return 0;
}

static int start(struct tls_helper *other)
{
	int err = open_pipes(other);

	if (err)
		return err;
	/* Where it is ignored, as the parent may have left it, an id could be another's at the end. */
	signal(SIGCHLD, SIG_DFL);
	helper.pid = fork();
	if (helper.pid == 0)
		tls_helper_work(other);
	err = helper.pid < 0 ? -errno : 0;
	close(other->orders);
	close(other->answers);
	return err;
}

int tls_prepare(const struct options *options, struct sendtrace *trace)
{
	struct tls_helper other = { .options = options, .trace = trace };
	int err = check_module(trace);

	if (!err)
		err = check_rights();
	if (err)
		return err;
	err = start(&other);
	if (err) {
		message("cannot start the process that finds TLS libraries: %s",
			strerror(-err));
		return err;
	}
	return wait_for(TLS_ANSWER_LOOKED);
}

int tls_begin(void)
{
	if (write(helper.orders, "g", 1) != 1)
		return say_no_answer(-EPIPE);
	return wait_for(TLS_ANSWER_TRACES);
}

/* ---- Later ----------------------------------------------------------------------------- */

int tls_fd(void)
{
	return helper.answers;
}

void tls_has_ended(void)
{
	message("the process sendread-tls has ended unexpectedly: TLS libraries that are loaded "
		"from now on are not traced");
	close(helper.answers);
	helper.answers = -1;
}

static void close_if_open(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * A signal, since it may wait for standard error, or for a file. It may be registering a probe,
 * which nothing interrupts.
 */
void tls_end(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int64_t until = clock_ms() + END_MS;

	close_if_open(&helper.orders);
	if (helper.pid > 0)
		kill(helper.pid, SIGKILL);
	while (helper.pid > 0 && waitpid(helper.pid, NULL, WNOHANG) == 0 &&
	       clock_ms() < until)
		nanosleep(&pause, NULL);
	close_if_open(&helper.answers);
	helper.pid = 0;
}
