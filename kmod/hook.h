/* SPDX-License-Identifier: GPL-2.0 */
/* One hook: a kernel function, the events that need it, and what is done with a call. */
#ifndef _ST_HOOK_H
#define _ST_HOOK_H

#include <linux/types.h>

struct pt_regs;
struct st_call;
struct st_share;

#define ST_HOOK_SYMBOLS 3

/**
 * struct st_hook - one row: a kernel function, and what is done at its entry and return
 * @name: what the counters and messages call it; `missed_<name>` of /proc/sendtrace/stats
 * @symbols: the function, then its fallbacks in the order of preference; NULL for no more
 * @events: SENDTRACE_EVENTS_* that need this hook; it is armed while a session asks for one
 * @optional: if none of @symbols can be probed, a session that asks for one of @events starts
 *	without the hook; otherwise its START fails
 * @share: who has how many instances of its kretprobe; begins at zero whenever it is armed
 * @begin: reads the function's arguments, for a call that a session records: fd, payload,
 *	len, flags, addr and addr_len of struct st_call. Context: the entry handler
 * @end: records the call. Context: the return handler
 *
 * Invariant. Adding a way of sending means adding a row, and its @begin and @end.
 */
struct st_hook {
	const char *name;
	const char *symbols[ST_HOOK_SYMBOLS];
	u32 events;
	bool optional;
	struct st_share *share;
	void (*begin)(struct st_call *call, struct pt_regs *regs);
	void (*end)(struct st_call *call, long ret);
};

#endif /* _ST_HOOK_H */
