// SPDX-License-Identifier: GPL-2.0
/*
 * Arms the hooks of the table (hooks.c), each while at least one running session asks for one of
 * its calls: as kretprobes, and where ftrace calls us at entries (trace.c) in its set of
 * functions, too. What is done then is in entry.c.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/percpu.h>

#include "canary.h"
#include "compat.h"
#include "entry.h"
#include "instances.h"
#include "probe.h"
#include "share.h"
#include "symbol.h"
#include "trace.h"

static struct st_probe probes[ST_HOOKS];

/* How often each function was entered. */
static DEFINE_PER_CPU(unsigned long[ST_HOOKS], hits);

/* ---- Arming -------------------------------------------------------------------------- */

/* Does ftrace call us at its entries, instead of a kprobe? */
static bool is_for_ftrace(const struct st_probe *probe)
{
	return st_trace_is_used() && probe->symbol.on_ftrace && probe->symbol.addr;
}

/**
 * st_probe_init() - check the parameters, and find the functions to probe
 *
 * A function that is missing is logged here, once.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int __init st_probe_init(void)
{
	struct st_symbol found[ST_HOOKS] = {};
	int i, err = st_instances_init(st_hooks, ST_HOOKS);

	err = err ?: st_symbols_find(st_hooks, found, ST_HOOKS);
	for (i = 0; i < ST_HOOKS; i++) {
		probes[i].hook = &st_hooks[i];
		probes[i].hits = &hits[i];
		probes[i].symbol = found[i];
		if (!err && is_for_ftrace(&probes[i]))
			st_entry_place(&probes[i]);
	}
	return err;
}

/**
 * st_probe_exit() - undo st_probe_init(), and what sessions have left
 *
 * Context: may sleep; no session runs.
 */
void st_probe_exit(void)
{
	st_trace_exit();
}

/* Guards the registrations, their numbers of users, and the canary. */
static DEFINE_MUTEX(arm_lock);
static unsigned int armed;

static u32 flags_of(const struct st_probe *probe)
{
	return is_for_ftrace(probe) ? KPROBE_FLAG_DISABLED : 0;
}

static int register_once(struct st_probe *probe)
{
	probe->rp = (struct kretprobe){
		.kp.pre_handler = st_entry_once,
		.kp.flags = flags_of(probe),
	};
	st_symbol_place(&probe->symbol, &probe->rp.kp);
	return register_kprobe(&probe->rp.kp);
}

/*
 * Exchanges the handler at the kprobe's entries. Calls that come before are handled by the
 * kernel's.
 */
static void put_filter(struct st_probe *probe)
{
	/* Who sees the filter sees st_probe.own, too: pairs with pass_on() in entry.c. */
	smp_store_release(&probe->rp.kp.pre_handler, st_entry_filter(probe->hook));
}

static int register_return(struct st_probe *probe)
{
	u32 instances = st_instances_of(probe->hook);
	int err;

	/*
	 * No handler runs, and none will run of the calls that have slept since an earlier
	 * registration: they give nothing back, and must not be counted.
	 */
	st_share_reset(probe->hook->share, instances);
	probe->rp = (struct kretprobe){
		.entry_handler = st_entry_begins,
		.handler = st_entry_ends,
		.maxactive = instances,
		.data_size = probe->hook->size,
		.kp.flags = flags_of(probe),
	};
	st_symbol_place(&probe->symbol, &probe->rp.kp);
	err = register_kretprobe(&probe->rp);
	probe->own = probe->rp.kp.pre_handler;
	if (!err && probe->own && !is_for_ftrace(probe))
		put_filter(probe);
	return err;
}

static int probe_register(struct st_probe *probe)
{
	int err = probe->hook->size ? register_return(probe) : register_once(probe);

	if (err)
		pr_err("cannot probe %s: error %d\n", probe->symbol.name, err);
	probe->is_registered = !err;
	/* Seen with all of the registration: pairs with pass_on() in entry.c. */
	smp_store_release(&probe->is_traced, !err && is_for_ftrace(probe));
	return err;
}

