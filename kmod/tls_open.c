// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of TLS libraries that have not returned.
 *
 * A call is known by its process and its stack pointer, not by its thread: a program that
 * switches stacks may go on with a call in another thread. So these choose its chain: a call that
 * returns is in one chain, and the one that a socket call is inside in one of two, since its stack
 * pointer is not far away.
 *
 * A call may never return: longjmp(), a thread that is cancelled, a process that is killed. What
 * is left of it is replaced by the next call at the same place, or swept when the table is full.
 *
 * uprobes' handlers add and take calls; they may sleep. Handlers of socket calls look for one, with
 * preemption off, and note their socket in it while its chain is locked: so another thread cannot
 * take it meanwhile, and what is noted never goes to the call of another program. The locks are raw,
 * so that they do not sleep where preemption is real-time; two of them nest in the order of the
 * chains. No interrupt takes one: who calls from there is nobody's process.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <asm/processor.h>

#include "compat.h"
#include "tls_open.h"

#define CHAIN_BITS 8
#define CHAINS	   (1U << CHAIN_BITS)

/* About 5 MiB. */
#define CALLS_MAX 4096

struct chain {
	raw_spinlock_t lock;
	struct hlist_head calls;
};

static struct chain chains[CHAINS];
static struct kmem_cache *cache;
static unsigned long swept;

atomic_t st_tls_open_calls[ST_TLS_PROCESSES];
atomic_t st_tls_open_total;

/* Calls of one process that are not further than ST_TLS_DEEPEST apart are in one chain or two. */
static nokprobe_inline unsigned int chain_of(u32 pid, unsigned long sp)
{
	return hash_64((u64)pid << 40 ^ sp / ST_TLS_DEEPEST, CHAIN_BITS);
}

/**
 * st_tls_process_read() - which program the calling thread runs
 * @process: filled in
 *
 * Context: any thread.
 */
void st_tls_process_read(struct st_tls_process *process)
{
	/* The leader may change by exec(): the number of these, which is read first, tells. */
	process->exec = READ_ONCE(current->self_exec_id);
	rcu_read_lock();
	process->start = READ_ONCE(current->group_leader)->start_time;
	rcu_read_unlock();
	process->pid = task_tgid_nr(current);
}
NOKPROBE_SYMBOL(st_tls_process_read);

/* ---- Removing ------------------------------------------------------------------------- */

/* The lock of its chain is held. It is its taker's then. */
static void unlink(struct st_tls_open *call)
{
	hlist_del(&call->node);
	atomic_dec(&st_tls_open_calls[st_tls_process_hash(call->process.pid)]);
}

/**
 * st_tls_open_free() - a call is not needed any more
 * @call: from st_tls_open_new() or st_tls_open_take()
 */
void st_tls_open_free(struct st_tls_open *call)
{
	atomic_dec(&st_tls_open_total);
	kmem_cache_free(cache, call);
}

/* Is the thread that entered the call gone? */
static bool is_dead(const struct st_tls_open *call)
{
	/* The task's memory may be another task's: only compared, not read. */
	const struct task_struct *task;
	struct task_struct *thread;
	bool found = false;

	rcu_read_lock();
	task = pid_task(find_pid_ns(call->process.pid, &init_pid_ns), PIDTYPE_TGID);
	if (task && task->group_leader->start_time == call->process.start)
		for_each_thread(task, thread)
			found |= thread == call->task &&
				 thread->start_time == call->task_start &&
				 READ_ONCE(thread->self_exec_id) == call->process.exec;
	rcu_read_unlock();
	return !found;
}

static void sweep_chain(struct chain *chain, bool all)
{
	struct hlist_head gone = HLIST_HEAD_INIT;
	struct hlist_node *next;
	struct st_tls_open *call;

	raw_spin_lock(&chain->lock);
	hlist_for_each_entry_safe(call, next, &chain->calls, node) {
		if (all || is_dead(call)) {
			unlink(call);
			hlist_add_head(&call->node, &gone);
		}
	}
	raw_spin_unlock(&chain->lock);
	/* Where preemption is real-time, the allocator takes locks that sleep. */
	hlist_for_each_entry_safe(call, next, &gone, node)
		st_tls_open_free(call);
}

/* At most once a second: it takes a while. */
static void sweep(void)
{
	unsigned long last = READ_ONCE(swept);
	int i;

	if (time_before(jiffies, last + HZ) || cmpxchg(&swept, last, jiffies) != last)
		return;
	for (i = 0; i < CHAINS; i++)
		sweep_chain(&chains[i], false);
}

/**
 * st_tls_open_clear() - forget all calls
 *
 * Context: may sleep; no probe is registered.
 */
