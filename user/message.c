// SPDX-License-Identifier: GPL-2.0
#include "message.h"

#include <errno.h>
#include <stdarg.h>
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

static void say(const char *prefix, const char *fmt, va_list ap)
{
	char line[LINE_MAX_SIZE];
	size_t used, i;
	int err = errno;

	used = (size_t)snprintf(line, sizeof(line), "%s", prefix);
	vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	used = strlen(line);
	for (i = 0; i < used; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
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
