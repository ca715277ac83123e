// SPDX-License-Identifier: GPL-2.0
/*
 * Task work: the kernel calls us back in the same thread before it executes another
 * instruction in user mode, preemptible and free to fault pages in. The thread cannot
 * change its buffer before that, nor make another call.
 *
 * The objects are allocated beforehand, since a handler cannot, and claimed by bit. They
 * belong to no session: a session that is stopped is not found any more when the work
 * looks for it. But the work's code is ours, so an object in use holds the module: while a
 * thread waits for a slow page, rmmod says that the module is busy. Then unloading still
 * has to wait until no task can be in the last instructions behind module_put()
 * (synchronize_rcu_tasks() waits until each was seen to sleep or in user mode).
 */
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "defer.h"
#include "param.h"

static unsigned int works = 1024;
module_param(works, uint, 0444);
MODULE_PARM_DESC(works,
		 "long payloads that can be copied at once (1-65536, default 1024)");

/* Guards the allocation. */
static DEFINE_MUTEX(prepare_lock);
static struct st_deferred *pool;
static unsigned long *unused;
static unsigned int pool_size;

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
	return 0;
}

/**
 * st_defer_init() - check the parameters
 *
 * Return: 0 or -EINVAL.
 */
int __init st_defer_init(void)
{
	return st_param_check("works", works, 1, 65536);
}

/**
 * st_defer_prepare() - have the objects allocated, at the latest before the first call
 *
 * They stay until the module is unloaded.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int st_defer_prepare(void)
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
 * st_defer_exit() - free the objects
 *
 * Context: the module is being unloaded; may sleep.
 */
void st_defer_exit(void)
{
	if (!pool)
		return;
	synchronize_rcu_tasks();
	kvfree(pool);
	bitmap_free(unused);
}

/* test_and_set_bit() for its ordering: the next owner sees nothing of this one's. */
static void give_back(struct st_deferred *deferred)
{
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
		/* The session's open file holds it as well, now. */
		__module_get(THIS_MODULE);
		return &pool[bit];
	}
	return NULL;
}
NOKPROBE_SYMBOL(claim);

/**
 * st_defer_get() - claim an object
 *
 * Context: a handler.
 * Return: an object that has to go to st_defer_queue(), or NULL where all are in use.
 */
struct st_deferred *st_defer_get(void)
{
	unsigned int from;

	if (!ST_CAN_DEFER)
		return NULL;
	/* Each CPU begins at a place of its own, or they would all want the same. */
	from = (u64)pool_size * smp_processor_id() / nr_cpu_ids;
	return claim(from, pool_size) ?: claim(0, from);
}
NOKPROBE_SYMBOL(st_defer_get);

/**
 * st_defer_queue() - have an object's @finish called before the thread goes on
 * @deferred: from st_defer_get(), filled in
 *
 * Context: a handler.
 * Return: true, or false where the thread is exiting already; then the object is gone.
 */
bool st_defer_queue(struct st_deferred *deferred)
{
	init_task_work(&deferred->work, run);
	if (ST_CAN_DEFER && !task_work_add(current, &deferred->work, TWA_RESUME))
		return true;
	give_back(deferred);
	return false;
}
NOKPROBE_SYMBOL(st_defer_queue);