void st_tls_open_clear(void)
{
	int i;

	for (i = 0; i < CHAINS; i++)
		sweep_chain(&chains[i], true);
}

/* ---- Adding and taking ---------------------------------------------------------------- */

static bool is_at(const struct st_tls_open *call, const struct st_tls_process *process,
		  unsigned long sp)
{
	return call->sp == sp && st_tls_same_process(&call->process, process);
}

/* The chain is locked. */
static struct st_tls_open *
unlink_from(struct chain *chain, const struct st_tls_process *process, unsigned long sp)
{
	struct st_tls_open *each;

	hlist_for_each_entry(each, &chain->calls, node) {
		if (is_at(each, process, sp)) {
			unlink(each);
			return each;
		}
	}
	return NULL;
}

static struct st_tls_open *
take_from(struct chain *chain, const struct st_tls_process *process, unsigned long sp)
{
	struct st_tls_open *call;

	raw_spin_lock(&chain->lock);
	call = unlink_from(chain, process, sp);
	raw_spin_unlock(&chain->lock);
	return call;
}

/* Not charged to the caller's control group: there is a bound for all. */
static struct st_tls_open *allocate(void)
{
	struct st_tls_open *call = NULL;

	if (atomic_inc_return(&st_tls_open_total) <= CALLS_MAX)
		call = kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
	if (call)
		return call;
	atomic_dec(&st_tls_open_total);
	return NULL;
}

/**
 * st_tls_open_new() - memory for a call that begins
 *
 * Context: a uprobe's handler; may sleep.
 * Return: the call, for st_tls_open_add() or st_tls_open_free(); NULL if there is no room.
 */
struct st_tls_open *st_tls_open_new(void)
{
	struct st_tls_open *call = allocate();

	if (call)
		return call;
	sweep();
	return allocate();
}

/**
 * st_tls_open_drop() - forget what is left of an earlier call
 * @process: the calling process
 * @sp: where it was
 */
void st_tls_open_drop(const struct st_tls_process *process, unsigned long sp)
{
	struct st_tls_open *left =
		take_from(&chains[chain_of(process->pid, sp)], process, sp);

	if (left)
		st_tls_open_free(left);
}

/**
 * st_tls_open_add() - note a call of the calling thread that begins
 * @call: from st_tls_open_new(); all but @node, @task, @task_start and @call is set
 *
 * Replaces what is left of an earlier call at the same place.
 */
void st_tls_open_add(struct st_tls_open *call)
{
	struct chain *chain = &chains[chain_of(call->process.pid, call->sp)];
	struct st_tls_open *left;

	call->task = current;
	call->task_start = current->start_time;
	atomic_inc(&st_tls_open_calls[st_tls_process_hash(call->process.pid)]);
	raw_spin_lock(&chain->lock);
	left = unlink_from(chain, &call->process, call->sp);
	hlist_add_head(&call->node, &chain->calls);
	raw_spin_unlock(&chain->lock);
	if (left)
		st_tls_open_free(left);
}

/**
 * st_tls_open_take() - a call returns
 * @sp: the user's stack pointer, as at its entry
 *
 * Return: the call, for st_tls_open_free(); NULL if no session wanted it, or it was never seen to
 * begin.
 */
struct st_tls_open *st_tls_open_take(unsigned long sp)
{
	struct st_tls_process process;

	if (!st_tls_is_open())
		return NULL;
	st_tls_process_read(&process);
	return take_from(&chains[chain_of(process.pid, sp)], &process, sp);
}

/* ---- Looking -------------------------------------------------------------------------- */

static nokprobe_inline bool is_around(const struct st_tls_open *call,
				      const struct st_tls_process *process,
				      unsigned long sp)
{
	return sp <= call->sp && call->sp - sp <= ST_TLS_DEEPEST &&
	       st_tls_same_process(&call->process, process);
}

static nokprobe_inline bool is_own(const struct st_tls_open *call)
{
	return call->task == current && call->task_start == current->start_time;
}

/*
 * Does the return address still stand where it was? What longjmp() has left is overwritten sooner or
 * later. Others that trace may have exchanged it, too, so this decides only between two calls.
 */
static nokprobe_inline bool is_intact(const struct st_tls_open *call)
{
#ifdef CONFIG_X86
	bool is_long = user_64bit_mode(task_pt_regs(current));
	unsigned long word = 0;

	return !copy_from_user_nofault(&word, (const void __user *)call->sp,
				       is_long ? sizeof(u64) : sizeof(u32)) &&
	       word == call->returns_to;
#else
	return true; /* It is in a register. */
#endif
}

/*
 * The calling thread's own calls first, since other stacks may be near; then what is not left of a
 * call that never returned; then the innermost one. Both may be NULL.
 */
