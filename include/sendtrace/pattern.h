/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of name patterns, for the module, which matches names, and for the reader,
 * which checks what a user typed and looks for processes that match. It is the grammar of a
 * shell, without named classes ([:digit:]):
 *
 *	*	any characters, or none
 *	?	any one character
 *	[abc-x]	one of these characters; [!abc-x] and [^abc-x]: any other. A `]` that
 *		comes first is a member of the set. Without its `]`, `[` means itself
 *	\c	the character c, also inside a set. At the end, `\` means itself
 */
#ifndef _SENDTRACE_PATTERN_H
#define _SENDTRACE_PATTERN_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#else
#include <linux/stddef.h> /* __always_inline */
#endif

/* Reads one member of a set and moves @at behind it. Returns 0 at the pattern's end. */
static __always_inline unsigned char st_set_member(const char **at)
{
	unsigned char c = *(*at)++;

	if (c == '\\' && **at)
		c = *(*at)++;
	return c;
}

/**
 * st_set_holds() - is a character in a set?
 * @set: what follows the set's `[`
 * @c: the character
 * @end: on return what follows the set's `]`, or NULL if the set has none
 *
 * Context: any; takes no lock.
 * Return: true if it is, taking `!` and `^` into account; false if there is no `]`.
 */
static __always_inline _Bool st_set_holds(const char *set, unsigned char c,
					  const char **end)
{
	_Bool inverted = *set == '!' || *set == '^';
	_Bool holds = 0;
	unsigned char first, last;

	*end = (const char *)0;
	set += inverted;
	do { /* at least once: a `]` that comes first is a member */
		first = last = st_set_member(&set);
		if (first && set[0] == '-' && set[1] != ']') {
			set++;
			last = st_set_member(&set);
		}
		if (!first || !last)
			return 0;
		holds |= first <= c && c <= last;
	} while (*set != ']');
	*end = set + 1;
	return holds != inverted;
}

/* Does the pattern accept @c here? Moves @at behind the element that decides. */
static __always_inline _Bool st_pattern_takes(const char **at, unsigned char c)
{
	unsigned char wanted = *(*at)++;
	const char *end;
	_Bool holds;

	if (wanted == '?')
		return 1;
	if (wanted == '[') {
		holds = st_set_holds(*at, c, &end);
		if (end) {
			*at = end;
			return holds;
		}
	} else if (wanted == '\\' && **at) {
		wanted = *(*at)++;
	}
	return wanted == c;
}

/**
 * st_pattern_matches() - does a name match a pattern with wildcards?
 * @at: the pattern
 * @name: the name
 *
 * The kernel's glob_match() cannot be used: its `[!x]` accepts the NUL at the end of a name
 * as a character, and reads on behind it (lib/glob.c).
 *
 * On a mismatch, the last star takes one character more. Earlier stars need no second try:
 * whatever they could take, the last one can take as well.
 *
 * Context: any; takes no lock.
 * Return: true if it does.
 */
static __always_inline _Bool st_pattern_matches(const char *at, const char *name)
{
	const char *star = (const char *)0, *taken = (const char *)0;

	while (*name) {
		if (*at == '*') {
			star = ++at;
			taken = name;
		} else if (*at && st_pattern_takes(&at, *name)) {
			name++;
		} else if (star) {
			at = star;
			name = ++taken;
		} else {
			return 0;
		}
	}
	while (*at == '*')
		at++;
	return !*at;
}

#endif /* _SENDTRACE_PATTERN_H */
