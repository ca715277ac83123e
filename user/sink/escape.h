/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_ESCAPE_H
#define _SINK_ESCAPE_H

#include <stddef.h>

enum escape_sizes {
	ESCAPE_WIDEST = 4, /* \xNN */
	ESCAPE_SLACK = 64, /* bytes that may be written behind the end */
};

/*
 * Writes bytes as text that can be turned back into them: printable ASCII unchanged, \\ for a
 * backslash, \xNN for the rest. At @to there must be room for ESCAPE_WIDEST * @size +
 * ESCAPE_SLACK. Return: the end of the text.
 */
char *escape(char *to, const void *from, size_t size);

/* The same for a value that must not contain a space, which becomes \x20. */
char *escape_word(char *to, const void *from, size_t size);

#endif /* _SINK_ESCAPE_H */
