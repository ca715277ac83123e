/* SPDX-License-Identifier: GPL-2.0 */
/* The returns of calls: who catches them, and how many at the same time. */
#ifndef _ST_RETURNS_H
#define _ST_RETURNS_H

#include <linux/kprobes.h>
#include <linux/types.h>

#include "hook.h"
#include "share.h"

/**
 * struct st_returns - a kretprobe whose instances several hooks share
 * @rp: never armed; built again for every registration, because kprobes changes it
 * @own: what the kernel does at the entry of a function that @rp would be armed at: it takes
 *	an instance, calls the entry handler, and catches the return. Does not change while
 *	there are @users
 * @share: who has how many instances (invariant)
 * @anchor: where it is registered (invariant)
 * @per_call: how many instances it has, in multiples of the parameter maxactive (invariant)
 * @size: bytes of an instance
 * @users: hooks that are armed and use it; it is registered while there are any
 */
struct st_returns {
	struct kretprobe rp;
	kprobe_pre_handler_t own;
	struct st_share *share;
	void *anchor;
	u32 per_call;
	u32 size;
	unsigned int users;
};

int st_returns_init(const struct st_hook *hooks, int nr);
struct st_returns *st_returns_of(const struct st_hook *hook);
int st_returns_get(struct st_returns *returns);
void st_returns_put(struct st_returns **unused, int nr);

/**
 * st_returns_catch() - follow a call until it returns
 * @returns: registered
 * @regs: the registers at the function's entry: the return address is exchanged
 *
 * The entry handler runs, unless no instance is free.
 *
 * Context: the function's entry; preemption off.
 */
static nokprobe_inline void st_returns_catch(struct st_returns *returns,
					     struct pt_regs *regs)
{
	returns->own(&returns->rp.kp, regs);
}

#endif /* _ST_RETURNS_H */