static nokprobe_inline struct st_tls_open *better(struct st_tls_open *a,
						  struct st_tls_open *b)
{
	if (!a || !b)
		return a ?: b;
	if (is_own(a) != is_own(b))
		return is_own(a) ? a : b;
	if (is_intact(a) != is_intact(b))
		return is_intact(a) ? a : b;
	return a->sp < b->sp ? a : b;
}

static struct st_tls_open *look(unsigned int i, const struct st_tls_process *process,
				unsigned long sp)
{
	struct st_tls_open *call, *best = NULL;

	hlist_for_each_entry(call, &chains[i].calls, node)
		if (is_around(call, process, sp))
			best = better(best, call);
	return best;
}
NOKPROBE_SYMBOL(look);

/*
 * Is the thread that entered the call still in it, so that it is not the calling thread's? That
 * thread may be exiting, and its kernel stack gone.
 */
static bool is_occupied(const struct st_tls_open *call)
{
	const struct task_struct *leader = current->group_leader;
	struct task_struct *thread;
	unsigned long its;

	for_each_thread(leader, thread)
		if (thread == call->task && thread->start_time == call->task_start)
			return !copy_from_kernel_nofault(&its, &task_pt_regs(thread)->sp,
							 sizeof(its)) &&
			       its <= call->sp && call->sp - its <= ST_TLS_DEEPEST;
	return false;
}
NOKPROBE_SYMBOL(is_occupied);

/* The two that the call may be in which a stack pointer is inside. */
struct pair {
	unsigned int low;
	unsigned int high;
};

static nokprobe_inline struct pair pair_of(u32 pid, unsigned long sp)
{
	unsigned int a = chain_of(pid, sp), b = chain_of(pid, sp + ST_TLS_DEEPEST);

	return (struct pair){ .low = min(a, b), .high = max(a, b) };
}

/* If both are one, sparse is told that there are two locks all the same. */
static void lock_pair(const struct pair *pair) __acquires(low) __acquires(high)
{
	raw_spin_lock(&chains[pair->low].lock);
	if (pair->high != pair->low)
		raw_spin_lock_nested(&chains[pair->high].lock, SINGLE_DEPTH_NESTING);
	else
		__acquire(high);
}
NOKPROBE_SYMBOL(lock_pair);

static void unlock_pair(const struct pair *pair) __releases(low) __releases(high)
{
	if (pair->high != pair->low)
		raw_spin_unlock(&chains[pair->high].lock);
	else
		__release(high);
	raw_spin_unlock(&chains[pair->low].lock);
}
NOKPROBE_SYMBOL(unlock_pair);

/**
 * st_tls_open_note() - note something in the call that the calling thread is inside
 * @sp: its stack pointer in user mode
 * @note: notes it; the call cannot be taken meanwhile; preemption is off
 * @what: handed to @note
 *
 * Context: any; @note is called with a raw spinlock held.
 * Return: false if it is in none, or @note has returned that.
 */
bool st_tls_open_note(unsigned long sp, st_tls_note_fn note, const void *what)
{
	struct st_tls_process process;
	struct st_tls_open *call;
	struct pair pair;
	bool noted;

	st_tls_process_read(&process);
	pair = pair_of(process.pid, sp);
	lock_pair(&pair);
	call = better(look(pair.low, &process, sp), look(pair.high, &process, sp));
	if (call && !is_own(call) && is_occupied(call))
		call = NULL;
	noted = call && note(call, what);
	unlock_pair(&pair);
	return noted;
}
NOKPROBE_SYMBOL(st_tls_open_note);

/* ---- The table ------------------------------------------------------------------------ */

/*
 * That the cache has one keeps the kernel from filling each object with zeroes when it is
 * allocated (CONFIG_INIT_ON_ALLOC_DEFAULT_ON): it is large, and all that is read is set before.
 */
static void construct(void *call)
{
	INIT_HLIST_NODE(&((struct st_tls_open *)call)->node);
}

/**
 * st_tls_open_init() - prepare the table
 *
 * Return: 0 or -ENOMEM.
 */
int __init st_tls_open_init(void)
{
	int i;

	for (i = 0; i < CHAINS; i++)
		raw_spin_lock_init(&chains[i].lock);
	cache = kmem_cache_create("sendtrace_tls", sizeof(struct st_tls_open), 0, 0,
				  construct);
	return cache ? 0 : -ENOMEM;
}

/**
 * st_tls_open_exit() - free the table
 *
 * Context: may sleep; no probe is registered.
 */
void st_tls_open_exit(void)
{
	st_tls_open_clear();
	kmem_cache_destroy(cache);
}
