// SPDX-License-Identifier: GPL-2.0
/* Messages on standard error: one line and one write() each. */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "write_all.h"

enum {
	LINE_MAX_SIZE = 1024
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

static void say(const char *name, const char *fmt, va_list ap)
{
	char line[LINE_MAX_SIZE];
	int err = errno;
	size_t used;

	used = name ? (size_t)snprintf(line, sizeof(line) / 2, "%s: ", name) : 0;
	vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	used = strlen(line);
	tame(line, used);
	line[used++] = '\n';
	/* There is nowhere left to report a failure. */
	message_writes++;
	write_all(STDERR_FILENO, line, used);
	message_writes++;
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
