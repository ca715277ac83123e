/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The grammar of name patterns, for the module, which matches names, and for the reader,
 * which checks what a user typed. It is the grammar of a shell, without named classes
 * ([:digit:]):
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

#endif /* _SENDTRACE_PATTERN_H */
