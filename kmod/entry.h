/* SPDX-License-Identifier: GPL-2.0 */
/* What is done when a hooked function is entered, and when it returns. */
#ifndef _ST_ENTRY_H
#define _ST_ENTRY_H

#include <linux/kprobes.h>
#include <linux/types.h>

#include "compat.h"
#include "hook.h"
#include "returns.h"
#include "symbol.h"

struct ftrace_ops;
struct ftrace_regs;

/**
 * struct st_probe - a row of the table in this kernel
 * @kp: at the function's entry, where ftrace does not call us there; built again for every
 *	registration, because kprobes changes it (addr, flags) and refuses to register it as it
 *	left it
 * @hook: the row (invariant)
 * @hits: how often the function was entered, on each CPU (invariant)
 * @misses: calls that found no free instance, or were refused one, on each CPU (invariant)
 * @returns: what catches its returns; NULL if it needs none (invariant)
 * @calls: as the row's; 0 if this kernel needs another row instead (invariant)
 * @symbol: its function (invariant)
 * @users: running sessions that ask for it; it is armed while there are any
 * @is_armed: it is; not so if that failed (arm_lock of probe.c)
 * @is_traced: it is, and ftrace calls us at its entries, not the kprobe
 * @missed: calls that the kprobe missed, as far as they were counted
 * @counted: what the kernel's own counter said then
 */
struct st_probe {
	struct kprobe kp;
	const struct st_hook *hook;
	unsigned long __percpu *hits;
	unsigned long __percpu *misses;
	struct st_returns *returns;
	u64 calls;
	struct st_symbol symbol;
	unsigned int users;
	bool is_armed;
	bool is_traced;
	u64 missed;
	u32 counted;
};

int st_entry_probed(struct kprobe *kp, struct pt_regs *regs);
int st_entry_begins(struct kretprobe_instance *ri, struct pt_regs *regs);
int st_entry_ends(struct kretprobe_instance *ri, struct pt_regs *regs);
#if ST_CAN_TRACE
void st_entry_place(struct st_probe *probe);
void st_entry_traced(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
		     struct ftrace_regs *fregs);
#else
static inline void st_entry_place(struct st_probe *probe)
{
}
#endif

#endif /* _ST_ENTRY_H */
