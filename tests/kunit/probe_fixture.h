/* SPDX-License-Identifier: GPL-2.0 */
/* A table of hooks and what their handlers have seen, for the suites of probe. */
#ifndef _ST_PROBE_FIXTURE_H
#define _ST_PROBE_FIXTURE_H

#include <linux/kprobes.h>

#include "call.h"

/* Kinds of calls; each session records some. */
enum {
	CALL_ONE = 1 << 0,
	CALL_MANY = 1 << 1,
	CALL_SHARED = 1 << 2,
	CALL_FALLBACK = 1 << 3,
	CALL_MISSING = 1 << 4,
	CALL_NEEDED = 1 << 5,
	CALL_ONCE = 1 << 6,
	CALL_SOME = 1 << 7,
	CALL_HELPED = 1 << 8,
};

/*
 * The row of CALL_FALLBACK, on st_test_called(), that of CALL_ONCE, and that of CALL_SOME, on
 * st_test_called() with odd values.
 */
#define ROW_CALLED 8
#define ROW_ONCE   12
#define ROW_SOME   13

/* How often the row of CALL_HELPED, on st_test_called_once(), has helped. */
extern unsigned int st_test_helped;

/* The socket of a call of st_test_called(); NULL for none. */
extern struct socket *st_test_hooked_socket;

/* How often a hook's begin and end were called since the case began, and with what. */
extern unsigned int st_test_begun, st_test_ended;
extern long st_test_ended_with;
extern struct st_entry st_test_begun_once;
/* Begin says that a call is not to be recorded. */
extern bool st_test_refuses;

/* Functions to be hooked: the kernel's own cannot be called from here. */
int st_test_called(int value);
int st_test_called_once(int value);

/* Calls the hooked functions as a process does: cases run in kernel threads, which nobody traces. */
void st_test_call_hooked(int value);

/* What the kernel does to follow a row's call, behind the filter. */
kprobe_pre_handler_t *st_test_own(int row);

#endif /* _ST_PROBE_FIXTURE_H */
