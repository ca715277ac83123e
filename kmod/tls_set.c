// SPDX-License-Identifier: GPL-2.0
/*
 * The probes on one function of a TLS library: one on its entry, and one on each of its returns.
 *
 * A filter is not asked again for processes that it has refused. So when rules change, a new set
 * of probes is registered, takes over, and then the old one is unregistered: no call is missed,
 * and none is seen twice, since only the handlers of the set in charge do anything.
 *
 * Registering a probe stops every fork on the host for a moment, and each process that maps the
 * file; the longer, the more of these pass the filter.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "caller.h"
#include "compat.h"
#include "running.h"
#include "session.h"
#include "tls_call.h"
#include "tls_open.h"
#include "tls_set.h"
#include "uprobe.h"
#include "uprobe_api.h"

/* Processes whose probes on an entry were removed; a hash of them. */
#define REMOVED 64

/* One probe: the entry of the function, or one of its returns. */
struct point {
	struct st_uprobe probe;
	struct st_tls_set *set;
};

/**
 * struct st_tls_set - all probes of a function, with one filter
 * @function: whose
 * @removed: processes that have no probe on the entry any more, since no session wanted their
 *	calls; others with the same hash replace them
 * @nr: how many
 * @points: the entry, then the returns
 */
struct st_tls_set {
	struct st_tls_function *function;
	u64 removed[REMOVED];
	u32 nr;
	struct point points[];
};

/* ---- Handlers -------------------------------------------------------------------------- */

static struct point *point_of(struct uprobe_consumer *consumer)
{
	return container_of(consumer, struct point, probe.consumer);
}

/* NULL if another set is in charge. */
static struct st_tls_set *set_of(struct uprobe_consumer *consumer)
{
	struct st_tls_set *set = point_of(consumer)->set;

	return READ_ONCE(set->function->set) == set ? set : NULL;
}

static bool any_thread_matches(const struct st_rules *rules, struct task_struct *leader)
{
	struct st_caller caller = { .pid = task_tgid_nr(leader) };
	struct task_struct *thread;

	st_name_read(&caller.process, leader->comm);
	for_each_thread(leader, thread) {
		st_name_read(&caller.comm, thread->comm);
		if (st_rules_match(rules, &caller))
			return true;
	}
	return false;
}

/*
 * Does a session that runs, or is about to, want calls of TLS libraries of this process, as it is
 * now? Under RCU, with preemption on: there may be thousands of threads.
 */
static bool any_session_wants(struct task_struct *leader)
{
	unsigned long mask = READ_ONCE(st_running_slots);
	const struct st_session *session;

	for (; mask; mask &= mask - 1) {
		session = rcu_dereference(st_running[__ffs(mask)]);
		if (session && session->calls & SENDTRACE_CALLS_TLS &&
		    any_thread_matches(rcu_dereference(session->rules), leader))
			return true;
	}
	return false;
}

/*
 * Asked for each process that maps the file, at registration, and for each that maps it later. A
 * process that is refused has no breakpoint. Without memory cgroups, it is not known whose memory
 * it is: then the handler decides.
 */
static ST_UPROBE_FILTER(passes)
{
#ifdef CONFIG_MEMCG
	struct task_struct *owner;
	bool wants;

	rcu_read_lock();
	owner = rcu_dereference(mm->owner);
	wants = owner && any_session_wants(owner->group_leader);
	rcu_read_unlock();
	return wants;
#else
	return true;
#endif
}

/*
 * A process that forked has its parent's breakpoints, although a session may have chosen the parent
 * by its number. Names do not count: they change, and threads come and go, but the kernel does not
 * ask the filter again.
 */
static bool is_refused(void)
{
	unsigned long mask = READ_ONCE(st_running_slots);
	const struct st_session *session;
	bool wants = false;

	rcu_read_lock();
	for (; mask && !wants; mask &= mask - 1) {
		session = rcu_dereference(st_running[__ffs(mask)]);
		wants = session && session->calls & SENDTRACE_CALLS_TLS &&
			st_rules_match_pid(rcu_dereference(session->rules),
					   task_tgid_nr(current));
	}
	rcu_read_unlock();
	return !wants;
}

/* Never 0, and never that of another program. */
static u64 number_of_process(void)
{
	struct st_tls_process process;

	st_tls_process_read(&process);
	return process.start ^ (u64)process.pid << 40 ^ process.exec;
}

static u64 *removed_slot(struct st_tls_set *set, u64 number)
{
	return &set->removed[hash_64(number, ilog2(REMOVED))];
}

static ST_UPROBE_HANDLER(enters)
{
	struct st_tls_set *set = set_of(consumer);
	u64 number;

	if (!set || st_tls_call_begins(set->function->function, regs) || !is_refused())
		return 0;
	number = number_of_process();
	WRITE_ONCE(*removed_slot(set, number), number);
	return UPROBE_HANDLER_REMOVE;
}

