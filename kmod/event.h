/* SPDX-License-Identifier: GPL-2.0 */
/* A call begins, and ends: what all hooks have in common. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include <linux/indirect_call_wrapper.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "hook.h"
#include "sendto.h"
#include "share.h"

struct pt_regs;

bool st_event_asks(const struct st_hook *hook);
int st_event_begin(struct st_call *call, const struct st_hook *hook,
		   struct pt_regs *regs);
void st_event_identify(struct st_call *call);
void st_event_identify_again(struct st_call *call);
bool st_event_refine(struct st_entry *call);
void st_event_pass(struct st_entry *call);

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
