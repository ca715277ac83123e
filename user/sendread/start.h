/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_START_H
#define _SENDREAD_START_H

/*
 * From options to a reader that runs. Whatever is in the way is said on stderr, with
 * what to do about it.
 */
#include <stdbool.h>
#include <linux/sendtrace.h>

struct options;
struct reader;

/**
 * session_is_saved - what kind of source the options name
 * @options: of which @device counts
 *
 * Return: 1 for a file, pipe or "-" (stdin) that holds a record stream, 0 for the device
 * or for nothing there, a negative errno after a message.
 */
int session_is_saved(const struct options *options);

/* Open a saved stream. Return: 0, or a negative errno after a message. */
int session_open_saved(const struct options *options, struct reader **reader);

/**
 * session_start - open the device and do all that stands before the first record
 * @options: what is asked for
 * @reader: on return the session, with its probes armed
 * @config: on return what is in force
 *
 * Return: 0, or a negative errno after a message; -ERANGE for an option's value that is
 * beyond the module's limits.
 */
int session_start(const struct options *options, struct reader **reader,
		  struct sendtrace_config *config);

#endif /* _SENDREAD_START_H */
