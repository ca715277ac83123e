// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of TLS libraries that are traced: named by sessions, probed while one of these
 * runs.
 *
 * A function is a place in a file: sessions that name the same share it, whatever process and
 * address they have named it by. All of its probes are a set (tls_set.c).
 *
 * Lock order: a session's lock, tls_lock, and then those of mm. No handler takes tls_lock.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "session.h"
#include "tls.h"
#include "tls_bio.h"
#include "tls_conn.h"
#include "tls_open.h"
#include "tls_set.h"
#include "uprobe.h"

/* Functions that one session may name: some hundred libraries. */
#define FUNCTIONS_MAX 1024

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

/* ---- Functions ------------------------------------------------------------------------- */

static void free_function(struct st_tls_function *function)
{
	fput(function->file);
	kfree(function);
}

/* Sessions have to name it again: what they named is not there any more. */
static void forget(struct st_tls_function *function)
{
	struct use *use, *next;

	st_tls_set_drop(function);
	list_for_each_entry_safe(use, next, &function->uses, entry)
		kfree(use);
	list_del(&function->entry);
	free_function(function);
}

/* Once a second. */
static void let_go(struct work_struct *work)
{
	struct st_tls_function *function, *next;

	mutex_lock(&tls_lock);
	list_for_each_entry_safe(function, next, &functions, entry)
		if (!mapping_mapped(file_inode(function->file)->i_mapping))
			forget(function);
	st_tls_bio_expire();
	st_tls_open_expire();
	if (!list_empty(&functions))
		schedule_delayed_work(&letting_go, HZ);
	mutex_unlock(&tls_lock);
}

static struct use *use_of(const struct st_tls_function *function,
			  const struct st_session *session)
{
	struct use *use;

	list_for_each_entry(use, &function->uses, entry)
		if (use->session == session)
			return use;
	return NULL;
}

static bool same(const struct st_tls_function *a, const struct st_tls_function *b)
{
	return file_inode(a->file) == file_inode(b->file) && a->function == b->function &&
	       a->has_uretprobe == b->has_uretprobe && a->nr == b->nr &&
	       !memcmp(a->offsets, b->offsets, a->nr * sizeof(a->offsets[0]));
}

static struct st_tls_function *find_same(const struct st_tls_function *function)
{
	struct st_tls_function *each;

	list_for_each_entry(each, &functions, entry)
		if (same(each, function))
			return each;
	return NULL;
}

/* @function is not in the list yet; returns what is there. */
static struct st_tls_function *list_function(struct st_tls_function *function)
{
	struct st_tls_function *same = find_same(function);

	if (same) {
		free_function(function);
		return same;
	}
	list_add_tail(&function->entry, &functions);
	schedule_delayed_work(&letting_go, HZ);
	return function;
}

static void unlist_if_unused(struct st_tls_function *function)
{
	if (!list_empty(&function->uses))
		return;
	st_tls_set_drop(function);
	list_del(&function->entry);
	free_function(function);
}

