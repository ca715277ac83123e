/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_NAMES_H
#define _SENDREAD_NAMES_H

#include <linux/sendtrace.h>

/*
 * Processes may rename themselves: then who asks for the name of their program gets nothing. Warn
 * of each name that no process has now, but whose program some process runs. Needs CAP_SYS_PTRACE
 * to see other users' programs. signals_stop() ends the search.
 */
void names_hint(const struct sendtrace_filter *filter);

#endif /* _SENDREAD_NAMES_H */
