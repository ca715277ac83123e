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
 * uprobes' handlers add and take calls; they may sleep. Handlers of socket calls only look, with
 * preemption off and without a lock. What they find may be taken by another thread meanwhile, of a
 * program that means harm: so a call is freed a grace period later, and what is noted in it then
 * is lost, and does not go to the call of another program.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/rculist.h>
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

/* About 2 MiB. */
#define CALLS_MAX 4096

struct chain {
	spinlock_t lock;
	struct hlist_head calls;
};

static struct chain chains[CHAINS];
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

static void remove(struct st_tls_open *call)
{
	hlist_del_rcu(&call->node);
	atomic_dec(&st_tls_open_calls[st_tls_process_hash(call->process.pid)]);
	atomic_dec(&st_tls_open_total);
	kfree_rcu(call, rcu);
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
	struct hlist_node *next;
	struct st_tls_open *call;

	spin_lock(&chain->lock);
	hlist_for_each_entry_safe(call, next, &chain->calls, node)
		if (all || is_dead(call))
			remove(call);
	spin_unlock(&chain->lock);
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

/* @call may be NULL. Returns true if there was one. */
static bool take_from(struct chain *chain, const struct st_tls_process *process,
		      unsigned long sp, struct st_tls_open *call)
{
	struct st_tls_open *each;

	spin_lock(&chain->lock);
	hlist_for_each_entry(each, &chain->calls, node) {
		if (!is_at(each, process, sp))
			continue;
		if (call)
			*call = *each;
		remove(each);
		spin_unlock(&chain->lock);
		return true;
	}
	spin_unlock(&chain->lock);
	return false;
}

static struct st_tls_open *allocate(void)
{
	struct st_tls_open *call = NULL;

	if (atomic_inc_return(&st_tls_open_total) <= CALLS_MAX)
		call = kmalloc(sizeof(*call), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (call)
		return call;
	atomic_dec(&st_tls_open_total);
	return NULL;
}

/**
 * st_tls_open_add() - note a call of the calling thread that begins
 * @call: all but @node, @task and @task_start is set; copied
 *
 * Replaces what is left of an earlier call at the same place.
 *
 * Context: a uprobe's handler; may sleep.
 * Return: false if there is no room.
 */
bool st_tls_open_add(const struct st_tls_open *call)
{
	struct chain *chain = &chains[chain_of(call->process.pid, call->sp)];
	struct st_tls_open *added = allocate();

	if (!added) {
		sweep();
		added = allocate();
	}
	take_from(chain, &call->process, call->sp, NULL);
	if (!added)
		return false;
	*added = *call;
	added->task = current;
	added->task_start = current->start_time;
	atomic_inc(&st_tls_open_calls[st_tls_process_hash(call->process.pid)]);
	spin_lock(&chain->lock);
	hlist_add_head_rcu(&added->node, &chain->calls);
	spin_unlock(&chain->lock);
	return true;
}

/**
 * st_tls_open_take() - a call returns
 * @sp: the user's stack pointer, as at its entry
 * @call: what is known of it
 *
 * Context: a uprobe's handler; may sleep.
 * Return: false if no session wanted it, or it was never seen to begin.
 */
bool st_tls_open_take(unsigned long sp, struct st_tls_open *call)
{
	struct st_tls_process process;

	if (!st_tls_is_open())
		return false;
	st_tls_process_read(&process);
	return take_from(&chains[chain_of(process.pid, sp)], &process, sp, call);
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

	hlist_for_each_entry_rcu(call, &chains[i].calls, node)
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

/**
 * st_tls_open_around() - the call that the calling thread is inside
 * @sp: its stack pointer in user mode
 *
 * Context: preemption off.
 * Return: the call, which stays until preemption is on; NULL if it is in none.
 */
struct st_tls_open *st_tls_open_around(unsigned long sp)
{
	struct st_tls_process process;
	struct st_tls_open *call;

	st_tls_process_read(&process);
	call = better(look(chain_of(process.pid, sp), &process, sp),
		      look(chain_of(process.pid, sp + ST_TLS_DEEPEST), &process, sp));
	return call && !is_own(call) && is_occupied(call) ? NULL : call;
}
NOKPROBE_SYMBOL(st_tls_open_around);

/**
 * st_tls_open_init() - prepare the table
 */
void __init st_tls_open_init(void)
{
	int i;

	for (i = 0; i < CHAINS; i++)
		spin_lock_init(&chains[i].lock);
}