/* Without an optional hook a session starts nevertheless. */
static int without_it(const struct st_probe *probe, int err)
{
	return probe->hook->optional && err != -ENOMEM ? 0 : err;
}

/* What failed for an earlier session is tried again. */
static int probe_get(struct st_probe *probe)
{
	int err = probe->symbol.name ? 0 : probe->symbol.err;

	if (!err && !probe->is_registered)
		err = probe_register(probe);
	err = without_it(probe, err);
	if (!err)
		probe->users++;
	return err;
}

/* Tells ftrace which functions are hooked now. */
static int trace_hooked(void)
{
	unsigned long functions[ST_HOOKS];
	unsigned int i, nr = 0;

	if (!st_trace_is_used())
		return 0;
	for (i = 0; i < ST_HOOKS; i++)
		if (probes[i].is_traced)
			functions[nr++] = (unsigned long)probes[i].symbol.addr;
	return st_trace_set(functions, nr);
}

/*
 * The kernel increments these plain ints without a lock: near enough. They wrap, so what was
 * added since the last look is what counts. Two CPUs that increment one at the same time may
 * set it back a little: that is no wrap.
 */
#define SET_BACK_MAX (1U << 16)

static void count_missed(struct st_probe *probe)
{
	u32 now =
		(u32)READ_ONCE(probe->rp.nmissed) + (u32)st_kprobe_missed(&probe->rp.kp);

	lockdep_assert_held(&arm_lock);
	if (probe->counted - now <= SET_BACK_MAX)
		return;
	probe->missed += now - probe->counted;
	probe->counted = now;
}

/* The kernel's counters start at zero at each registration. */
static void forget_counted(struct st_probe *probe)
{
	count_missed(probe);
	probe->rp.nmissed = 0;
	probe->rp.kp.nmissed = 0;
	probe->counted = 0;
}

/* Returns those of the first @nr rows that serve @calls and have no user left. */
static unsigned int drop_users(u64 calls, int nr, struct st_probe **unused)
{
	unsigned int i, nr_unused = 0;

	for (i = 0; i < nr; i++) {
		struct st_probe *probe = &probes[i];

		if (!(probe->hook->calls & calls) || --probe->users ||
		    !probe->is_registered)
			continue;
		probe->is_registered = false;
		WRITE_ONCE(probe->is_traced, false);
		unused[nr_unused++] = probe;
	}
	return nr_unused;
}

/*
 * Drops a use of the first @nr rows that serve @calls. Waits for the handlers that run, once
 * for all of a kind. Calls that sleep keep their instances: when they return, the kernel's own
 * code frees these, and calls nothing of ours.
 */
static void put_probes(u64 calls, int nr)
{
	struct st_probe *unused[ST_HOOKS];
	struct kretprobe *returns[ST_HOOKS];
	struct kprobe *others[ST_HOOKS];
	unsigned int i, nr_returns = 0, nr_others = 0;
	unsigned int nr_unused = drop_users(calls, nr, unused);

	/* If it fails, ftrace calls us in vain: is_traced says no. */
	if (nr_unused)
		trace_hooked();
	for (i = 0; i < nr_unused; i++) {
		if (unused[i]->hook->size)
			returns[nr_returns++] = &unused[i]->rp;
		else
			others[nr_others++] = &unused[i]->rp.kp;
	}
	unregister_kretprobes(returns, nr_returns);
	unregister_kprobes(others, nr_others);
	for (i = 0; i < nr_unused; i++)
		forget_counted(unused[i]);
}

static int get_probes(u64 calls)
{
	int i, err = 0;

	for (i = 0; !err && i < ST_HOOKS; i++)
		if (st_hooks[i].calls & calls)
			err = probe_get(&probes[i]);
	if (err) {
		put_probes(calls, i - 1);
		return err;
	}
	err = trace_hooked();
	if (err) {
		pr_err("ftrace cannot trace the hooked functions: error %d\n", err);
		put_probes(calls, ST_HOOKS);
	}
	return err;
}

