// SPDX-License-Identifier: GPL-2.0
/* Messages on standard error: one line and one write() each. */
#include "message.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

enum {
	/* A pipe takes it as a whole or not at all (pipe(7)). */
	LINE_MAX_SIZE = PIPE_BUF,
	/* How long a message may hold its program up. */
	PATIENCE_MS = 1000,
};

static const char *program = "sendtrace";
volatile sig_atomic_t message_writes;

void message_set_program(const char *name)
{
	program = name;
}

/*
 * Control characters of ASCII, and those of Latin-1, which some terminals obey as well: as
 * single bytes, or in UTF-8, which puts 0xc2 before them.
 */
static bool is_control(const unsigned char *byte, unsigned char before)
{
	if (*byte == 0xc2)
		return byte[1] >= 0x80 && byte[1] <= 0x9f;
	if (*byte >= 0x80 && *byte <= 0x9f)
		return before < 0x80 || before == '?';
	return *byte < 0x20 || *byte == 0x7f;
}

/* A quoted text must not steer the terminal or fake a line of its own. */
static void tame(char *line, size_t size)
{
	unsigned char before = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		if (is_control((unsigned char *)line + i, before))
			line[i] = '?';
		before = (unsigned char)line[i];
	}
}

void message_format(char *to, size_t size, const char *fmt, va_list ap)
{
	static const char gap[] = "...";
	size_t head = size / 2, tail = size - head - sizeof(gap);
	va_list again;
	char *whole;
	int length;

	va_copy(again, ap);
	length = vsnprintf(to, size, fmt, ap);
	if (length < 0) {
		to[0] = '\0';
	} else if ((size_t)length >= size && vasprintf(&whole, fmt, again) >= 0) {
		memcpy(to + head, gap, sizeof(gap) - 1);
		memcpy(to + head + sizeof(gap) - 1, whole + length - tail, tail + 1);
		free(whole);
	}
	va_end(again);
}

/* ---- Writing ---------------------------------------------------------------------- */

/*
 * Messages that were not written, and whether the last one was written in part: atomic, since
 * any thread may have something to say.
 */
static atomic_uint_fast64_t dropped;
static atomic_bool unfinished;
/* Stays, unlike @dropped. */
static atomic_bool incomplete;

/* Return: whether standard error takes more, before @deadline. */
static bool wait_for_room(int64_t deadline)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	int64_t left = deadline - clock_ms();

	return left > 0 && (poll(&ready, 1, (int)left) > 0 || errno == EINTR);
}

/*
 * Others that share a pipe or terminal may have set O_NONBLOCK: then a full one takes nothing.
 * Return: whether all was written.
 */
static bool write_line(const char *line, size_t size, int patience)
{
	int64_t deadline = clock_ms() + patience;
	size_t done = 0;
	ssize_t written;

	message_writes++;
	while (done < size) {
		written = write(STDERR_FILENO, line + done, size - done);
		if (written >= 0)
			done += (size_t)written;
		else if (errno == EAGAIN && !wait_for_room(deadline))
			break;
		else if (errno != EAGAIN && errno != EINTR)
			break;
	}
	message_writes++;
	if (done > 0)
		unfinished = done < size;
	return done == size;
}

/* Return: whether nothing is left to be told. */
static bool tell_dropped(int patience)
{
	uint64_t count = atomic_exchange(&dropped, 0);
	char line[LINE_MAX_SIZE / 2];
	int size;

	if (!count)
		return true;
	size = snprintf(line, sizeof(line),
			"%s%s: %llu message%s dropped here: standard error was full\n",
			unfinished ? "\n" : "", program, (unsigned long long)count,
			count == 1 ? "" : "s");
	if (size > 0 && (size_t)size < sizeof(line) &&
	    write_line(line, (size_t)size, patience))
		return true;
	dropped += count;
	return false;
}

/*
 * What holds its reader up for long holds us up once: after a message that was dropped, others
 * do not wait but for @important ones.
 */
static void write_or_drop(const char *line, size_t size, bool important)
{
	int patience = dropped && !important ? 0 : PATIENCE_MS;

	if (tell_dropped(patience) && write_line(line, size, patience))
		return;
	dropped++;
	incomplete |= errno != EBADF;
}

static void say(const char *name, const char *fmt, va_list ap)
{
	char line[LINE_MAX_SIZE];
	int err = errno;
	size_t used;

	used = name ? (size_t)snprintf(line, sizeof(line) / 2, "%s: ", name) : 0;
	message_format(line + used, sizeof(line) - used, fmt, ap);
	used = strlen(line);
	tame(line, used);
	line[used++] = '\n';
	write_or_drop(line, used, !name);
	errno = err;
}

void message(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(program, fmt, ap);
	va_end(ap);
}

void message_plain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(NULL, fmt, ap);
	va_end(ap);
}

bool message_finish(void)
{
	tell_dropped(PATIENCE_MS);
	return !incomplete;
}
