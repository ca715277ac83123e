/* SPDX-License-Identifier: GPL-2.0 */
/* The story of a call, from its entry to its record. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/indirect_call_wrapper.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "hook.h"

struct pt_regs;

int st_event_begin(struct st_call *call, const struct st_hook *hook,
		   struct pt_regs *regs);

/* What the rows of the hook table name (hooks.c). */
void st_event_send_begins(struct st_call *call, struct pt_regs *regs);
void st_event_accept_begins(struct st_call *call, struct pt_regs *regs);
void st_event_sent(struct st_call *call, long value);
void st_event_accepted(struct st_call *call, long value);

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
	INDIRECT_CALL_1(call->hook->end, st_event_sent, call, value);
}

#endif /* _ST_EVENT_H */
