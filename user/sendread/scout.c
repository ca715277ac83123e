// SPDX-License-Identifier: GPL-2.0
/* The process that may look at other processes, and the questions to it. */
#include "scout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "rights.h"

/* The same number on every architecture; the C library of Debian 11 has no name for it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
	PATIENCE_MS = 3000,
	ASK_READERS = 'r',
	ASK_UNSEEN = 'u',
};

/**
 * struct answer - small enough for a pipe to take it whole (PIPE_BUF)
 * @question: what was asked
 * @readers: for ASK_READERS
 * @unseen: for ASK_UNSEEN
 */
struct answer {
	char question;
	union {
		struct readers readers;
		struct unseen unseen;
	};
};

_Static_assert(sizeof(struct answer) <= 4096, "an answer is one write");

/* Our ends: where we ask, and where answers come. */
static int questions = -1, answers = -1;

/* ---- The process -------------------------------------------------------------------- */

/* Of what is inherited only the two pipes are left, as 0 and 1: nobody waits for our end. */
static void keep_descriptors(int from, int to)
{
	/* Above 2, so that one does not overwrite the other. */
	from = fcntl(from, F_DUPFD, 3);
	to = fcntl(to, F_DUPFD, 3);
	dup2(from, STDIN_FILENO);
	dup2(to, STDOUT_FILENO);
	syscall(SYS_close_range, STDERR_FILENO, ~0U, 0);
}

/* A signal to the process group is meant for sendread, whose end ends this process as well. */
static void ignore_signals(void)
{
	static const int numbers[] = { SIGINT,	SIGTERM, SIGHUP, SIGQUIT,
				       SIGALRM, SIGUSR1, SIGPIPE };
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_IGN);
}

static void answer(char question, const struct sendtrace_filter *filter)
{
	struct answer found = { .question = question };

	if (question == ASK_READERS)
		readers_find(getppid(), &found.readers);
	else
		unseen_count(filter, getppid(), &found.unseen);
	if (write(STDOUT_FILENO, &found, sizeof(found)) < 0)
		_exit(1);
}

__attribute__((noreturn)) static void work(int from, int to,
					   const struct sendtrace_filter *filter)
{
	static const cap_value_t needed[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	char question;

	keep_descriptors(from, to);
	ignore_signals();
	prctl(PR_SET_NAME, "sendread-helper", 0, 0, 0);
	if (rights_keep(needed, 2))
		_exit(1);
	while (read(STDIN_FILENO, &question, 1) == 1)
		answer(question, filter);
	_exit(0);
}

int scout_start(const struct sendtrace_filter *filter)
{
	int asked[2], answered[2];
	pid_t pid;

	if (!rights_has(CAP_SYS_PTRACE))
		return -EPERM;
	if (pipe2(asked, O_CLOEXEC))
		return -errno;
	if (pipe2(answered, O_CLOEXEC)) {
		close(asked[0]);
		close(asked[1]);
		return -errno;
	}
	/* Here, before the trace begins: the helper may get the CPU much later. */
	unseen_begin(filter);
	pid = fork();
	if (pid == 0)
		work(asked[0], answered[1], filter);
	close(asked[0]);
	close(answered[1]);
	questions = asked[1];
	answers = answered[0];
	/* Neither a question nor an answer is worth waiting for. */
	fcntl(questions, F_SETFL, O_NONBLOCK);
	fcntl(answers, F_SETFL, O_NONBLOCK);
	return pid < 0 ? -EAGAIN : 0;
}

/* ---- Questions ------------------------------------------------------------------------ */

static bool ask(char question)
{
	return questions >= 0 && write(questions, &question, 1) == 1;
}

static bool take(char question, struct answer *answer)
{
	return answers >= 0 &&
	       read(answers, answer, sizeof(*answer)) == sizeof(*answer) &&
	       answer->question == question;
}

bool scout_count_unseen(struct unseen *unseen)
{
	struct pollfd ready = { .fd = answers, .events = POLLIN };
	int64_t until = clock_ms() + PATIENCE_MS, left;
	struct answer answer;

	if (!ask(ASK_UNSEEN))
		return false;
	while ((left = until - clock_ms()) > 0) {
		/* An answer to an earlier question may come first. A signal ends the wait. */
		if (poll(&ready, 1, (int)left) <= 0 || ready.revents & POLLNVAL)
			return false;
		if (take(ASK_UNSEEN, &answer)) {
			*unseen = answer.unseen;
			return true;
		}
		if (!(ready.revents & POLLIN))
			return false;
	}
	return false;
}

void scout_ask_readers(void)
{
	ask(ASK_READERS);
}

bool scout_take_readers(struct readers *readers)
{
	struct answer answer;

	if (!take(ASK_READERS, &answer))
		return false;
	*readers = answer.readers;
	return true;
}
