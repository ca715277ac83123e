// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of TLS libraries that are traced: named by sessions, probed while one of these
 * runs.
 *
 * A function is a place in a file: sessions that name the same share it, whatever process and
 * address they have named it by. All of its probes are a set. A filter cannot be asked again for
 * processes that it has refused, so when rules change, a new set is registered, then takes over,
 * and then the old one is unregistered: no call is missed, and none is seen twice, since only the
 * handlers of the set in charge do anything.
 *
 * Registering a probe stops every fork on the host for a moment, and each process that maps the
 * file; the longer, the more of these pass the filter.
 *
 * Lock order: a session's lock, tls_lock, and then those of mm. No handler takes tls_lock.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "caller.h"
#include "compat.h"
#include "running.h"
#include "session.h"
#include "tls.h"
#include "tls_call.h"
#include "tls_conn.h"
#include "tls_open.h"
#include "uprobe.h"

/* Functions that one session may name: some hundred libraries. */
#define FUNCTIONS_MAX 1024

struct function;

/* One probe: the entry of a function, or one of its returns. */
struct point {
	struct st_uprobe probe;
	struct set *set;
};

/**
 * struct set - all probes of a function, with one filter
 * @function: whose
 * @nr: how many
 * @points: the entry, then the returns
 */
struct set {
	struct function *function;
	u32 nr;
	struct point points[];
};

/**
 * struct function - a place in a file
 * @entry: in the list of all
 * @uses: the sessions that name it
 * @file: NULL once no process maps it any more
 * @set: the one in charge, which handlers look at; NULL while no session that names it runs
 * @function: as in struct sendtrace_tls
 * @has_uretprobe: SENDTRACE_TLS_URETPROBE
 * @armed: how many running sessions name it
 * @nr: number of @offsets
 * @offsets: of the entry, then of the returns
 */
struct function {
	struct list_head entry;
	struct list_head uses;
	struct file *file;
	struct set *set;
	u16 function;
	bool has_uretprobe;
	u32 armed;
	u32 nr;
	loff_t offsets[];
};

/* A session names a function. */
struct use {
	struct list_head entry;
	struct st_session *session;
};

/* Guards all of these. */
static DEFINE_MUTEX(tls_lock);
static LIST_HEAD(functions);

static void let_go(struct work_struct *work);
static DECLARE_DELAYED_WORK(letting_go, let_go);

/* ---- Handlers -------------------------------------------------------------------------- */

static struct point *point_of(struct uprobe_consumer *consumer)
{
	return container_of(consumer, struct point, probe.consumer);
}

/* NULL if another set is in charge. */
static const struct function *function_of(struct uprobe_consumer *consumer)
{
	struct set *set = point_of(consumer)->set;

	return READ_ONCE(set->function->set) == set ? set->function : NULL;
}

static bool any_thread_matches(const struct st_rules *rules, struct task_struct *leader)
{
	struct st_caller caller = { .pid = task_tgid_nr(leader) };
	struct task_struct *thread;

	st_name_read(&caller.process, leader->comm);
	for_each_thread(leader, thread)
	{
		st_name_read(&caller.comm, thread->comm);
		if (st_rules_match(rules, &caller))
			return true;
	}
	return false;
}

/* Does a running session want calls of TLS libraries of this process, as it is now? */
static bool any_session_wants(struct task_struct *leader)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	const struct st_session *session;
	bool wants = false;

	preempt_disable();
	for (; mask && !wants; mask &= mask - 1) {
		session = st_running_of(mask);
		wants = session && session->calls & SENDTRACE_CALLS_TLS &&
			any_thread_matches(rcu_dereference_sched(session->rules), leader);
	}
	preempt_enable();
	return wants;
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

/* A process that forked has its parent's breakpoints, whatever it is now. */
static int refused(void)
{
	bool wants;

	rcu_read_lock();
	wants = any_session_wants(current->group_leader);
	rcu_read_unlock();
	return wants ? 0 : UPROBE_HANDLER_REMOVE;
}

static ST_UPROBE_HANDLER(enters)
{
	const struct function *function = function_of(consumer);

	if (!function || st_tls_call_begins(function->function, regs))
		return 0;
	return refused();
}

static ST_UPROBE_HANDLER(frees)
{
	if (function_of(consumer))
		st_tls_call_frees(regs);
	return 0;
}

static ST_UPROBE_HANDLER(leaves)
{
	if (function_of(consumer))
		st_tls_call_ends(regs, user_stack_pointer(regs));
	return 0;
}

/* x86: the return address is gone from the stack. */
static ST_UPROBE_RETURN(has_left)
{
	unsigned long sp = user_stack_pointer(regs);

	if (!function_of(consumer))
		return 0;
#ifdef CONFIG_X86
	sp -= user_64bit_mode(regs) ? sizeof(u64) : sizeof(u32);
#endif
	st_tls_call_ends(regs, sp);
	return 0;
}

/* ---- Sets ------------------------------------------------------------------------------ */

