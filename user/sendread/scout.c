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
#include "signals.h"

/* The same number on every architecture; the C library of Debian 11 has no name for it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
	/* At the start it finds what the trace needs, at the end a hint. */
	START_MS = 10000,
	END_MS = 3000,
	ASK_BEGIN = 'b',
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

/*
 * Of what is inherited only the two pipes are left, as 0 and 1. With a copy of the other ends open
 * it would not notice sendread's end. Return: whether nothing else is open.
 */
static bool keep_descriptors(int from, int to)
{
	/* Above 2, so that one does not overwrite the other. */
	from = fcntl(from, F_DUPFD, 3);
	to = fcntl(to, F_DUPFD, 3);
	return from >= 0 && to >= 0 && dup2(from, STDIN_FILENO) >= 0 &&
	       dup2(to, STDOUT_FILENO) >= 0 &&
	       syscall(SYS_close_range, STDERR_FILENO, ~0U, 0) == 0;
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

	if (question == ASK_BEGIN)
		unseen_begin(filter);
	else if (question == ASK_READERS)
		readers_find(getppid(), &found.readers);
	else
		unseen_count(filter, getppid(), &found.unseen);
	if (write(STDOUT_FILENO, &found, sizeof(found)) < 0)
		_exit(1);
}

static const cap_value_t needed[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

__attribute__((noreturn)) static void work(int from, int to,
					   const struct sendtrace_filter *filter)
{
	char question;

	if (!keep_descriptors(from, to))
		_exit(1);
	ignore_signals();
	prctl(PR_SET_NAME, "sendread-helper", 0, 0, 0);
	if (rights_keep(needed, 2))
		_exit(1);
	while (read(STDIN_FILENO, &question, 1) == 1)
		answer(question, filter);
	_exit(0);
}

/* ---- Questions ------------------------------------------------------------------------ */

static bool ask(char question)
{
	return questions >= 0 && write(questions, &question, 1) == 1;
}

/* Return: 1 if the answer was there, 0 if not yet, -EPIPE if the helper has ended. */
static int take(char question, struct answer *answer)
{
	ssize_t got = read(answers, answer, sizeof(*answer));

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	/* An answer to an earlier question may come first. */
	return got == sizeof(*answer) && answer->question == question;
}

/* Return: 0 with the answer; -EINTR: @enough said so; -ETIMEDOUT; -EPIPE: no helper. */
static int ask_and_wait(char question, struct answer *answer, int patience,
			bool (*enough)(void))
{
	struct pollfd ready = { .fd = answers, .events = POLLIN };
	int64_t until = clock_ms() + patience, left;
	int got;

	if (!ask(question))
		return -EPIPE;
	while ((left = until - clock_ms()) > 0) {
		/* From the end on, signals come all the time: only some mean that it is enough. */
		if (enough())
			return -EINTR;
		if (poll(&ready, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		got = take(question, answer);
		if (got)
			return got < 0 ? got : 0;
	}
	return -ETIMEDOUT;
}

bool scout_count_unseen(struct unseen *unseen)
{
	struct answer answer;

	if (ask_and_wait(ASK_UNSEEN, &answer, END_MS, signals_give_up))
		return false;
	*unseen = answer.unseen;
	return true;
}

int scout_find_readers(struct readers *readers)
{
	struct answer answer;
	int err = ask_and_wait(ASK_READERS, &answer, START_MS, signals_stop);

	if (!err)
		*readers = answer.readers;
	return err;
}

bool scout_ask_readers(void)
{
	return ask(ASK_READERS);
}

int scout_take_readers(struct readers *readers)
{
	struct answer answer;
	int got = take(ASK_READERS, &answer);

	if (got > 0)
		*readers = answer.readers;
	return got;
}

/* ---- The start ------------------------------------------------------------------------ */

/* Without our ends it ends, too. */
static void let_go(void)
{
	close(questions);
	close(answers);
	questions = -1;
	answers = -1;
}

static int open_pipes(int *from, int *to)
{
	int asked[2], answered[2];

	if (pipe2(asked, O_CLOEXEC))
		return -errno;
	if (pipe2(answered, O_CLOEXEC)) {
		close(asked[0]);
		close(asked[1]);
		return -errno;
	}
	*from = asked[0];
	*to = answered[1];
	questions = asked[1];
	answers = answered[0];
	/* Neither is worth waiting for, but as long as ask_and_wait() does. */
	fcntl(questions, F_SETFL, O_NONBLOCK);
	fcntl(answers, F_SETFL, O_NONBLOCK);
	return 0;
}

int scout_start(const struct sendtrace_filter *filter)
{
	struct answer answer;
	int from = -1, to = -1, err;
	pid_t pid;

	if (!rights_has(needed[0]) || !rights_has(needed[1]))
		return -EPERM;
	err = open_pipes(&from, &to);
	if (err)
		return err;
	pid = fork();
	if (pid == 0)
		work(from, to, filter);
	close(from);
	close(to);
	/* It may get the CPU much later, but what it remembers is of the time before the trace. */
	err = pid < 0 ? -EAGAIN :
			ask_and_wait(ASK_BEGIN, &answer, START_MS, signals_stop);
	if (err)
		let_go();
	return err;
}
