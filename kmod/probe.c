// SPDX-License-Identifier: GPL-2.0
/*
 * Arms the hooks of the table (hooks.c), each while at least one running session asks for one of
 * its calls: in the set of functions at whose entry ftrace calls us (trace.c), or by a kprobe.
 * What is done then is in entry.c.
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "canary.h"
#include "compat.h"
#include "entry.h"
#include "probe.h"
#include "returns.h"
#include "symbol.h"
#include "trace.h"

static struct st_probe probes[ST_HOOKS];

/* How often each function was entered. */
static DEFINE_PER_CPU(unsigned long[ST_HOOKS], hits);
/* How many of these calls should have been followed, but found no instance. */
static DEFINE_PER_CPU(unsigned long[ST_HOOKS], misses);

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
	int i, err = st_returns_init(st_hooks, ST_HOOKS);

	err = err ?: st_symbols_find(st_hooks, found, ST_HOOKS);
	for (i = 0; i < ST_HOOKS; i++) {
		probes[i].hook = &st_hooks[i];
		probes[i].hits = &hits[i];
		probes[i].misses = &misses[i];
		probes[i].returns = st_returns_of(&st_hooks[i]);
		probes[i].symbol = found[i];
		probes[i].calls = found[i].is_needed ? st_hooks[i].calls : 0;
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

static int register_entry(struct st_probe *probe)
{
	int err = 0;

	if (is_for_ftrace(probe)) {
		/* Pairs with st_entry_traced(): who sees it sees @returns registered. */
		smp_store_release(&probe->is_traced, true);
	} else {
		probe->kp = (struct kprobe){ .pre_handler = st_entry_probed };
		st_symbol_place(&probe->symbol, &probe->kp);
		err = register_kprobe(&probe->kp);
	}
	return err;
}

static int probe_register(struct st_probe *probe)
{
	int err = 0;

	if (probe->returns)
		err = st_returns_get(probe->returns);
	if (err)
		return err;
	err = register_entry(probe);
	if (err) {
		pr_err("cannot probe %s: error %d\n", probe->symbol.name, err);
		if (probe->returns)
			st_returns_put(&probe->returns, 1);
	}
	probe->is_armed = !err;
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

	if (!err && !probe->is_armed)
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
 * The kernel increments this plain number without a lock: near enough. It wraps, so what was
 * added since the last look is what counts. Two CPUs that increment it at the same time may
 * set it back a little: that is no wrap.
 */
#define SET_BACK_MAX (1U << 16)

static void count_missed(struct st_probe *probe)
{
	u32 now = st_kprobe_missed(&probe->kp);

	lockdep_assert_held(&arm_lock);
	if (probe->counted - now <= SET_BACK_MAX)
		return;
	probe->missed += now - probe->counted;
	probe->counted = now;
}

/* The kernel's counter starts at zero at each registration. */
static void forget_counted(struct st_probe *probe)
{
	count_missed(probe);
	probe->kp.nmissed = 0;
	probe->counted = 0;
}

/* Returns how many of the first @nr rows serve @calls and have no user left: @unused. */
static unsigned int drop_users(u64 calls, int nr, struct st_probe **unused)
{
	unsigned int i, nr_unused = 0;

	for (i = 0; i < nr; i++) {
		struct st_probe *probe = &probes[i];

		if (!(probe->calls & calls) || --probe->users || !probe->is_armed)
			continue;
		probe->is_armed = false;
		unused[nr_unused++] = probe;
	}
	return nr_unused;
}

/* Nobody is called any more at their entries, or begins to be. */
static void unregister_entries(struct st_probe **unused, unsigned int nr)
{
	struct kprobe *kps[ST_HOOKS];
	unsigned int i, nr_kps = 0;

	for (i = 0; i < nr; i++) {
		if (!unused[i]->is_traced)
			kps[nr_kps++] = &unused[i]->kp;
		WRITE_ONCE(unused[i]->is_traced, false);
	}
	/* If it fails, ftrace calls us in vain. */
	if (nr_kps < nr) {
		trace_hooked();
		/* For those who have seen that they are traced. */
		synchronize_rcu();
	}
	unregister_kprobes(kps, nr_kps);
}

/*
 * Drops a use of the first @nr rows that serve @calls. Waits for the handlers that run, once
 * for all of a kind.
 */
static void put_probes(u64 calls, int nr)
{
	struct st_probe *unused[ST_HOOKS];
	struct st_returns *returns[ST_HOOKS];
	unsigned int i, nr_unused, nr_returns = 0;

	nr_unused = drop_users(calls, nr, unused);
	unregister_entries(unused, nr_unused);
	for (i = 0; i < nr_unused; i++) {
		forget_counted(unused[i]);
		if (unused[i]->returns)
			returns[nr_returns++] = unused[i]->returns;
	}
	st_returns_put(returns, nr_returns);
}

static int get_probes(u64 calls)
{
	int i, err = 0;

	for (i = 0; !err && i < ST_HOOKS; i++)
		if (probes[i].calls & calls)
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
 * When it returns, a hook that no other session uses handles no entry any more. Returns of calls
 * that have slept since may still be handled, while other hooks are armed: no session that began
 * after them wants them.
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
	return !probe->symbol.name || (probe->users && !probe->is_armed);
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
			calls |= probes[i].calls;
	mutex_unlock(&arm_lock);
	return calls;
}

static u64 sum_of(const unsigned long __percpu *count)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(count, cpu));
	return sum;
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
	return missed + sum_of(probes[id].misses);
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
	return sum_of(probes[id].hits);
}

/**
 * st_probe_is_needed() - is a hook for this kernel?
 * @id: the hook
 *
 * Context: any.
 * Return: true, or false if others are hooked instead.
 */
bool st_probe_is_needed(enum st_hook_id id)
{
	return probes[id].calls;
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
	is = probes[id].is_armed;
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
		if (probes[i].calls & calls)
			missed += st_probe_missed(i);
	return missed;
}
