/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_BLIND_H
#define _SENDREAD_BLIND_H

/*
 * Root can switch off kprobes or ftrace while we trace. Then no call is seen, which looks
 * just as if no call were made. The module knows the difference, and sendread prints it.
 */
#include <stdint.h>

struct sendtrace;

enum {
	BLIND_CHECK_MS = 1000
};

/**
 * struct blind - what was printed last
 * @cause: what is switched off, or NULL while all is well
 * @checked: when the module was asked last, in milliseconds of clock_ms(); 0 for never
 */
struct blind {
	const char *cause;
	int64_t checked;
};

/* Open what says the cause, while we may. Without it, no cause is named. */
void blind_init(void);

/*
 * Ask the module, if it was not asked within BLIND_CHECK_MS, and print what has changed.
 * Return: milliseconds until the next check, -1 where there is no module to ask.
 */
int blind_check(struct blind *blind, struct sendtrace *trace);

#endif /* _SENDREAD_BLIND_H */
