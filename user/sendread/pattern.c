// SPDX-License-Identifier: GPL-2.0
/* Finds mistakes in a pattern before the module gets it. */
#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The end of a set, as in a shell: a `]` that comes first is one of its characters. */
static const char *set_end(const char *open)
{
	const char *from = open + 1;

	if (*from == '!' || *from == '^')
		from++;
	do {
		if (*from == '\\')
			from++;
		if (*from == '\0')
			return NULL;
		from++;
	} while (*from != ']');
	return from;
}

/* Does a set contain a named class, such as [[:digit:]]? The module knows none. */
static bool has_named_class(const char *open, const char *end)
{
	const char *from;

	for (from = open + 1; from < end; from++) {
		if (*from == '\\')
			from++;
		else if (*from == '[' && strchr(":.=", from[1]))
			return true;
	}
	return false;
}

const char *pattern_fault(const char *pattern)
{
	const char *from, *end;

	for (from = pattern; *from; from++) {
		if (*from == '\\') {
			if (*++from == '\0')
				return "a character after its last '\\'";
		} else if (*from == '[') {
			end = set_end(from);
			if (!end)
				return "a ']' for its '[' (or '\\[' for the character)";
			if (has_named_class(from, end))
				return "no '[:', '[.' or '[=' in its '[...]': give the "
				       "characters, such as [0-9]";
			from = end;
		}
	}
	return NULL;
}
