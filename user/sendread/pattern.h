/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_PATTERN_H
#define _SENDREAD_PATTERN_H

#include <stdbool.h>
#include <linux/sendtrace.h>

/*
 * What @pattern lacks to be one that people mean, to be put after "expected "; NULL if it is
 * all right. The grammar is that of struct sendtrace_filter; what the module would take
 * literally (a '[' without its ']', a '\' at the end) is more likely a mistake, and so is what
 * can match no name.
 */
const char *pattern_fault(const char *pattern);

/* Whether the module would find that @name matches @pattern. */
bool pattern_matches(const char *pattern, const char *name);

/* Whether it would find that @name matches one of the filter's patterns, or needs none. */
bool pattern_any_matches(const struct sendtrace_filter *filter, const char *name);

#endif /* _SENDREAD_PATTERN_H */
