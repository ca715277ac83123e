/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_NAMES_H
#define _SENDREAD_NAMES_H

#include <linux/sendtrace.h>

/*
 * Processes may rename themselves: then who asks for the name of their program gets nothing. Warn
 * of each name that no process has now, but under whose name as a command some process was
 * started. Needs no rights.
 */
void names_hint(const struct sendtrace_filter *filter);

#endif /* _SENDREAD_NAMES_H */
