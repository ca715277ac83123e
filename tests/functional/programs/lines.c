// SPDX-License-Identifier: GPL-2.0
/* Reads sendread's lines, as sendread(8) describes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "check.h"
#include "lines.h"

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

static size_t unescape(char *to, const char *from, const char *end)
{
	const char *next;
	char *at = to;

	while (from < end) {
		next = memchr(from, '\\', end - from);
		if (!next)
			next = end;
		if (next != from) {
			at = mempcpy(at, from, next - from);
			from = next;
		} else if (end - from >= 2 && from[1] == '\\') {
			*at++ = '\\';
			from += 2;
		} else if (end - from >= 4 && from[1] == 'x') {
			*at++ = digit(from[2]) << 4 | digit(from[3]);
			from += 4;
		} else {
			die("expected an escape, got '%.4s'", from);
		}
	}
	return at - to;
}

/* The bytes may contain what looks like a field: the last " len=" is the real one. */
static char *last_field(char *text)
{
	char *found = NULL;

	for (char *at = strstr(text, END); at; at = strstr(at + 1, END))
		found = at;
	return found;
}

static void parse(struct line *line)
{
	char *begin = strstr(line->text, BEGIN), *end;

	line->rest = line->text + strlen(line->text);
	line->head = strlen(line->text);
	line->len = 0;
	/* Accept, connect, shutdown and close have no payload. */
	if (!begin)
		return;
	begin += strlen(BEGIN);
	end = last_field(begin - 1);
	if (!end)
		die("expected a line with '%s', got '%.80s'", END, line->text);
	line->head = begin - line->text;
	line->rest = end;
	line->bytes = realloc(line->bytes, end - begin + 1);
	line->len = unescape(line->bytes, begin, end);
}

bool next_line(struct line *line)
{
	size_t room = 0;
	ssize_t len;

	free(line->text);
	line->text = NULL;
	len = getline(&line->text, &room, stdin);
	if (len <= 0)
		return false;
	if (line->text[len - 1] == '\n')
		line->text[len - 1] = '\0';
	parse(line);
	return true;
}

/* Behind " key=" or, at the beginning of the line, "key=". */
static const char *behind(const char *text, const char *key, const char *end)
{
	size_t len = strlen(key);

	for (const char *at = text; at && at < end; at = strchr(at, ' ')) {
		at += *at == ' ';
		if (strncmp(at, key, len) == 0 && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

const char *value_in(const struct line *line, const char *key)
{
	const char *at = behind(line->text, key, line->text + line->head);
	static char value[256];

	if (!at)
		at = behind(line->rest, key, line->rest + strlen(line->rest));
	if (!at)
		return NULL;
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(at, " "), at);
	return value;
}

long number_in(const struct line *line, const char *key)
{
	const char *value = value_in(line, key);

	if (!value)
		die("expected a line with %s=, got '%.80s'", key, line->text);
	return strtol(value, NULL, 10);
}

bool line_has(const struct line *line, const char *key, const char *value)
{
	const char *got = value_in(line, key);

	return got && strcmp(got, value) == 0;
}