/* This one stays: while a process is refused, the connections of what it frees become stale. */
static ST_UPROBE_HANDLER(frees)
{
	if (set_of(consumer))
		st_tls_call_frees(regs);
	return 0;
}

static ST_UPROBE_HANDLER(shakes)
{
	if (!set_of(consumer))
		return 0;
	st_tls_call_shakes(regs);
	return is_refused() ? UPROBE_HANDLER_REMOVE : 0;
}

static ST_UPROBE_HANDLER(writes)
{
	if (!set_of(consumer))
		return 0;
	st_tls_call_writes(regs);
	return is_refused() ? UPROBE_HANDLER_REMOVE : 0;
}

/*
 * It goes only when that of the entry has gone, which may come back with new rules only, together
 * with this one: else calls would be noted whose return is not seen. And only when no call is open
 * that a session has wanted: the process may have been renamed since.
 */
static ST_UPROBE_HANDLER(leaves)
{
	struct st_tls_set *set = set_of(consumer);
	u64 number;

	if (!set || st_tls_call_ends(regs, user_stack_pointer(regs)))
		return 0;
	number = number_of_process();
	if (READ_ONCE(*removed_slot(set, number)) != number || !is_refused() ||
	    st_tls_open_any())
		return 0;
	return UPROBE_HANDLER_REMOVE;
}

/* x86: the return address is gone from the stack. */
static ST_UPROBE_RETURN(has_left)
{
	unsigned long sp = user_stack_pointer(regs);

	if (!set_of(consumer))
		return 0;
#ifdef CONFIG_X86
	sp -= user_64bit_mode(regs) ? sizeof(u64) : sizeof(u32);
#endif
	st_tls_call_ends(regs, sp);
	return 0;
}

/* ---- Sets ------------------------------------------------------------------------------ */

static void set_consumer(struct uprobe_consumer *consumer,
			 const struct st_tls_function *function, bool is_entry)
{
	consumer->filter = passes;
	if (!is_entry)
		consumer->handler = leaves;
	else if (function->function == SENDTRACE_TLS_FREE)
		consumer->handler = frees;
	else if (function->function == SENDTRACE_TLS_HANDSHAKE)
		consumer->handler = shakes;
	else if (function->function == SENDTRACE_TLS_BIO_WRITE)
		consumer->handler = writes;
	else
		consumer->handler = enters;
	if (is_entry && function->has_uretprobe)
		consumer->ret_handler = has_left;
}

static struct st_tls_set *create_set(struct st_tls_function *function)
{
	struct st_tls_set *set =
		kvzalloc(struct_size(set, points, function->nr), GFP_KERNEL_ACCOUNT);
	u32 i;

	if (!set)
		return NULL;
	set->function = function;
	set->nr = function->nr;
	for (i = 0; i < set->nr; i++) {
		set->points[i].set = set;
		set->points[i].probe.offset = function->offsets[i];
		set_consumer(&set->points[i].probe.consumer, function, i == 0);
	}
	return set;
}

static void remove_set(struct st_tls_set *set)
{
	struct inode *inode = file_inode(set->function->file);
	u32 i;

	/* The entry first: what has begun can still return. */
	for (i = 0; i < set->nr; i++)
		st_uprobe_remove(&set->points[i].probe, inode);
	st_uprobe_unregister_sync();
	kvfree(set);
}

/* The returns first: what begins can return. */
static int add_set(struct st_tls_set *set)
{
	struct inode *inode = file_inode(set->function->file);
	u32 i;
	int err;

	for (i = set->nr; i-- > 0;) {
		err = st_uprobe_add(&set->points[i].probe, inode);
		if (err)
			return err;
	}
	return 0;
}

/**
 * st_tls_set_exchange() - probe a function, for the rules of today
 * @function: its file is there; probed or not
 *
 * Context: may sleep, and holds up forks; one at a time.
 * Return: 0, or what the kernel says of a probe, or -ENOMEM: then it is as before.
 */
int st_tls_set_exchange(struct st_tls_function *function)
{
	struct st_tls_set *set = create_set(function), *old = function->set;
	int err;

	if (!set)
		return -ENOMEM;
	err = add_set(set);
	if (err) {
		remove_set(set);
		return err;
	}
	WRITE_ONCE(function->set, set);
	if (old)
		remove_set(old);
	return 0;
}

/**
 * st_tls_set_drop() - probe a function no more
 * @function: probed or not
 *
 * When it returns, no handler uses @function any more.
 *
 * Context: may sleep; one at a time.
 */
void st_tls_set_drop(struct st_tls_function *function)
{
	struct st_tls_set *set = function->set;

	WRITE_ONCE(function->set, NULL);
	if (set)
		remove_set(set);
}
