// SPDX-License-Identifier: GPL-2.0
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_SIZE = 1024
};

static void write_all(const char *line, size_t size)
{
	ssize_t written;

	while (size > 0) {
		written = write(STDERR_FILENO, line, size);
		if (written < 0 && errno == EINTR)
			continue;
		/* There is nowhere left to say it. */
		if (written < 0)
			return;
		line += written;
		size -= (size_t)written;
	}
}

/*
 * Control characters of ASCII, and those of Latin-1, which some terminals obey as well:
 * alone, or as UTF-8 writes them, 0xc2 and then themselves.
 */
static bool is_control(const unsigned char *byte, unsigned char before)
{
	if (*byte == 0xc2)
		return byte[1] >= 0x80 && byte[1] <= 0x9f;
	if (*byte >= 0x80 && *byte <= 0x9f)
		return before < 0x80 || before == '?';
	return *byte < 0x20 || *byte == 0x7f;
}

/* Nothing that is quoted may steer a terminal, or make up a line. */
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

static void say(const char *prefix, const char *fmt, va_list ap)
{
	char line[LINE_MAX_SIZE];
	int err = errno;
	size_t used;

	used = (size_t)snprintf(line, sizeof(line), "%s", prefix);
	vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	used = strlen(line);
	tame(line, used);
	line[used++] = '\n';
	write_all(line, used);
	errno = err;
}

void message(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("sendread: ", fmt, ap);
	va_end(ap);
}

void message_plain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}
