// SPDX-License-Identifier: GPL-2.0
/*
 * Task work: the kernel calls us back in the same thread before it executes another
 * instruction in user mode. There it may be preempted and may fault pages in. Until then
 * the thread can neither change its buffer nor make another call.
 *
 * A handler cannot allocate, so the objects are allocated in advance and claimed by a bit
 * each; so are arrays for payloads in more buffers than an object has room for: the kernel frees
 * its own when the hooked function has returned. They do not belong to a session: if a session
 * was stopped meanwhile, the work does not find it any more. The work runs our code, so an object
 * in use holds a reference to the module: while a thread waits for a slow page, rmmod reports
 * that the module is in use. Unloading must also wait for tasks that are still in the last
 * instructions after module_put(): synchronize_rcu_tasks() waits until every task has
 * slept or run in user mode.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "param.h"
#include "pool.h"
#include "share.h"

static unsigned int works = 1024;
module_param(works, uint, 0444);
MODULE_PARM_DESC(works,
		 "long payloads that can be copied concurrently (1-65536, default 1024)");

/* Each is 16 KiB: 1 MiB for all. */
#define ARRAYS_MAX 64

/* Things that are claimed by a bit each. */
struct stock {
	unsigned long *unused;
	u32 size;
	struct st_share *share;
};

ST_SHARE_DEFINE(share);
ST_SHARE_DEFINE(array_share);

/* Protects the allocation. */
static DEFINE_MUTEX(prepare_lock);
static struct st_deferred *pool;
static struct iovec (*arrays)[UIO_MAXIOV];
static struct stock objects = { .share = &share };
static struct stock rooms = { .share = &array_share };

static void free_all(void)
{
	kvfree(pool);
	kvfree(arrays);
	bitmap_free(objects.unused);
	bitmap_free(rooms.unused);
	pool = NULL;
}

static bool fill(struct stock *stock, u32 size)
{
	stock->size = size;
	stock->unused = bitmap_alloc(size, GFP_KERNEL);
	if (!stock->unused)
		return false;
	bitmap_fill(stock->unused, size);
	st_share_reset(stock->share, size);
	return true;
}

