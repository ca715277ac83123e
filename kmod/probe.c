// SPDX-License-Identifier: GPL-2.0
/*
 * Two kretprobes, registered while at least one session runs: __sys_sendto(), which every
 * send() and sendto() comes through, those of 32-bit programs and socketcall() included,
 * and __sys_accept4().
 *
 * A kretprobe has a fixed number of instances, and a call keeps one until it returns; a
 * call that finds none is not seen at all. The kernel's own number is far too small for
 * calls that block, hence the parameter maxactive. The entry handlers refuse what no
 * session wants by returning 1, which gives the instance back at once.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#include "compat.h"
#include "event.h"
#include "param.h"
#include "probe.h"

static unsigned int maxactive = 4096;
module_param(maxactive, uint, 0444);
MODULE_PARM_DESC(maxactive,
		 "calls under way at once that are seen (1-65536, default 4096)");

static int send_entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return !st_event_send_begins((void *)ri->data, regs);
}
NOKPROBE_SYMBOL(send_entered);

static int send_returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	st_event_sent((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(send_returned);

static int accept_entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return !st_event_accept_begins((void *)ri->data, regs);
}
NOKPROBE_SYMBOL(accept_entered);

static int accept_returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	st_event_accepted((void *)ri->data, (int)regs_return_value(regs));
	return 0;
}
NOKPROBE_SYMBOL(accept_returned);

/* ---- Arming ------------------------------------------------------------------- */

/**
 * struct hook - a probe and what describes it
 * @rp: built anew at every registration, because kprobes changes it (addr, flags) and
 *	refuses to register it as it left it
 * @symbol: the function
 * @entered: entry handler
 * @returned: return handler
 * @missed: calls missed in earlier registrations
 */
struct hook {
	struct kretprobe rp;
	const char *symbol;
	kretprobe_handler_t entered;
	kretprobe_handler_t returned;
	u64 missed;
};

static struct hook hooks[ST_PROBES] = {
	[ST_PROBE_SEND] = {
		.symbol = "__sys_sendto",
		.entered = send_entered,
		.returned = send_returned,
	},
	[ST_PROBE_ACCEPT] = {
		.symbol = "__sys_accept4",
		.entered = accept_entered,
		.returned = accept_returned,
	},
};

/*
 * Probes that are registered may still see nothing: root can switch off all kprobes
 * (debugfs, kprobes/enabled) or ftrace, which they are built on (sysctl
 * kernel.ftrace_enabled), and nobody is told. This probe is on a function of our own, and
 * goes blind for the same reasons: whoever wants to know calls the function.
 */
static atomic_t canary_seen = ATOMIC_INIT(0);

static noinline void canary(void)
{
	barrier(); /* or the compiler would find that it need not be called */
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

/* Guards the registrations and their number of users. */
static DEFINE_MUTEX(arm_lock);
static unsigned int users;

static int hook_register(struct hook *hook)
{
	int err;

	hook->rp = (struct kretprobe){
		.kp.symbol_name = hook->symbol,
		.entry_handler = hook->entered,
		.handler = hook->returned,
		.maxactive = maxactive,
		.data_size = sizeof(struct st_call),
	};
	err = register_kretprobe(&hook->rp);
	if (err)
		pr_err("cannot probe %s: error %d\n", hook->symbol, err);
	return err;
}

/* Plain ints that the kernel counts up without a lock: near enough. */
static u64 missed_now(const struct hook *hook)
{
	return READ_ONCE(hook->rp.nmissed) + st_kprobe_missed(&hook->rp.kp);
}

/*
 * Waits for the handlers that run. Calls that sleep are let go: when they return, the
 * kernel's own code drops their instances, and nothing of ours is called.
 */
static void hook_unregister(struct hook *hook)
{
	unregister_kretprobe(&hook->rp);
	hook->missed += missed_now(hook);
	hook->rp.nmissed = 0;
	hook->rp.kp.nmissed = 0;
}

static int register_all(void)
{
	int i, err;

	for (i = 0; i < ST_PROBES; i++) {
		err = hook_register(&hooks[i]);
		if (err)
			goto undo;
	}
	err = canary_register();
	if (err)
		goto undo;
	return 0;
undo:
	while (i--)
		hook_unregister(&hooks[i]);
	return err;
}

/**
 * st_probe_init() - check the parameters
 *
 * Return: 0 or -EINVAL.
 */
int __init st_probe_init(void)
{
	return st_param_check("maxactive", maxactive, 1, 65536);
}

/**
 * st_probe_arm() - have the calls seen, for one more user
 *
 * Context: may sleep; no lock may be held that is taken where pages are faulted in.
 * Return: 0, or what register_kretprobe() says: -ENOENT where the kernel has no such
 * function, -EINVAL where it may not be probed, -ENOMEM.
 */
int st_probe_arm(void)
{
	int err = 0;

	mutex_lock(&arm_lock);
	if (!users)
		err = register_all();
	if (!err)
		users++;
	mutex_unlock(&arm_lock);
	return err;
}

/**
 * st_probe_disarm() - for one user less
 *
 * When it returns to the last user, no handler runs and none will.
 *
 * Context: may sleep, as st_probe_arm().
 */
void st_probe_disarm(void)
{
	int i;

	mutex_lock(&arm_lock);
	if (!--users) {
		unregister_kprobe(&canary_probe);
		for (i = ST_PROBES - 1; i >= 0; i--)
			hook_unregister(&hooks[i]);
	}
	mutex_unlock(&arm_lock);
}

/**
 * st_probe_armed() - are the probes registered?
 *
 * Return: true if they are.
 */
bool st_probe_armed(void)
{
	return READ_ONCE(users);
}

/**
 * st_probe_blind() - are the probes registered, but see nothing?
 *
 * Context: may sleep.
 * Return: true where root has switched kprobes or ftrace off.
 */
bool st_probe_blind(void)
{
	bool blind = false;
	int before;

	mutex_lock(&arm_lock);
	if (users) {
		before = atomic_read(&canary_seen);
		canary();
		blind = atomic_read(&canary_seen) == before;
	}
	mutex_unlock(&arm_lock);
	return blind;
}

/**
 * st_probe_missed() - calls that were not seen, since the module was loaded
 * @id: of which probe
 *
 * Context: may sleep.
 * Return: how many found no free instance.
 */
u64 st_probe_missed(enum st_probe_id id)
{
	u64 missed;

	mutex_lock(&arm_lock);
	missed = hooks[id].missed + missed_now(&hooks[id]);
	mutex_unlock(&arm_lock);
	return missed;
}
