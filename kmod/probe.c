// SPDX-License-Identifier: GPL-2.0
/*
 * Arms the hooks of the table (hooks.c) as kretprobes, each while at least one running session
 * asks for one of its calls.
 *
 * A kretprobe has a fixed number of instances, and a call keeps one until it returns. A call
 * that finds none is missed. The kernel's default is far too small for calls that block,
 * hence the parameter maxactive. The entry handler refuses a call that no session records by
 * returning 1, which frees the instance immediately; likewise a call whose user has too many
 * instances already (share.c).
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ptrace.h>
#include <linux/slab.h>

#include "compat.h"
#include "event.h"
#include "param.h"
#include "probe.h"
#include "share.h"

/*
 * One bound for the instances of all hooks together, however many rows the table has. Only
 * hooks that are armed have instances. Up to Linux 6.1 each is a kmalloc() of its own, hence
 * the power of two. From 6.12 on, the kernel adds 8 bytes for each CPU and instance
 * (lib/objpool.c), which is not counted here.
 */
#define MEMORY_BY_DEFAULT (8U << 20)
#define MEMORY_AT_MOST	  (64U << 20)
#define INSTANCE_SIZE \
	roundup_pow_of_two(sizeof(struct kretprobe_instance) + sizeof(struct st_call))
#define INSTANCES_IN(memory, most)                        \
	((memory) / (ST_HOOKS * INSTANCE_SIZE) < (most) ? \
		 (memory) / (ST_HOOKS * INSTANCE_SIZE) :  \
		 (most))

static unsigned int maxactive = INSTANCES_IN(MEMORY_BY_DEFAULT, 4096);
module_param(maxactive, uint, 0444);
MODULE_PARM_DESC(maxactive,
		 "concurrent calls that each probe can follow (1-65536, default 4096)");

/**
 * struct probe - a row of the table in this kernel
 * @rp: built again for every registration, because kprobes changes it (addr, flags) and
 *	refuses to register it as it left it
 * @hook: the row
 * @symbol: the first of its symbols that this kernel can probe, or NULL (arm_lock)
 * @err: if there is none, why the first one cannot be probed
 * @users: running sessions that ask for it; it is registered while there are any
 * @missed: calls missed, as far as they were counted
 * @counted: what the kernel's own counters said then
 */
struct probe {
	struct kretprobe rp;
	const struct st_hook *hook;
	const char *symbol;
	int err;
	unsigned int users;
	u64 missed;
	u32 counted;
};

static struct probe probes[ST_HOOKS];

/* ---- The two handlers of all hooks ------------------------------------------------ */

static int entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct kretprobe *rp = st_kretprobe_of(ri);

	if (unlikely(!rp) || !st_event_asks(container_of(rp, struct probe, rp)->hook))
		return 1;
	return st_event_begin((void *)ri->data, container_of(rp, struct probe, rp)->hook,
			      regs);
}
NOKPROBE_SYMBOL(entered);