static void set_consumer(struct uprobe_consumer *consumer,
			 const struct function *function, bool is_entry)
{
	consumer->filter = passes;
	if (!is_entry)
		consumer->handler = leaves;
	else if (function->function == SENDTRACE_TLS_FREE)
		consumer->handler = frees;
	else
		consumer->handler = enters;
	if (is_entry && function->has_uretprobe)
		consumer->ret_handler = has_left;
}

static struct set *create_set(struct function *function)
{
	struct set *set =
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

static void remove_set(struct set *set)
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
static int add_set(struct set *set)
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

/* A new set, for today's rules, in charge. */
static int exchange_set(struct function *function)
{
	struct set *set = create_set(function), *old = function->set;
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

static void drop_set(struct function *function)
{
	struct set *set = function->set;

	WRITE_ONCE(function->set, NULL);
	if (set)
		remove_set(set);
}

/* ---- Functions ------------------------------------------------------------------------- */

static void let_file_go(struct function *function)
{
	drop_set(function);
	fput(function->file);
	function->file = NULL;
}

/* Once a second. */
static void let_go(struct work_struct *work)
{
	struct function *function;
	bool any = false;

	mutex_lock(&tls_lock);
	list_for_each_entry(function, &functions, entry) {
		if (function->file &&
		    !mapping_mapped(file_inode(function->file)->i_mapping))
			let_file_go(function);
		any |= function->file != NULL;
	}
	mutex_unlock(&tls_lock);
	if (any)
		schedule_delayed_work(&letting_go, HZ);
}

static struct use *use_of(const struct function *function,
			  const struct st_session *session)
{
	struct use *use;

	list_for_each_entry(use, &function->uses, entry)
		if (use->session == session)
			return use;
	return NULL;
}

static bool same(const struct function *a, const struct function *b)
{
	return a->file && file_inode(a->file) == file_inode(b->file) &&
	       a->function == b->function && a->has_uretprobe == b->has_uretprobe &&
	       a->nr == b->nr &&
	       !memcmp(a->offsets, b->offsets, a->nr * sizeof(a->offsets[0]));
}

static struct function *find_same(const struct function *function)
{
	struct function *each;

	list_for_each_entry(each, &functions, entry)
		if (same(each, function))
			return each;
	return NULL;
}

static void free_function(struct function *function)
{
	if (function->file)
		fput(function->file);
	kfree(function);
}

/* @function is not in the list yet; returns what is there. */
static struct function *list_function(struct function *function)
{
	struct function *same = find_same(function);

	if (same) {
		free_function(function);
		return same;
	}
	list_add_tail(&function->entry, &functions);
	schedule_delayed_work(&letting_go, HZ);
	return function;
}

static void unlist_if_unused(struct function *function)
{
	if (!list_empty(&function->uses))
		return;
	drop_set(function);
	list_del(&function->entry);
	free_function(function);
}

static int read_offsets(struct function *function, const struct st_code *code,
			const struct sendtrace_tls *wanted)
{
	u32 i;
	int err = st_code_offset(code, wanted->address, &function->offsets[0]);

	for (i = 0; i < wanted->nr_returns && !err; i++) {
		err = st_code_offset(code, wanted->returns[i], &function->offsets[i + 1]);
		if (!err && !st_code_is_return(code->file, function->offsets[i + 1]))
			err = -EINVAL;
	}
	return err;
}

/* The function has the reference to the file then. */
static struct function *create_function(struct st_code *code,
					const struct sendtrace_tls *wanted)
{
	u32 nr = wanted->nr_returns + 1;
	struct function *function =
		kzalloc(struct_size(function, offsets, nr), GFP_KERNEL_ACCOUNT);
	int err;

	if (!function)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&function->uses);
	function->function = wanted->function;
	function->has_uretprobe = wanted->flags & SENDTRACE_TLS_URETPROBE;
	function->nr = nr;
	err = read_offsets(function, code, wanted);
	if (err) {
		kfree(function);
		return ERR_PTR(err);
	}
	function->file = code->file;
	return function;
}

/* ---- Sessions -------------------------------------------------------------------------- */

static bool is_valid(const struct sendtrace_tls *wanted)
{
	bool has_uretprobe = wanted->flags & SENDTRACE_TLS_URETPROBE;

	if (wanted->flags & ~SENDTRACE_TLS_URETPROBE ||
	    wanted->nr_returns > SENDTRACE_TLS_RETURNS)
		return false;
	if (wanted->function == SENDTRACE_TLS_FREE)
		return !wanted->nr_returns && !has_uretprobe;
	return wanted->function < SENDTRACE_CALLS &&
	       SENDTRACE_CALL_BIT(wanted->function) & SENDTRACE_CALLS_TLS &&
	       has_uretprobe == !wanted->nr_returns;
}

static struct function *function_at(const struct sendtrace_tls *wanted)
{
	struct function *function;
	struct st_code code;
	int err;

