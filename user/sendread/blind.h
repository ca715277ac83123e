/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_BLIND_H
#define _SENDREAD_BLIND_H

/*
 * Root can switch off kprobes or ftrace while we trace. Then no call is seen, which looks
 * just as if no call were made. The module knows the difference, and sendread prints it.
 */
struct sendtrace_stats;

/**
 * struct blind - what was printed last
 * @cause: what is switched off, or NULL while all is well
 */
struct blind {
	const char *cause;
};

/* Open what says the cause, while we may. Without it, no cause is named. */
void blind_init(void);

/* Print what has changed by the counters of the session. */
void blind_check(struct blind *blind, const struct sendtrace_stats *stats);

#endif /* _SENDREAD_BLIND_H */
