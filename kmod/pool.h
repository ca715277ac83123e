/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that carry calls to task work, where what a handler cannot do is done. */
#ifndef _ST_POOL_H
#define _ST_POOL_H

#include <linux/task_work.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/sendtrace.h>

#include "call.h"

/* So many buffers of a payload have room in each object. */
#define ST_POOL_FEW 8

/**
 * struct st_deferred - a call whose record waits for task work
 * @work: the kernel's handle
 * @finish: called in the thread's own context, where it may sleep; NULL when that was done
 * @newer: what the thread has queued after it, while task work runs
 * @call: the call; @call.wanted has a bit for each session that still waits for its record
 * @sent: bytes of payload
 * @account: whose share of the objects it is part of
 * @many_account: likewise for @many
 * @many: room for more than ST_POOL_FEW buffers, or NULL; from st_pool_room()
 * @few: room for fewer
 */
struct st_deferred {
	struct callback_head work;
	void (*finish)(struct st_deferred *deferred);
	struct st_deferred *newer;
	struct st_call call;
	u64 sent;
	u32 account;
	u32 many_account;
	struct iovec *many;
	struct iovec few[ST_POOL_FEW];
};

int st_pool_init(void);
int st_pool_prepare(void);
void st_pool_exit(void);
struct st_deferred *st_pool_get(void);
struct iovec *st_pool_room(struct st_deferred *deferred, u32 nr);
void st_pool_put(struct st_deferred *deferred);
bool st_pool_is_waiting(void);
bool st_pool_queue(struct st_deferred *deferred);

#endif /* _ST_POOL_H */
