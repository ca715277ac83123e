// SPDX-License-Identifier: GPL-2.0
/*
 * Arms the hooks of the table (hooks.c) as kretprobes, each while at least one running session
 * asks for one of its calls.
 *
 * Most calls are refused: no session records them. So what the kernel calls at a function's
 * entry, struct kprobe.pre_handler, is exchanged for a filter, which calls the kernel's own only
 * for a call that a session records. A call that is refused never has an instance of the
 * kretprobe, which takes longer to get and to give back than the question.
 *
 * Should a kretprobe have no such handler, its entry handler asks, and refuses a call by
 * returning 1, which frees the instance immediately. It always refuses thus a call whose user
 * has too many instances already (share.c).
 */
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>

#include "canary.h"
#include "compat.h"
#include "event.h"
#include "instances.h"
#include "probe.h"
#include "share.h"
#include "symbol.h"

/**
 * struct probe - a row of the table in this kernel
 * @rp: built again for every registration, because kprobes changes it (addr, flags) and
 *	refuses to register it as it left it. Of a hook that needs no return, only @rp.kp
 * @own: what the kernel does at an entry, behind the filter
 * @hook: the row (invariant)
 * @hits: how often the function was entered, on each CPU (invariant)
 * @symbol: its function (arm_lock)
 * @users: running sessions that ask for it; it is registered while there are any
 * @missed: calls missed, as far as they were counted
 * @counted: what the kernel's own counters said then
 */
struct probe {
	struct kretprobe rp;
	kprobe_pre_handler_t own;
	const struct st_hook *hook;
	unsigned long __percpu *hits;
	struct st_symbol symbol;
	unsigned int users;
	u64 missed;
	u32 counted;
};

static struct probe probes[ST_HOOKS];

/* How often each function was entered. */
static DEFINE_PER_CPU(unsigned long[ST_HOOKS], hits);

/* ---- The handlers of all hooks ------------------------------------------------------- */

/* The kernel's own handler has the instance of a call that is wanted. */
static nokprobe_inline int pass_on(struct probe *probe, struct pt_regs *regs)
{
	smp_rmb(); /* pairs with the release in register_return() */
	probe->own(&probe->rp.kp, regs);
	st_event_asked();
	return 0;
}

static noinline int filter_all(struct probe *probe, struct pt_regs *regs)
{
	return st_event_asks(probe->hook) ? pass_on(probe, regs) : 0;
}
NOKPROBE_SYMBOL(filter_all);

/* No hook that needs a return only helps. */
static nokprobe_inline int ask(struct probe *probe, struct pt_regs *regs)
{
	switch (st_event_asks_quickly(probe->hook, false)) {
	case ST_WANTED:
		return pass_on(probe, regs);
	case ST_UNSURE:
		return filter_all(probe, regs);
	default:
		return 0;
	}
}

static int filter(struct kprobe *kp, struct pt_regs *regs)
{
	struct probe *probe = container_of(kp, struct probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	return ask(probe, regs);
}
NOKPROBE_SYMBOL(filter);

/* Of a hook whose function has calls that do not concern it. */
static int filter_some(struct kprobe *kp, struct pt_regs *regs)
{
	struct probe *probe = container_of(kp, struct probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	return probe->hook->concerns(regs) ? ask(probe, regs) : 0;
}
NOKPROBE_SYMBOL(filter_some);

static nokprobe_inline int record_once(const struct probe *probe, struct pt_regs *regs)
{
	st_event_once(probe->hook, regs);
	st_event_asked();
	return 0;
}

static noinline int entered_once_all(const struct probe *probe, struct pt_regs *regs)
{
	return st_event_asks(probe->hook) ? record_once(probe, regs) : 0;
}
NOKPROBE_SYMBOL(entered_once_all);

/* Of a hook that needs no return. */
static int entered_once(struct kprobe *kp, struct pt_regs *regs)
{
	const struct probe *probe = container_of(kp, struct probe, rp.kp);

	raw_cpu_inc(*probe->hits);
	switch (st_event_asks_quickly(probe->hook, probe->hook->helps)) {
	case ST_WANTED:
		return record_once(probe, regs);
	case ST_UNSURE:
		return entered_once_all(probe, regs);
	default:
		return 0;
	}
}
NOKPROBE_SYMBOL(entered_once);

/* Also between the registration of a kretprobe and the exchange of its handler. */
static noinline int entered_without_filter(const struct probe *probe,
					   struct st_call *call, struct pt_regs *regs)
{
	int refused;

	raw_cpu_inc(*probe->hits);
	if (!st_event_asks(probe->hook))
		return 1;
	refused = st_event_begin(call, probe->hook, regs);
	st_event_asked();
	return refused;
}
NOKPROBE_SYMBOL(entered_without_filter);

static int entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = st_kretprobe_of(ri);
	const struct probe *probe = container_of(rp, struct probe, rp);
	struct st_call *call = (void *)ri->data;

	if (unlikely(!rp))
		return 1;
	/* Or else the compiler keeps both pointers. */
	OPTIMIZER_HIDE_VAR(call);
	if (unlikely(!st_event_is_asked()))
		return entered_without_filter(probe, call, regs);
	return st_event_begin(call, probe->hook, regs);
}
NOKPROBE_SYMBOL(entered);

static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	st_event_end((void *)ri->data, regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(returned);

/* ---- Arming -------------------------------------------------------------------------- */

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
	}
	return err;
}

