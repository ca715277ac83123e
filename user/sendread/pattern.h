/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_PATTERN_H
#define _SENDREAD_PATTERN_H

/*
 * What @pattern lacks to be one that people mean, to be put after "expected "; NULL if it is
 * all right. The grammar is that of struct sendtrace_filter; what the module would take
 * literally (a '[' without its ']', a '\' at the end) is more likely a mistake.
 */
const char *pattern_fault(const char *pattern);

#endif /* _SENDREAD_PATTERN_H */
