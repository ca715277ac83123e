// SPDX-License-Identifier: GPL-2.0
/*
 * Task work: the kernel calls us back in the same thread before it executes another
 * instruction in user mode. There it may be preempted and may fault pages in. Until then
 * the thread can neither change its buffer nor make another call.
 *
 * A handler cannot allocate, so the objects are allocated in advance and claimed by a bit
 * each. They do not belong to a session: if a session was stopped meanwhile, the work
 * does not find it any more. The work runs our code, so an object in use holds a
 * reference to the module: while a thread waits for a slow page, rmmod reports that the
 * module is in use. Unloading must also wait for tasks that are still in the last
 * instructions after module_put(): synchronize_rcu_tasks() waits until every task has
 * slept or run in user mode.
 */
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "param.h"
#include "pool.h"
#include "share.h"

static unsigned int works = 1024;
module_param(works, uint, 0444);
MODULE_PARM_DESC(works,
		 "long payloads that can be copied concurrently (1-65536, default 1024)");

/* Protects the allocation. */
static DEFINE_MUTEX(prepare_lock);
static struct st_deferred *pool;
static unsigned long *unused;
static unsigned int pool_size;
ST_SHARE_DEFINE(share);

static int allocate(void)
{
	pool_size = works;
	unused = bitmap_alloc(pool_size, GFP_KERNEL);
	if (!unused)
		return -ENOMEM;
	pool = kvcalloc(pool_size, sizeof(*pool), GFP_KERNEL);
	if (!pool) {
		bitmap_free(unused);
		return -ENOMEM;
	}
	bitmap_fill(unused, pool_size);
	st_share_reset(&share, pool_size);
	return 0;
}

/**
 * st_pool_init() - check the parameters
 *
 * Return: 0 or -EINVAL.
 */
int __init st_pool_init(void)
{
	return st_param_check("works", works, 1, 65536);
}

/**
 * st_pool_prepare() - allocate the objects, before any call is traced
 *
 * They stay allocated until the module is unloaded.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int st_pool_prepare(void)
{
	int err = 0;

	if (!ST_CAN_DEFER)
		return 0;
	mutex_lock(&prepare_lock);
	if (!pool)
		err = allocate();
	mutex_unlock(&prepare_lock);
	return err;
}

/**
 * st_pool_exit() - free the objects
 *
 * Context: module unload; may sleep.
 */
void st_pool_exit(void)
{
	if (!pool)
		return;
	synchronize_rcu_tasks();
	kvfree(pool);
	bitmap_free(unused);
}

/* test_and_set_bit(), because it orders: our accesses come before the next owner's. */
static void give_back(struct st_deferred *deferred)
{
	st_share_give(&share, &deferred->account);
	test_and_set_bit(deferred - pool, unused);
	module_put(THIS_MODULE);
}
NOKPROBE_SYMBOL(give_back);

static void run(struct callback_head *work)
{
	struct st_deferred *deferred = container_of(work, struct st_deferred, work);

	deferred->finish(deferred);
	give_back(deferred);
}

static struct st_deferred *claim(unsigned int from, unsigned int to)
{
	unsigned int bit = find_next_bit(unused, to, from);

	for (; bit < to; bit = find_next_bit(unused, to, bit + 1)) {
		if (!test_and_clear_bit(bit, unused))
			continue; /* another CPU was faster */
		/* Safe: now the session's open file holds a reference, too. */
		__module_get(THIS_MODULE);
		return &pool[bit];
	}
	return NULL;
}
NOKPROBE_SYMBOL(claim);

/**
 * st_pool_get() - claim an object
 *
 * Context: a handler.
 * Return: an object, which must be passed to st_pool_queue(), or NULL if all are in use, or few
 * are left and the user has its share of these.
 */
struct st_deferred *st_pool_get(void)
{
	struct st_deferred *deferred;
	unsigned int from;
	u32 account;

	if (!ST_CAN_DEFER || !st_share_take(&share, &account))
		return NULL;
	/* Each CPU starts its search at a different place, to avoid contention. */
	from = (u64)pool_size * smp_processor_id() / nr_cpu_ids;
	deferred = claim(from, pool_size) ?: claim(0, from);
	if (deferred)
		deferred->account = account;
	else
		st_share_give(&share, &account);
	return deferred;
}
NOKPROBE_SYMBOL(st_pool_get);

/**
 * st_pool_queue() - call an object's @finish before the thread returns to user mode
 * @deferred: from st_pool_get(), filled in
 *
 * Context: a handler.
 * Return: true; or false if the thread is already exiting: then the object was released.
 */
bool st_pool_queue(struct st_deferred *deferred)
{
	init_task_work(&deferred->work, run);
	if (ST_CAN_DEFER && !task_work_add(current, &deferred->work, TWA_RESUME))
		return true;
	give_back(deferred);
	return false;
}
NOKPROBE_SYMBOL(st_pool_queue);
