// SPDX-License-Identifier: GPL-2.0
/*
 * Copies sendread's lines with a checksum in place of the bytes, after it has turned the
 * escapes back into bytes as sendread(8) describes.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "whole_sum.h"

#define BEGIN " msg="
#define END   " len="

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	die("expected a hexadecimal digit, got '%c'", c);
}

/* In place: an escape is never shorter than what it stands for. */
static size_t unescape(char *text, size_t len)
{
	size_t to = 0;

	for (size_t from = 0; from < len; to++) {
		if (text[from] != '\\') {
			text[to] = text[from++];
		} else if (from + 1 < len && text[from + 1] == '\\') {
			text[to] = '\\';
			from += 2;
		} else {
			if (from + 3 >= len || text[from + 1] != 'x')
				die("expected an escape at byte %zu", from);
			text[to] = digit(text[from + 2]) << 4 | digit(text[from + 3]);
			from += 4;
		}
	}
	return to;
}

/* The bytes may contain what looks like a field: the last " len=" is the real one. */
static char *last_field(char *line, size_t len)
{
	for (char *at = line + len; at > line; at--)
		if (strncmp(at, END, strlen(END)) == 0)
			return at;
	die("expected a line with '%s'", END);
}

static void sum_up(char *line, size_t len)
{
	char *bytes = strstr(line, BEGIN), *rest = last_field(line, len);
	char text[SUM_TEXT];

	if (!bytes || (bytes += strlen(BEGIN)) > rest)
		die("expected a line with '%s'", BEGIN);
	fwrite(line, 1, bytes - line, stdout);
	sum_text(text, bytes, unescape(bytes, rest - bytes));
	printf("%s%s", text, rest);
}

int main(void)
{
	size_t room = 0;
	ssize_t len;
	char *line = NULL;

	while ((len = getline(&line, &room, stdin)) > 0)
		sum_up(line, len);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
