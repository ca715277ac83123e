/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that carry calls to task work, where what a handler cannot do is done. */
#ifndef _ST_POOL_H
#define _ST_POOL_H

#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/sendtrace.h>

#include "call.h"

/**
 * struct st_deferred - a call whose record waits for task work
 * @work: the kernel's handle
 * @finish: called in the thread's own context, where it may sleep
 * @account: whose share of the objects it is part of
 * @call: the call; @call.wanted has a bit for each session that still waits for its record
 * @sent: bytes of payload
 */
struct st_deferred {
	struct callback_head work;
	void (*finish)(struct st_deferred *deferred);
	u32 account;
	struct st_call call;
	u64 sent;
};

int st_pool_init(void);
int st_pool_prepare(void);
void st_pool_exit(void);
struct st_deferred *st_pool_get(void);
bool st_pool_queue(struct st_deferred *deferred);

#endif /* _ST_POOL_H */