/**
 * st_probe_arm() - arm the hooks of some calls, for one more session
 * @calls: SENDTRACE_CALL_BIT() of each
 *
 * Context: may sleep; holds no lock that is taken while pages are faulted in.
 * Return: 0; -ENOENT if this kernel lacks a function that is needed, -EINVAL if it must not
 * be probed; or what register_kretprobe(), register_kprobe() and ftrace return.
 */
int st_probe_arm(u64 calls)
{
	int err;

	mutex_lock(&arm_lock);
	err = get_probes(calls);
	if (!err)
		armed++;
	mutex_unlock(&arm_lock);
	return err;
}

/**
 * st_probe_disarm() - undo st_probe_arm()
 * @calls: the same as for st_probe_arm()
 *
 * When it returns, a hook that no other session uses runs no handler any more.
 *
 * Context: may sleep, as st_probe_arm().
 */
void st_probe_disarm(u64 calls)
{
	mutex_lock(&arm_lock);
	put_probes(calls, ST_HOOKS);
	if (!--armed)
		st_canary_remove();
	mutex_unlock(&arm_lock);
}

/* ---- What is seen, and what is not ------------------------------------------------------ */

/**
 * st_probe_armed() - is any hook armed?
 *
 * Return: true if so.
 */
bool st_probe_armed(void)
{
	return READ_ONCE(armed);
}

/**
 * st_probe_blind() - are hooks armed, but see nothing?
 *
 * Context: may sleep.
 * Return: true if root has switched off ftrace, or kprobes where these are used.
 */
bool st_probe_blind(void)
{
	bool blind;

	mutex_lock(&arm_lock);
	blind = armed && !st_canary_sees();
	mutex_unlock(&arm_lock);
	return blind;
}

/* This kernel has no such function, or it could not be probed when it should have been. */
static bool is_missing(const struct st_probe *probe)
{
	return !probe->symbol.name || (probe->users && !probe->is_registered);
}

/**
 * st_probe_missing() - calls that this kernel cannot show, or not all of them
 *
 * Context: may sleep.
 * Return: SENDTRACE_CALL_BIT() of those whose function is missing.
 */
u64 st_probe_missing(void)
{
	u64 calls = 0;
	int i;

	mutex_lock(&arm_lock);
	for (i = 0; i < ST_HOOKS; i++)
		if (is_missing(&probes[i]))
			calls |= st_hooks[i].calls;
	mutex_unlock(&arm_lock);
	return calls;
}

/**
 * st_probe_missed() - calls that a hook has missed since the module was loaded
 * @id: the hook
 *
 * Context: may sleep.
 * Return: how many calls found no free instance, or were refused one.
 */
u64 st_probe_missed(enum st_hook_id id)
{
	u64 missed;

	mutex_lock(&arm_lock);
	count_missed(&probes[id]);
	missed = probes[id].missed;
	mutex_unlock(&arm_lock);
	if (st_hooks[id].share)
		missed += atomic_long_read(&st_hooks[id].share->refused);
	return missed;
}

/**
 * st_probe_hits() - how often a hook's function was entered since the module was loaded
 * @id: the hook
 *
 * Context: any.
 * Return: calls of all threads, recorded or not, while the hook was armed.
 */
u64 st_probe_hits(enum st_hook_id id)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(hits, cpu)[id]);
	return sum;
}

/**
 * st_probe_is_armed() - is a hook armed?
 * @id: the hook
 *
 * Context: may sleep.
 * Return: true if so.
 */
bool st_probe_is_armed(enum st_hook_id id)
{
	bool is;

	mutex_lock(&arm_lock);
	is = probes[id].is_registered;
	mutex_unlock(&arm_lock);
	return is;
}

/**
 * st_probe_missed_by() - the same for all hooks of some calls
 * @calls: SENDTRACE_CALL_BIT() of each
 *
 * Context: may sleep.
 * Return: how many calls found no free instance, or were refused one.
 */
u64 st_probe_missed_by(u64 calls)
{
	u64 missed = 0;
	int i;

	for (i = 0; i < ST_HOOKS; i++)
		if (st_hooks[i].calls & calls)
			missed += st_probe_missed(i);
	return missed;
}
