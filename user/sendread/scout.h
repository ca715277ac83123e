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
 * open. Return: 0; -EPERM: no CAP_SYS_PTRACE; or another negative errno.
 */
int scout_start(const struct sendtrace_filter *filter);

/* What unseen_count() says of the time since the start. Return: whether it did, within three seconds. */
bool scout_count_unseen(struct unseen *unseen);

/* Ask it for readers_find(). It takes some time: scout_take_readers() tells. */
void scout_ask_readers(void);

/* Return: whether the answer was there. Never waits. */
bool scout_take_readers(struct readers *readers);

#endif /* _SENDREAD_SCOUT_H */
