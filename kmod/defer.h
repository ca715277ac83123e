/* SPDX-License-Identifier: GPL-2.0 */
/* What cannot be done in a handler is done before the thread returns to user mode. */
#ifndef _ST_DEFER_H
#define _ST_DEFER_H

#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "event.h"

/**
 * struct st_deferred - the rest of a call's story
 * @work: how the kernel knows it
 * @finish: what is called in the thread's own context, where it may sleep
 * @call: the call; the bits of @call.wanted are the sessions that still wait for it
 * @sent: bytes of payload
 */
struct st_deferred {
	struct callback_head work;
	void (*finish)(struct st_deferred *deferred);
	struct st_call call;
	u64 sent;
};

int st_defer_init(void);
int st_defer_prepare(void);
void st_defer_exit(void);
struct st_deferred *st_defer_get(void);
bool st_defer_queue(struct st_deferred *deferred);

#endif /* _ST_DEFER_H */