static int allocate(void)
{
	bool filled = fill(&objects, works);

	filled &= fill(&rooms, min_t(u32, works, ARRAYS_MAX));
	pool = kvcalloc(objects.size, sizeof(*pool), GFP_KERNEL);
	arrays = kvcalloc(rooms.size, sizeof(*arrays), GFP_KERNEL);
	if (filled && pool && arrays)
		return 0;
	free_all();
	return -ENOMEM;
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
 * st_pool_prepare() - allocate the objects and arrays, before any call is traced
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
 * st_pool_exit() - free the objects and arrays
 *
 * Context: module unload; may sleep.
 */
void st_pool_exit(void)
{
	if (!pool)
		return;
	synchronize_rcu_tasks();
	free_all();
}

/* test_and_set_bit(), because it orders: our accesses come before the next owner's. */
static void release(struct stock *stock, u32 bit, const u32 *account)
{
	st_share_give(stock->share, account);
	test_and_set_bit(bit, stock->unused);
}
NOKPROBE_SYMBOL(release);

static bool claim_between(struct stock *stock, u32 from, u32 to, u32 *claimed)
{
	u32 bit = find_next_bit(stock->unused, to, from);

	for (; bit < to; bit = find_next_bit(stock->unused, to, bit + 1)) {
		if (!test_and_clear_bit(bit, stock->unused))
			continue; /* another CPU was faster */
		*claimed = bit;
		return true;
	}
	return false;
}
NOKPROBE_SYMBOL(claim_between);

/* Returns false if all are in use, or few are left and the user has its share of these. */
static bool claim(struct stock *stock, u32 *claimed, u32 *account)
{
	u32 from;

	if (!st_share_take(stock->share, account))
		return false;
	/* Each CPU starts its search at a different place, to avoid contention. */
	from = (u64)stock->size * smp_processor_id() / nr_cpu_ids;
	if (claim_between(stock, from, stock->size, claimed) ||
	    claim_between(stock, 0, from, claimed))
		return true;
	st_share_give(stock->share, account);
	return false;
}
NOKPROBE_SYMBOL(claim);

/**
 * st_pool_get() - claim an object
 *
 * Context: a handler.
 * Return: an object, which must be passed to st_pool_queue() or st_pool_put(); or NULL if all
 * are in use, or few are left and the user has its share of these.
 */
struct st_deferred *st_pool_get(void)
{
	struct st_deferred *deferred;
	u32 bit, account;

	if (!ST_CAN_DEFER || !claim(&objects, &bit, &account))
		return NULL;
	/* Safe: now the session's open file holds a reference, too. */
	__module_get(THIS_MODULE);
	deferred = &pool[bit];
	deferred->account = account;
	deferred->many = NULL;
	return deferred;
}
NOKPROBE_SYMBOL(st_pool_get);

/**
 * st_pool_room() - room for the buffers of a payload
 * @deferred: from st_pool_get(); called once for it
 * @nr: how many buffers
 *
 * Context: a handler.
 * Return: room, as long as @deferred is in use; or NULL if all is in use, or little is left and
 * the user has its share of that.
 */
struct iovec *st_pool_room(struct st_deferred *deferred, u32 nr)
{
	u32 bit;

	if (nr <= ST_POOL_FEW)
		return deferred->few;
	if (nr > UIO_MAXIOV || !claim(&rooms, &bit, &deferred->many_account))
		return NULL;
	deferred->many = arrays[bit];
	return deferred->many;
}
NOKPROBE_SYMBOL(st_pool_room);

/**
 * st_pool_put() - give an object back
 * @deferred: from st_pool_get()
 *
 * Context: a handler or task work.
 */
void st_pool_put(struct st_deferred *deferred)
{
	if (deferred->many)
		release(&rooms, (deferred->many - arrays[0]) / UIO_MAXIOV,
			&deferred->many_account);
	release(&objects, deferred - pool, &deferred->account);
	module_put(THIS_MODULE);
}
NOKPROBE_SYMBOL(st_pool_put);

/*
 * How many objects wait, by the hash of their thread: so a thread that has none, but another's
 * hash, takes itself for one that has some.
 */
#define WAITING_BITS 8
static atomic_t waiting[1U << WAITING_BITS];

static nokprobe_inline atomic_t *waiting_of(const struct task_struct *task)
{
	return &waiting[hash_ptr(task, WAITING_BITS)];
}

/**
 * st_pool_is_waiting() - does an object of this thread wait for task work?
 *
 * Context: any.
 * Return: true if so; also for some other threads.
 */
bool st_pool_is_waiting(void)
{
	return atomic_read(waiting_of(current));
}
NOKPROBE_SYMBOL(st_pool_is_waiting);

static void run(struct callback_head *work);

/*
 * The kernel calls the works of a thread back in the opposite order (task_work_run()), and a
 * system call such as sendmmsg() may have left several. So the first of ours that is called
 * finishes those that were queued before it, the oldest first. The kernel has taken the list
 * off the task: nobody changes it meanwhile.
 */
static struct st_deferred *oldest_of(struct st_deferred *deferred)
{
	struct callback_head *work;
	struct st_deferred *older;

	deferred->newer = NULL;
	for (work = deferred->work.next; work; work = work->next) {
		if (work->func != run)
			continue;
		older = container_of(work, struct st_deferred, work);
		older->newer = deferred;
		deferred = older;
	}
	return deferred;
}

static void run(struct callback_head *work)
{
	struct st_deferred *deferred = container_of(work, struct st_deferred, work);
	struct st_deferred *next = deferred->finish ? oldest_of(deferred) : NULL;

	for (; next; next = next->newer) {
		next->finish(next);
		next->finish = NULL;
	}
	atomic_dec(waiting_of(current));
	st_pool_put(deferred);
}

/**
 * st_pool_queue() - call an object's @finish before the thread returns to user mode, in order
 * @deferred: from st_pool_get(), filled in
 *
 * Context: a handler.
 * Return: true; or false if the thread is already exiting: then the object was released.
 */
bool st_pool_queue(struct st_deferred *deferred)
{
	init_task_work(&deferred->work, run);
	atomic_inc(waiting_of(current));
	if (ST_CAN_DEFER && !task_work_add(current, &deferred->work, TWA_RESUME))
		return true;
	atomic_dec(waiting_of(current));
	st_pool_put(deferred);
	return false;
}
NOKPROBE_SYMBOL(st_pool_queue);
