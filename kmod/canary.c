// SPDX-License-Identifier: GPL-2.0
/*
 * A hook that is armed may still see nothing: root can switch off ftrace (sysctl
 * kernel.ftrace_enabled), and where kprobes call us at entries these, too (debugfs,
 * kprobes/enabled). The kernel does not notify us. The canary is a function of our own that is
 * hooked likewise, and goes blind for the same reasons: to find out, we call it.
 *
 * Where ftrace calls us, the canary speaks for it alone: a function that only a kprobe can hook is
 * none of ours.
 *
 * Where kprobes are used, its probe is registered by the first who asks, not when a session
 * starts: that takes as long as arming a hook.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>

#include "canary.h"
#include "trace.h"

static atomic_t seen = ATOMIC_INIT(0);
static bool is_registered;

static noinline void canary(void)
{
	barrier(); /* or the compiler would drop the call */
}

/**
 * st_canary_address() - what ftrace is told, to see the canary
 *
 * Return: the address of its function.
 */
unsigned long st_canary_address(void)
{
	return (unsigned long)canary;
}

/**
 * st_canary_called() - note that a call of the canary was seen
 *
 * Context: the function's entry; takes no lock.
 */
void st_canary_called(void)
{
	atomic_inc(&seen);
}
NOKPROBE_SYMBOL(st_canary_called);

static int probe_called(struct kprobe *kp, struct pt_regs *regs)
{
	st_canary_called();
	return 0;
}
NOKPROBE_SYMBOL(probe_called);

static struct kprobe canary_probe;

static int canary_register(void)
{
	int err;

	canary_probe = (struct kprobe){
		.addr = (kprobe_opcode_t *)canary,
		.pre_handler = probe_called,
	};
	err = register_kprobe(&canary_probe);
	is_registered = !err;
	return err;
}

/**
 * st_canary_sees() - do hooks see anything at present?
 *
 * Context: may sleep; one at a time, also with st_canary_remove() and st_trace_set().
 * Return: true if so, or if it cannot be found out.
 */
bool st_canary_sees(void)
{
	int before;

	if (!st_trace_is_on() && !is_registered && canary_register())
		return true;
	before = atomic_read(&seen);
	canary();
	return atomic_read(&seen) != before;
}

/**
 * st_canary_remove() - remove the canary's probe, if there is one
 *
 * Context: as st_canary_sees().
 */
void st_canary_remove(void)
{
	if (is_registered)
		unregister_kprobe(&canary_probe);
	is_registered = false;
}
