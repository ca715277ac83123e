/* SPDX-License-Identifier: GPL-2.0 */
/* Reads sendread's lines: fields by their keys, and payloads turned back into bytes. */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

struct line {
	/* The whole line, without its end. */
	char *text;
	/* From the beginning to what follows " msg="; the payload as bytes; from " len=" on. */
	size_t head;
	char *bytes;
	size_t len;
	const char *rest;
};

/* The next line of standard input, until the next call; false at the end. */
bool next_line(struct line *line);

/* The number behind " @key=" in the head or the rest; dies without it. */
long number_in(const struct line *line, const char *key);

/* Does the line have " @key=@value", up to a space or its end? */
bool line_has(const struct line *line, const char *key, const char *value);

/* What is behind " @key=", in a buffer until the next call; NULL if the line has none. */
const char *value_in(const struct line *line, const char *key);

#endif /* LINES_H */
