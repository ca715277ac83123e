/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_START_H
#define _SENDREAD_START_H

/*
 * From options to a session that runs. Every failure prints a message with what to do about
 * it.
 */
#include <linux/sendtrace.h>

struct options;
struct sendtrace;

/**
 * start_is_saved - what kind of source the options name
 * @options: of which @device counts
 *
 * Return: 1 for a file, a pipe or "-" (stdin) that holds a record stream, 0 for the device,
 * which may not be there yet, a negative errno after a message.
 */
int start_is_saved(const struct options *options);

/* Open a saved stream. Return: 0, or a negative errno after a message. */
int start_saved(const struct options *options, struct sendtrace **trace);

/**
 * start_session - open the device and do everything up to the first record
 * @options: what is asked for
 * @trace: on return the session, with its probes armed
 * @config: on return what is in force
 *
 * Return: 0, or a negative errno after a message; -ERANGE for an option's value that is
 * beyond the module's limits.
 */
int start_session(const struct options *options, struct sendtrace **trace,
		  struct sendtrace_config *config);

#endif /* _SENDREAD_START_H */
