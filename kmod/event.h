/* SPDX-License-Identifier: GPL-2.0 */
/* The story of a call, from its entry to its record. */
#ifndef _ST_EVENT_H
#define _ST_EVENT_H

#include "call.h"

struct pt_regs;
struct st_hook;

int st_event_begin(struct st_call *call, const struct st_hook *hook,
		   struct pt_regs *regs);
void st_event_end(struct st_call *call, long value);

/* What the rows of the hook table name (hook.c). */
void st_event_send_begins(struct st_call *call, struct pt_regs *regs);
void st_event_accept_begins(struct st_call *call, struct pt_regs *regs);
void st_event_sent(struct st_call *call, long value);
void st_event_accepted(struct st_call *call, long value);

#endif /* _ST_EVENT_H */