/* Guards the registrations, their numbers of users, and the canary. */
static DEFINE_MUTEX(arm_lock);
static unsigned int armed;

static int register_once(struct probe *probe)
{
	probe->rp = (struct kretprobe){ .kp.pre_handler = entered_once };
	st_symbol_place(&probe->symbol, &probe->rp.kp);
	return register_kprobe(&probe->rp.kp);
}

static int register_return(struct probe *probe)
{
	u32 instances = st_instances_of(probe->hook);
	int err;

	/*
	 * No handler runs, and none will run of the calls that have slept since an earlier
	 * registration: they give nothing back, and must not be counted.
	 */
	st_share_reset(probe->hook->share, instances);
	probe->rp = (struct kretprobe){
		.entry_handler = entered,
		.handler = returned,
		.maxactive = instances,
		.data_size = probe->hook->size,
	};
	st_symbol_place(&probe->symbol, &probe->rp.kp);
	err = register_kretprobe(&probe->rp);
	probe->own = probe->rp.kp.pre_handler;
	/* Calls that come in between are handled by one or the other. */
	if (!err && probe->own)
		/* Who sees the filter sees @own, too: pairs with pass_on(). */
		smp_store_release(&probe->rp.kp.pre_handler,
				  probe->hook->concerns ? filter_some : filter);
	return err;
}

static int probe_register(struct probe *probe)
{
	int err = probe->hook->size ? register_return(probe) : register_once(probe);

	if (err)
		pr_err("cannot probe %s: error %d\n", probe->symbol.name, err);
	return err;
}

/* An optional hook that cannot be registered is missing from now on. */
static int without_it(struct probe *probe, int err)
{
	if (!probe->hook->optional || err == -ENOMEM)
		return err;
	probe->symbol.name = NULL;
	return 0;
}

static int probe_get(struct probe *probe)
{
	int err = 0;

	if (!probe->symbol.name)
		return without_it(probe, probe->symbol.err);
	if (!probe->users)
		err = probe_register(probe);
	if (err)
		return without_it(probe, err);
	probe->users++;
	return 0;
}

/*
 * The kernel increments these plain ints without a lock: near enough. They wrap, so what was
 * added since the last look is what counts. Two CPUs that increment one at the same time may
 * set it back a little: that is no wrap.
 */
#define SET_BACK_MAX (1U << 16)

static void count_missed(struct probe *probe)
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
static void forget_counted(struct probe *probe)
{
	count_missed(probe);
	probe->rp.nmissed = 0;
	probe->rp.kp.nmissed = 0;
	probe->counted = 0;
}

/*
 * Drops a use of the first @nr rows that serve @calls. Waits for the handlers that run, once
 * for all of a kind. Calls that sleep keep their instances: when they return, the kernel's own
 * code frees these, and calls nothing of ours.
 */
static void put_probes(u64 calls, int nr)
{
	struct kretprobe *returns[ST_HOOKS];
	struct kprobe *others[ST_HOOKS];
	int i, nr_returns = 0, nr_others = 0;
	struct probe *probe;

	for (i = 0; i < nr; i++) {
		probe = &probes[i];
		if (!(probe->hook->calls & calls) || !probe->symbol.name ||
		    --probe->users)
			continue;
		if (probe->hook->size)
			returns[nr_returns++] = &probe->rp;
		else
			others[nr_others++] = &probe->rp.kp;
	}
	unregister_kretprobes(returns, nr_returns);
	unregister_kprobes(others, nr_others);
	while (nr_returns--)
		forget_counted(container_of(returns[nr_returns], struct probe, rp));
	while (nr_others--)
		forget_counted(container_of(others[nr_others], struct probe, rp.kp));
}

static int get_probes(u64 calls)
{
	int i, err;

	for (i = 0; i < ST_HOOKS; i++) {
		if (!(st_hooks[i].calls & calls))
			continue;
		err = probe_get(&probes[i]);
		if (err) {
			put_probes(calls, i);
			return err;
		}
	}
	return 0;
}

/**
 * st_probe_arm() - arm the hooks of some calls, for one more session
 * @calls: SENDTRACE_CALL_BIT() of each
 *
 * Context: may sleep; holds no lock that is taken while pages are faulted in.
 * Return: 0; -ENOENT if this kernel lacks a function that is needed, -EINVAL if it must not
 * be probed; or what register_kretprobe() and register_kprobe() return.
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
 * Return: true if root has switched off kprobes or ftrace.
 */
bool st_probe_blind(void)
{
	bool blind;

	mutex_lock(&arm_lock);
	blind = armed && !st_canary_sees();
	mutex_unlock(&arm_lock);
	return blind;
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
		if (!probes[i].symbol.name)
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
	is = probes[id].users;
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
