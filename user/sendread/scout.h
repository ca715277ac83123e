/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_SCOUT_H
#define _SENDREAD_SCOUT_H

/*
 * A small process that looks into /proc for sendread, which has given up the right to. It gets
 * nothing from sendread but one letter, never sees a record, and has only CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH. It ends when sendread does. One for the program; without it, nothing is
 * found.
 */
#include <stdbool.h>
#include <linux/sendtrace.h>

#include "readers.h"
#include "unseen.h"

/*
 * Start it, after readers_init() and before the device is opened, of which it must not keep a copy
 * open. It has given up its rights on return, and has called unseen_begin(). That may take up to ten
 * seconds, on a host where much hangs.
 *
 * Return: 0; -EPERM: CAP_SYS_PTRACE or CAP_DAC_READ_SEARCH is missing; -EINTR: signals_stop();
 * -EPIPE: it cannot give up what it must not keep; -ETIMEDOUT; or another negative errno.
 */
int scout_start(const struct sendtrace_filter *filter);

/*
 * What unseen_count() says of the time since the start. Return: whether it did, within three seconds
 * and before signals_give_up().
 */
bool scout_count_unseen(struct unseen *unseen);

/* What readers_find() says. Return: as scout_start(), but never -EPERM. */
int scout_find_readers(struct readers *readers);

/* Ask it for that, without waiting. Return: whether it could be asked; then take the answer. */
bool scout_ask_readers(void);

/* Return: 1 if the answer was there, 0 if not yet, a negative errno if it will never be. */
int scout_take_readers(struct readers *readers);

#endif /* _SENDREAD_SCOUT_H */
