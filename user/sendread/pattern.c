// SPDX-License-Identifier: GPL-2.0
/*
 * Finds mistakes in a pattern before the module gets it. The module accepts more: what is
 * refused here means something, but hardly what the user meant.
 */
#include "pattern.h"

#include <stdbool.h>
#include <stddef.h>
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

const char *pattern_fault(const char *pattern)
{
	const char *from, *end;

	for (from = pattern; *from; from++) {
		if (*from == '\\') {
			if (*++from == '\0')
				return "a character after its last '\\'";
		} else if (*from == '[') {
			st_set_holds(from + 1, '\0', &end);
			if (!end)
				return "a ']' for its '[' (or '\\[' for the character)";
			if (has_named_class(from + 1, end - 1))
				return "characters such as [0-9]: named classes such as "
				       "[:digit:] are not supported";
			from = end - 1;
		}
	}
	return NULL;
}
