// SPDX-License-Identifier: GPL-2.0
/*
 * Reads a file in a child process. Its answer is not trusted: neither its numbers, which are
 * checked, nor its words, which are copied.
 */
#include "apart.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "disassembler.h"
#include "object.h"
#include "rights.h"

/* The same number on every architecture; the C library of Debian 11 has no name for it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
	CPU_SECONDS = 10,
	MEMORY_MAX = 512 << 20,
	WHY_SIZE = 96,
	WHYS_MAX = 64, /* different ones; there are about twenty */
};

/* How long an answer may take. */
static int patience_ms = 15000;

struct answer {
	int error;
	struct tls_object object; /* without the words */
	char whys[TLS_FUNCTIONS][WHY_SIZE]; /* "": none */
};

/* ---- The child ------------------------------------------------------------------------ */

static void limit(int resource, rlim_t most)
{
	const struct rlimit limits = { .rlim_cur = most, .rlim_max = most };

	setrlimit(resource, &limits);
}

static void limit_all(void)
{
	limit(RLIMIT_CPU, CPU_SECONDS);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
#ifndef __SANITIZE_ADDRESS__ /* which maps terabytes */
	limit(RLIMIT_AS, MEMORY_MAX);
#endif
}

/* The file becomes 0, and the pipe 1. Return: whether nothing else is open. */
static bool keep_descriptors(int *file, int *to)
{
	if (dup2(*file, STDIN_FILENO) < 0 || dup2(*to, STDOUT_FILENO) < 0)
		return false;
	*file = STDIN_FILENO;
	*to = STDOUT_FILENO;
	return syscall(SYS_close_range, STDERR_FILENO, ~0U, 0) == 0;
}

static void take_words(struct answer *answer)
{
	struct tls_code *code;
	unsigned int i;

	for (i = 0; i < answer->object.number; i++) {
		code = &answer->object.codes[i];
		if (code->why)
			strncpy(answer->whys[i], code->why, WHY_SIZE - 1);
		code->why = NULL;
	}
}

__attribute__((noreturn)) static void work(int file, int to)
{
	static struct answer answer;

	prctl(PR_SET_NAME, "sendread-elf", 0, 0, 0);
	/* No rights are needed to read what is open. */
	if (!keep_descriptors(&file, &to) || rights_keep(NULL, 0))
		_exit(1);
	/* Another uid resets it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	limit_all();
	answer.error = tls_object_read(&answer.object, file);
	take_words(&answer);
	if (write(to, &answer, sizeof(answer)) != (ssize_t)sizeof(answer))
		_exit(1);
	_exit(0);
}

/* ---- Its answer ----------------------------------------------------------------------- */

/* Return: a copy that stays, the same one for the same words. */
static const char *keep_words(char words[WHY_SIZE])
{
	static char *kept[WHYS_MAX];
	unsigned int i;

	words[WHY_SIZE - 1] = '\0';
	for (i = 0; i < WHYS_MAX && kept[i]; i++)
		if (!strcmp(kept[i], words))
			return kept[i];
	if (i < WHYS_MAX)
		kept[i] = strdup(words);
	return i < WHYS_MAX && kept[i] ? kept[i] : "cannot be looked at";
}

/* Its addresses are checked against the mapping, and by the kernel. */
static bool is_sound(const struct answer *answer)
{
	const struct tls_object *object = &answer->object;
	bool seen[TLS_FUNCTIONS] = { false };
	unsigned int i, function;

	if (answer->error > 0 || object->number > TLS_FUNCTIONS)
		return false;
	for (i = 0; i < object->number; i++) {
		function = object->codes[i].function;
		if (function >= TLS_FUNCTIONS || seen[function] ||
		    object->codes[i].nr_returns > FLOW_RETURNS_MAX)
			return false;
		seen[function] = true;
	}
	return true;
}

/*
 * Errors of the file. Others would be taken for this process's own, and end the search everywhere.
 * Where the disassembler is missing, it is missing here, too.
 */
static int take_error(int error)
{
	switch (error) {
	case 0:
	case -ENOEXEC:
	case -ENODATA:
		return error;
	case -ENOPKG:
		return disassembler_load() ? -EFBIG : -ENOPKG;
	case -EFBIG:
	case -ENOMEM:
		return -EFBIG;
	default:
		return -EIO;
	}
}

static int take_answer(struct answer *answer, struct tls_object *object)
{
	unsigned int i;

	if (!is_sound(answer))
		return -EFBIG;
	*object = answer->object;
	for (i = 0; i < object->number; i++)
		object->codes[i].why = *answer->whys[i] ? keep_words(answer->whys[i]) :
							  NULL;
	return take_error(answer->error);
}

/*
 * Return: whether all of it came in time. This process may have been stopped meanwhile: what is
 * there after the time counts.
 */
static bool receive(int from, struct answer *answer)
{
	struct pollfd ready = { .fd = from, .events = POLLIN };
	int64_t until = clock_ms() + patience_ms, left;
	size_t size = 0;
	ssize_t got;
	int event;

	while (size < sizeof(*answer)) {
		left = until - clock_ms();
		event = poll(&ready, 1, left > 0 ? (int)left : 0);
		if (event < 0 && errno == EINTR)
			continue;
		if (event <= 0)
			break;
		got = read(from, (char *)answer + size, sizeof(*answer) - size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	return size == sizeof(*answer);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int tls_apart_read(struct tls_object *object, int fd)
{
	static struct answer answer;
	int ends[2], error = -EFBIG;
	pid_t pid;

	object->number = 0;
	/* Loaded here, not in each child. Where it is missing, the child says so. */
	disassembler_load();
	if (pipe(ends))
		return -errno;
	pid = fork();
	if (pid == 0)
		work(fd, ends[1]);
	close(ends[1]);
	if (pid < 0)
		error = -EAGAIN;
	else if (receive(ends[0], &answer))
		error = take_answer(&answer, object);
	close(ends[0]);
	if (pid > 0)
		end(pid);
	return error;
}