static int read_offsets(struct st_tls_function *function, const struct st_code *code,
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
static struct st_tls_function *create_function(struct st_code *code,
					       const struct sendtrace_tls *wanted)
{
	u32 nr = wanted->nr_returns + 1;
	struct st_tls_function *function =
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

static bool only_begins(u32 function)
{
	return function == SENDTRACE_TLS_FREE || function == SENDTRACE_TLS_HANDSHAKE ||
	       function == SENDTRACE_TLS_BIO_WRITE;
}

static bool is_valid(const struct sendtrace_tls *wanted)
{
	bool has_uretprobe = wanted->flags & SENDTRACE_TLS_URETPROBE;

	if (wanted->flags & ~SENDTRACE_TLS_URETPROBE || wanted->reserved ||
	    wanted->nr_returns > SENDTRACE_TLS_RETURNS)
		return false;
	if (only_begins(wanted->function))
		return !wanted->nr_returns && !has_uretprobe;
	return wanted->function < SENDTRACE_CALLS &&
	       SENDTRACE_CALL_BIT(wanted->function) & SENDTRACE_CALLS_TLS &&
	       has_uretprobe == !wanted->nr_returns;
}

/* @file: what the offsets were found in. */
static struct st_tls_function *function_in(const struct file *file,
					   const struct sendtrace_tls *wanted)
{
	struct st_tls_function *function;
	struct st_code code;
	int err;

	err = st_code_find(wanted->pid, wanted->address, &code);
	if (err)
		return ERR_PTR(err);
	function = st_code_is_of(&code, file) ? create_function(&code, wanted) :
						ERR_PTR(-ESTALE);
	if (IS_ERR(function))
		st_code_put(&code);
	return function;
}

static struct st_tls_function *function_at(const struct sendtrace_tls *wanted)
{
	struct st_tls_function *function;
	struct file *file = fget(wanted->file); /* never one of O_PATH */

	if (!file)
		return ERR_PTR(-EBADF);
	function = function_in(file, wanted);
	fput(file);
	return function;
}

static u32 uses_by(const struct st_session *session)
{
	struct st_tls_function *function;
	u32 nr = 0;

	list_for_each_entry(function, &functions, entry)
		nr += use_of(function, session) != NULL;
	return nr;
}

/* On error, @function is as before. */
static int arm(struct st_tls_function *function)
{
	int err = 0;

	if (function->function == SENDTRACE_TLS_BIO_WRITE)
		err = st_tls_bio_prepare();
	if (!err && !function->armed)
		err = st_tls_set_exchange(function);
	if (!err)
		function->armed++;
	return err;
}

static void disarm(struct st_tls_function *function)
{
	if (!--function->armed)
		st_tls_set_drop(function);
}

static int add_use(struct st_tls_function *function, struct st_session *session)
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
	struct st_tls_function *function;
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

static void disarm_up_to(struct st_session *session, const struct st_tls_function *end)
{
	struct st_tls_function *function;

	list_for_each_entry(function, &functions, entry) {
		if (function == end)
			return;
		if (use_of(function, session))
			disarm(function);
	}
}

/**
 * st_tls_arm() - a session begins to run
 * @session: it; prepared
 *
 * Context: may sleep; @session->lock is held.
 * Return: 0, or what the kernel says of a probe; then none is armed.
 */
int st_tls_arm(struct st_session *session)
{
	struct st_tls_function *function;
	int err = 0;

	mutex_lock(&tls_lock);
	list_for_each_entry(function, &functions, entry) {
		if (!use_of(function, session))
			continue;
		/* For another session: its filter may refuse what this one wants. */
		err = function->set ? st_tls_set_exchange(function) : 0;
		err = err ?: arm(function);
		if (err) {
			disarm_up_to(session, function);
			break;
		}
	}
	mutex_unlock(&tls_lock);
	return err;
}

/* What TLS sessions do from now on is not seen, nor that they end. */
static void forget_if_unprobed(void)
{
	const struct st_tls_function *function;

	list_for_each_entry(function, &functions, entry)
		if (function->set)
			return;
	st_tls_open_clear();
	st_tls_conn_clear();
	st_tls_bio_clear();
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
	forget_if_unprobed();
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
	struct st_tls_function *function, *next;
	struct use *use;

	mutex_lock(&tls_lock);
	list_for_each_entry_safe(function, next, &functions, entry) {
		use = use_of(function, session);
		if (!use)
			continue;
		list_del(&use->entry);
		kfree(use);
		unlist_if_unused(function);
	}
	forget_if_unprobed();
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
	struct st_tls_function *function;
	int err, first = 0;

	mutex_lock(&tls_lock);
	list_for_each_entry(function, &functions, entry) {
		err = function->set ? st_tls_set_exchange(function) : 0;
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
