/* SPDX-License-Identifier: GPL-2.0 */
/* A call begins, and ends: what all hooks have in common. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/indirect_call_wrapper.h>
#include <linux/percpu.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "hook.h"
#include "sendto.h"
#include "share.h"

struct pt_regs;

/**
 * struct st_asked - what st_event_asks() has found out, for what follows on this CPU
 * @wanted: a bit for each session that wants the call; 0 if there is no such call
 * @caller: who makes it
 *
 * Preemption is off from st_event_asks() to st_event_asked(), and no interrupt's work asks.
 */
struct st_asked {
	unsigned long wanted;
	struct st_caller caller;
};

DECLARE_PER_CPU(struct st_asked, st_asked);

bool st_event_asks(const struct st_hook *hook);
void st_event_once(const struct st_hook *hook, struct pt_regs *regs);
int st_event_begin(struct st_call *call, const struct st_hook *hook,
		   struct pt_regs *regs);
void st_event_identify(struct st_call *call);
void st_event_identify_again(struct st_call *call);
bool st_event_refine(struct st_entry *call);
void st_event_pass(struct st_entry *call);
void st_event_drop(struct st_entry *call);

/**
 * st_event_is_asked() - does a session want the call whose entry is being handled?
 *
 * Context: preemption off.
 * Return: true between an st_event_asks() that returned true and st_event_asked().
 */
static nokprobe_inline bool st_event_is_asked(void)
{
	return this_cpu_read(st_asked.wanted);
}

/**
 * st_event_asked() - forget what st_event_asks() has found out
 *
 * Context: preemption off since st_event_asks() returned true.
 */
static nokprobe_inline void st_event_asked(void)
{
	this_cpu_write(st_asked.wanted, 0);
}

/**
 * st_event_end() - record a call that returns
 * @call: filled in by st_event_begin()
 * @value: what the function returned
 *
 * Where indirect calls are costly (retpolines), the most frequent one is direct.
 *
 * Context: the return handler.
 */
static nokprobe_inline void st_event_end(struct st_call *call, long value)
{
	st_share_give(call->hook->share, &call->account);
	INDIRECT_CALL_1(call->hook->end, st_sendto_ends, call, value);
}

#endif /* _ST_EVENT_H */