static int returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	st_event_end((void *)ri->data, regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(returned);

/* ---- Finding the functions ----------------------------------------------------------- */

/*
 * Modules may not look symbols up in kallsyms, but a kprobe does. Registered disabled, it
 * changes no code. Returns 0, -ENOENT, or another errno if the function may not be probed.
 */
static int __init try_symbol(struct kprobe *trial, const char *symbol)
{
	*trial = (struct kprobe){
		.symbol_name = symbol,
		.flags = KPROBE_FLAG_DISABLED,
	};
	return register_kprobe(trial);
}

static void __init report_missing(const struct probe *probe)
{
	const char *symbol = probe->hook->symbols[0], *name = probe->hook->name;

	if (probe->hook->optional)
		pr_warn("cannot probe %s (error %d): some calls of the kind '%s' are not seen\n",
			symbol, probe->err, name);
	else
		pr_err("cannot probe %s (error %d): sessions that record '%s' cannot start\n",
		       symbol, probe->err, name);
}

/* Returns 0, whether the function was found or not, or -ENOMEM. */
static int __init find_function(struct probe *probe, struct kprobe *trial)
{
	const struct st_hook *hook = probe->hook;
	int i, err;

	for (i = 0; i < ST_HOOK_SYMBOLS && hook->symbols[i]; i++) {
		err = try_symbol(trial, hook->symbols[i]);
		if (err == -ENOMEM)
			return err;
		if (!err) {
			probe->symbol = hook->symbols[i];
			return 0;
		}
		if (!i)
			probe->err = err;
	}
	report_missing(probe);
	return 0;
}

/* One grace period for all: unregistering waits for one. */
static int __init find_functions(void)
{
	struct kprobe **found, *trials;
	int i, nr = 0, err = 0;

	trials = kcalloc(ST_HOOKS, sizeof(*trials), GFP_KERNEL);
	found = kcalloc(ST_HOOKS, sizeof(*found), GFP_KERNEL);
	if (!trials || !found)
		err = -ENOMEM;
	for (i = 0; !err && i < ST_HOOKS; i++) {
		probes[i].hook = &st_hooks[i];
		err = find_function(&probes[i], &trials[i]);
		if (probes[i].symbol)
			found[nr++] = &trials[i];
	}
	unregister_kprobes(found, nr);
	kfree(found);
	kfree(trials);
	return err;
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
	int err = st_param_check("maxactive", maxactive, 1,
				 INSTANCES_IN(MEMORY_AT_MOST, 65536));

	return err ?: find_functions();
}

/* ---- The canary ---------------------------------------------------------------------- */

/*
 * A probe that is registered may still see nothing: root can switch off all kprobes (debugfs,
 * kprobes/enabled) or ftrace, which they are built on (sysctl kernel.ftrace_enabled), and the
 * kernel does not notify us. The canary is a probe on a function of our own, which goes blind
 * for the same reasons: to find out, we call the function.
 */
static atomic_t canary_seen = ATOMIC_INIT(0);

static noinline void canary(void)
{
	barrier(); /* or the compiler would drop the call */
}

static int canary_called(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&canary_seen);
	return 0;
}
NOKPROBE_SYMBOL(canary_called);

static struct kprobe canary_probe;

static int canary_register(void)
{
	canary_probe = (struct kprobe){
		.addr = (kprobe_opcode_t *)canary,
		.pre_handler = canary_called,
	};
	return register_kprobe(&canary_probe);
}

/* ---- Arming -------------------------------------------------------------------------- */

/* Guards the registrations, their numbers of users, and the canary. */
static DEFINE_MUTEX(arm_lock);
static unsigned int armed;

static int probe_register(struct probe *probe)
{
	int err;

	/*
	 * No handler runs, and none will run of the calls that have slept since an earlier
	 * registration: they give nothing back, and must not be counted.
	 */
	st_share_reset(probe->hook->share, maxactive);
	probe->rp = (struct kretprobe){
		.kp.symbol_name = probe->symbol,
		.entry_handler = entered,
		.handler = returned,
		.maxactive = maxactive,
		.data_size = probe->hook->size,
	};
	err = register_kretprobe(&probe->rp);
	if (err)
		pr_err("cannot probe %s: error %d\n", probe->symbol, err);
	return err;
}

/* An optional hook that cannot be registered is missing from now on. */
static int without_it(struct probe *probe, int err)
{
	if (!probe->hook->optional || err == -ENOMEM)
		return err;
	probe->symbol = NULL;
	return 0;
}

static int probe_get(struct probe *probe)
{
	int err = 0;

	if (!probe->symbol)
		return without_it(probe, probe->err);
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

/*
 * Drops a use of the first @nr rows that serve @calls. Waits for the handlers that run, once
 * for all. Calls that sleep keep their instances: when they return, the kernel's own code
 * frees these, and calls nothing of ours.
 */
static void put_probes(u64 calls, int nr)
{
	struct kretprobe *unused[ST_HOOKS];
	struct probe *probe;
	int i, count = 0;

	for (i = 0; i < nr; i++) {
		probe = &probes[i];
		if ((probe->hook->calls & calls) && probe->symbol && !--probe->users)
			unused[count++] = &probe->rp;
	}
	unregister_kretprobes(unused, count);
	while (count--) {
		probe = container_of(unused[count], struct probe, rp);
		count_missed(probe);
		probe->rp.nmissed = 0;
		probe->rp.kp.nmissed = 0;
		probe->counted = 0;
	}
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
	err = armed ? 0 : canary_register();
	if (err)
		goto unlock;
	err = get_probes(calls);
	if (!err)
		armed++;
	else if (!armed)
		unregister_kprobe(&canary_probe);
unlock:
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
		unregister_kprobe(&canary_probe);
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
	bool blind = false;
	int before;

	mutex_lock(&arm_lock);
	if (armed) {
		before = atomic_read(&canary_seen);
		canary();
		blind = atomic_read(&canary_seen) == before;
	}
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
		if (!probes[i].symbol)
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
	return missed + atomic_long_read(&st_hooks[id].share->refused);
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
