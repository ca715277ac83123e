/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_START_H
#define _SENDREAD_START_H

/*
 * From options to records. Every failure prints a message with what to do about it.
 */
#include <linux/sendtrace.h>

struct options;
struct sendtrace;

/**
 * start_source - open what the options name, and do everything up to the first record
 * @options: what is asked for
 * @trace: on return the session, with its probes armed, or the saved stream
 * @config: on return what is in force; unchanged for a saved stream
 *
 * On success this process has given up its rights (rights.h).
 *
 * Return: 0, or a negative errno after a message; -ERANGE for options that do not fit the
 * source: for those that a saved stream cannot have, none that the device needs, or a value
 * that is beyond the module's limits.
 */
int start_source(struct options *options, struct sendtrace **trace,
		 struct sendtrace_config *config);

#endif /* _SENDREAD_START_H */