	err = st_code_find(wanted->pid, wanted->address, &code);
	if (err)
		return ERR_PTR(err);
	function = create_function(&code, wanted);
	if (IS_ERR(function))
		st_code_put(&code);
	return function;
}

static u32 uses_by(const struct st_session *session)
{
	struct function *function;
	u32 nr = 0;

	list_for_each_entry(function, &functions, entry)
		nr += use_of(function, session) != NULL;
	return nr;
}

/* On error, @function is as before. */
static int arm(struct function *function)
{
	int err = 0;

	if (function->file && !function->armed)
		err = exchange_set(function);
	if (!err)
		function->armed++;
	return err;
}

static void disarm(struct function *function)
{
	if (!--function->armed)
		drop_set(function);
}

static int add_use(struct function *function, struct st_session *session)
{
	struct use *use;
	int err = 0;

	if (use_of(function, session))
		return -EEXIST;
	if (uses_by(session) >= FUNCTIONS_MAX)
		return -E2BIG;
	use = kmalloc(sizeof(*use), GFP_KERNEL_ACCOUNT);
	if (!use)
		return -ENOMEM;
	use->session = session;
	if (session->running)
		err = arm(function);
	if (err)
		kfree(use);
	else
		list_add_tail(&use->entry, &function->uses);
	return err;
}

/**
 * st_tls_add() - a session names a function
 * @session: configured, running or not
 * @wanted: from user space, not trusted
 *
 * Context: may sleep; @session->lock is held.
 * Return: as SENDTRACE_IOC_TLS.
 */
int st_tls_add(struct st_session *session, const struct sendtrace_tls *wanted)
{
	struct function *function;
	int err;

	if (!IS_ENABLED(CONFIG_UPROBES))
		return -EOPNOTSUPP;
	if (!(session->calls & SENDTRACE_CALLS_TLS) || !is_valid(wanted))
		return -EINVAL;
	function = function_at(wanted);
	if (IS_ERR(function))
		return PTR_ERR(function);
	mutex_lock(&tls_lock);
	function = list_function(function);
	err = add_use(function, session);
	unlist_if_unused(function);
	mutex_unlock(&tls_lock);
	return err;
}

static void disarm_up_to(struct st_session *session, const struct function *end)
{
	struct function *function;

	list_for_each_entry(function, &functions, entry) {
		if (function == end)
			return;
		if (use_of(function, session))
			disarm(function);
	}
}

/**
 * st_tls_arm() - a session has begun to run
 * @session: it
 *
 * Context: may sleep; @session->lock is held.
 * Return: 0, or what the kernel says of a probe; then none is armed.
 */
int st_tls_arm(struct st_session *session)
{
	struct function *function;
	int err = 0;

	mutex_lock(&tls_lock);
	list_for_each_entry(function, &functions, entry) {
		if (!use_of(function, session))
			continue;
		/* For another session: its filter may refuse what this one wants. */
		err = function->set ? exchange_set(function) : 0;
		err = err ?: arm(function);
		if (err) {
			disarm_up_to(session, function);
			break;
		}
	}
	mutex_unlock(&tls_lock);
	return err;
}

/**
 * st_tls_disarm() - a session is about to stop
 * @session: it
 *
 * Context: may sleep; @session->lock is held.
 */
void st_tls_disarm(struct st_session *session)
{
	mutex_lock(&tls_lock);
	disarm_up_to(session, NULL);
	mutex_unlock(&tls_lock);
}

/**
 * st_tls_forget() - forget what a session has named
 * @session: does not run
 *
 * Context: may sleep.
 */
void st_tls_forget(struct st_session *session)
{
	struct function *function, *next;
	struct use *use;

	mutex_lock(&tls_lock);
	list_for_each_entry_safe(function, next, &functions, entry)
	{
		use = use_of(function, session);
		if (!use)
			continue;
		list_del(&use->entry);
		kfree(use);
		unlist_if_unused(function);
	}
	if (list_empty(&functions)) {
		st_tls_open_clear();
		st_tls_conn_clear();
	}
	mutex_unlock(&tls_lock);
}

/**
 * st_tls_refilter() - rules have changed: ask for each process again
 *
 * Context: may sleep; the lock of a session is held.
 * Return: 0, or what the kernel says of a probe; then those that were armed before still are.
 */
int st_tls_refilter(void)
{
	struct function *function;
	int err, first = 0;

	mutex_lock(&tls_lock);
	list_for_each_entry(function, &functions, entry) {
		err = function->set ? exchange_set(function) : 0;
		first = first ?: err;
	}
	mutex_unlock(&tls_lock);
	return first;
}

/**
 * st_tls_init() - prepare the tables
 *
 * Return: 0 or -ENOMEM.
 */
int __init st_tls_init(void)
{
	return st_tls_open_init();
}

/**
 * st_tls_exit() - free the tables
 *
 * No session is open.
 */
void st_tls_exit(void)
{
	cancel_delayed_work_sync(&letting_go);
	st_tls_open_exit();
}
