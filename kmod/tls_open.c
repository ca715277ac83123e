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
 * chains. No interrupt takes one: calls that are made in interrupts are refused before
 * (st_asks_process()).
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "tls_chain.h"
#include "tls_open.h"

/* About 4 MiB. */
#define CALLS_MAX 4096

struct st_tls_chain st_tls_chains[ST_TLS_CHAINS];
static struct kmem_cache *cache;

/*
 * One that was freed on each CPU: most often the next call begins where the last one has ended. Not
 * where the kernel looks for what is used after it was freed.
 */
static DEFINE_PER_CPU(struct st_tls_open *, spare);
static unsigned long swept;

atomic_t st_tls_open_calls[ST_TLS_PROCESSES];
atomic_t st_tls_open_total;

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
	if (!IS_ENABLED(CONFIG_KASAN))
		call = this_cpu_xchg(spare, call);
	if (call)
		kmem_cache_free(cache, call);
}

/**
 * st_tls_thread_of() - the thread that entered a call
 * @call: it stays
 *
 * @call->task may be another task by now: it is only compared.
 *
 * Context: inside rcu_read_lock().
 * Return: the thread; NULL if it is gone.
 */
const struct task_struct *st_tls_thread_of(const struct st_tls_open *call)
{
	const struct task_struct *task =
		pid_task(find_pid_ns(call->tid, &init_pid_ns), PIDTYPE_PID);

	return task && task == call->task && task->start_time == call->task_start &&
			       READ_ONCE(task->self_exec_id) == call->process.exec ?
		       task :
		       NULL;
}
NOKPROBE_SYMBOL(st_tls_thread_of);

static bool has_no_thread(const struct st_tls_open *call)
{
	bool has;

	rcu_read_lock();
	has = st_tls_thread_of(call);
	rcu_read_unlock();
	return !has;
}

/* A program may go on with a call in another thread, but not after its process. */
static bool has_no_process(const struct st_tls_open *call)
{
	const struct task_struct *leader;
	bool has;

	rcu_read_lock();
	leader = pid_task(find_pid_ns(call->process.pid, &init_pid_ns), PIDTYPE_TGID);
	has = leader && leader->start_time == call->process.start &&
	      READ_ONCE(leader->self_exec_id) == call->process.exec;
	rcu_read_unlock();
	return !has;
}

static bool is_any(const struct st_tls_open *call)
{
	return true;
}

static void sweep_chain(struct st_tls_chain *chain,
			bool (*is_left)(const struct st_tls_open *))
{
	struct hlist_head gone = HLIST_HEAD_INIT;
	struct hlist_node *next;
	struct st_tls_open *call;

	raw_spin_lock(&chain->lock);
	hlist_for_each_entry_safe(call, next, &chain->calls, node) {
		if (is_left(call)) {
			unlink(call);
			hlist_add_head(&call->node, &gone);
		}
	}
	raw_spin_unlock(&chain->lock);
	/* Where preemption is real-time, the allocator takes locks that sleep. */
	hlist_for_each_entry_safe(call, next, &gone, node)
		st_tls_open_free(call);
}

static void sweep_all(bool (*is_left)(const struct st_tls_open *))
{
	int i;

	for (i = 0; i < ST_TLS_CHAINS; i++)
		sweep_chain(&st_tls_chains[i], is_left);
}

/* At most once a second: it takes a while. */
static void sweep(void)
{
	unsigned long last = READ_ONCE(swept);

	if (time_before(jiffies, last + HZ) || cmpxchg(&swept, last, jiffies) != last)
		return;
	sweep_all(has_no_thread);
}

/**
 * st_tls_open_expire() - forget the calls of processes that are gone
 *
 * Context: may sleep.
 */
void st_tls_open_expire(void)
{
	if (atomic_read(&st_tls_open_total))
		sweep_all(has_no_process);
}

/**
 * st_tls_open_clear() - forget all calls
 *
 * Context: may sleep; no probe is registered.
 */
void st_tls_open_clear(void)
{
	sweep_all(is_any);
}

/* ---- Adding and taking ---------------------------------------------------------------- */

static bool is_at(const struct st_tls_open *call, const struct st_tls_process *process,
		  unsigned long sp)
{
	return call->sp == sp && st_tls_same_process(&call->process, process);
}

/* The chain is locked. */
static struct st_tls_open *unlink_from(struct st_tls_chain *chain,
				       const struct st_tls_process *process,
				       unsigned long sp)
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

static struct st_tls_open *take_from(struct st_tls_chain *chain,
				     const struct st_tls_process *process,
				     unsigned long sp)
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
		call = this_cpu_xchg(spare, NULL) ?:
			       kmem_cache_alloc(cache, GFP_KERNEL | __GFP_NOWARN);
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
		take_from(&st_tls_chains[st_tls_chain_of(process->pid, sp)], process, sp);

	if (left)
		st_tls_open_free(left);
}

/**
 * st_tls_open_add() - note a call of the calling thread that begins
 * @call: from st_tls_open_new(); all is set but @node, @task, @tid, @task_start, and what is set
 *	later in @call
 *
 * Replaces what is left of an earlier call at the same place.
 */
void st_tls_open_add(struct st_tls_open *call)
{
	struct st_tls_chain *chain =
		&st_tls_chains[st_tls_chain_of(call->process.pid, call->sp)];
	struct st_tls_open *left;

	call->task = current;
	call->tid = task_pid_nr(current);
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
	return take_from(&st_tls_chains[st_tls_chain_of(process.pid, sp)], &process, sp);
}

/* ---- The table ------------------------------------------------------------------------ */

/*
 * That the cache has one keeps the kernel from filling each object with zeroes when it is
 * allocated (CONFIG_INIT_ON_ALLOC_DEFAULT_ON): it is large, and all that is read is set before. A
 * kernel that looks for what is not set can do so without it only.
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

	for (i = 0; i < ST_TLS_CHAINS; i++)
		raw_spin_lock_init(&st_tls_chains[i].lock);
	cache = kmem_cache_create("sendtrace_tls", sizeof(struct st_tls_open), 0, 0,
				  IS_ENABLED(CONFIG_KASAN) ? NULL : construct);
	return cache ? 0 : -ENOMEM;
}

/**
 * st_tls_open_exit() - free the table
 *
 * Context: may sleep; no probe is registered.
 */
void st_tls_open_exit(void)
{
	int cpu;

	st_tls_open_clear();
	for_each_possible_cpu(cpu)
		if (per_cpu(spare, cpu))
			kmem_cache_free(cache, per_cpu(spare, cpu));
	kmem_cache_destroy(cache);
}
