/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_BLIND_H
#define _SENDREAD_BLIND_H

/*
 * Root can switch off kprobes or ftrace while we trace. Then no call is seen, which looks
 * just like no call being made; the module knows the difference, and here it is said.
 */
#include <stdint.h>

struct reader;

enum {
	BLIND_CHECK_MS = 1000
};

/**
 * struct blind - what was said last
 * @cause: what is switched off, or NULL while all is well
 * @checked: when the module was asked last, in milliseconds of CLOCK_MONOTONIC
 */
struct blind {
	const char *cause;
	int64_t checked;
};

/* Ask the module, if it was not asked within BLIND_CHECK_MS, and say what has changed. */
void blind_check(struct blind *blind, struct reader *reader);

#endif /* _SENDREAD_BLIND_H */
