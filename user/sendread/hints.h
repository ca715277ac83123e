/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_HINTS_H
#define _SENDREAD_HINTS_H

/*
 * What a trace may show less of, or more, than its user expects, and where its lines are not as
 * secret as they should be: messages at the start and at the end. Of these, --quiet prints none.
 */
#include <stdint.h>

struct options;

/*
 * Before the device is opened: what needs rights, and must not keep the device open. Return: 0, or
 * a negative errno after a message.
 */
int hints_prepare(const struct options *options);

/* Before the session is started: this may take a while. Return: as hints_prepare(). */
int hints_begin(const struct options *options);

/* Lines go to a file that others can read: for sessions and saved streams. */
void hints_output(const struct options *options);

/* After the summary of a trace that captured @events, besides those that were left out. */
void hints_end(const struct options *options, uint64_t events);

#endif /* _SENDREAD_HINTS_H */
