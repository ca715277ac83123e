// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mistakes in a pattern before the module gets it, and matches names as the module does.
 * The module accepts more: what is refused here means something, but hardly what the user meant.
 */
#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sendtrace/pattern.h>

/* Does a set contain a named class, such as [[:digit:]]? The grammar has none. */
static bool has_named_class(const char *set, const char *end)
{
	const char *member;

	while (set < end) {
		member = set;
		st_set_member(&set);
		if (member[0] == '[' && strchr(":.=", member[1]))
			return true;
	}
	return false;
}

/* Does the set hold no character at all, as [z-a] does? Names hold no NUL. */
static bool is_empty_set(const char *set)
{
	const char *end;
	int c;

	for (c = 1; c <= 0xff; c++)
		if (st_set_holds(set, (unsigned char)c, &end))
			return false;
	return true;
}

/* What the set that begins at @set lacks, or NULL; @end is what follows it. */
static const char *set_fault(const char *set, const char **end)
{
	st_set_holds(set, '\0', end);
	if (!*end)
		return "a ']' for its '[' (or '\\[' for the character)";
	if (has_named_class(set, *end - 1))
		return "characters such as [0-9]: named classes such as "
		       "[:digit:] are not supported";
	if (is_empty_set(set))
		return "characters in its '[...]', such as [a-z]: this one holds none";
	return NULL;
}

static bool is_plain(const char *pattern)
{
	return pattern[strcspn(pattern, "*?[\\")] == '\0';
}

const char *pattern_fault(const char *pattern)
{
	const char *from, *end, *fault;
	unsigned int shortest = 0;

	for (from = pattern; *from; from++) {
		shortest += *from != '*';
		if (*from == '\\') {
			if (*++from == '\0')
				return "a character after its last '\\'";
		} else if (*from == '[') {
			fault = set_fault(from + 1, &end);
			if (fault)
				return fault;
			from = end - 1;
		}
	}
	if (shortest >= SENDTRACE_COMM_LEN && !is_plain(pattern))
		return "a pattern that matches names of at most 15 characters: the kernel "
		       "keeps no more of a name ('cat /proc/PID/comm' prints it)";
	return NULL;
}

bool pattern_matches(const char *pattern, const char *name)
{
	if (strcmp(pattern, ".") == 0)
		return true;
	if (is_plain(pattern))
		return strncmp(pattern, name, SENDTRACE_COMM_LEN - 1) == 0;
	return st_pattern_matches(pattern, name);
}

bool pattern_any_matches(const struct sendtrace_filter *filter, const char *name)
{
	uint32_t i;

	for (i = 0; i < filter->nr_patterns; i++)
		if (pattern_matches(filter->patterns[i], name))
			return true;
	return filter->nr_patterns == 0;
}
