/* SPDX-License-Identifier: GPL-2.0 */
/* One name pattern, compiled once, compared for every call. */
#ifndef _ST_PATTERN_H
#define _ST_PATTERN_H

#include <linux/types.h>
#include <linux/sendtrace.h>

#include "caller.h"

/**
 * struct st_pattern - one pattern
 * @name: the bits that a name must have where @mask is set. This covers a plain name (with
 *	the NUL behind it, or as many characters as the kernel keeps), a prefix (`mysql*`),
 *	and `.`, whose mask is empty
 * @mask: has no bit behind the end of a name, so the undefined bytes there do not matter
 * @glob: any other pattern: st_pattern_match_glob() decides
 * @text: as user space passed it
 */
struct st_pattern {
	union st_name name;
	union st_name mask;
	bool glob;
	char text[SENDTRACE_PATTERN_LEN];
};

bool st_pattern_is_valid(const char *text);
void st_pattern_compile(struct st_pattern *pattern, const char *text);
bool st_pattern_match_glob(const struct st_pattern *pattern,
			   const struct st_caller *caller);

/*
 * The bits in which a name differs from what the pattern wants. All is read where it is used:
 * words that are kept for later occupy registers, which have to be saved.
 */
static __always_inline unsigned long st_name_differs(const struct st_pattern *pattern,
						     const union st_name *name)
{
	const union st_name *want = &pattern->name, *mask = &pattern->mask;

	unsigned long first = READ_ONCE(name->half[0]), second;

	first ^= READ_ONCE(want->half[0]);
	first &= READ_ONCE(mask->half[0]);
	second = READ_ONCE(name->half[1]);
	second ^= READ_ONCE(want->half[1]);
	second &= READ_ONCE(mask->half[1]);
	return first | second;
}

/**
 * st_pattern_match_plain() - does one of a caller's names match?
 * @pattern: compiled, and not a glob
 * @caller: the caller
 *
 * Context: any.
 * Return: true if it does.
 */
static __always_inline bool st_pattern_match_plain(const struct st_pattern *pattern,
						   const struct st_caller *caller)
{
	return !st_name_differs(pattern, &caller->process) ||
	       !st_name_differs(pattern, &caller->comm);
}

#endif /* _ST_PATTERN_H */
