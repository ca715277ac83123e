// SPDX-License-Identifier: GPL-2.0
/*
 * A probe that is registered may still see nothing: root can switch off all kprobes (debugfs,
 * kprobes/enabled) or ftrace, which they are built on (sysctl kernel.ftrace_enabled), and the
 * kernel does not notify us. The canary is a probe on a function of our own, which goes blind
 * for the same reasons: to find out, we call the function.
 *
 * It is registered by the first who asks, not when a session starts: that takes as long as
 * arming a hook.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>

#include "canary.h"

static atomic_t seen = ATOMIC_INIT(0);
static bool is_registered;

static noinline void canary(void)
{
	barrier(); /* or the compiler would drop the call */
}

static int canary_called(struct kprobe *kp, struct pt_regs *regs)
{
	atomic_inc(&seen);
	return 0;
}
NOKPROBE_SYMBOL(canary_called);

static struct kprobe canary_probe;

static int canary_register(void)
{
	int err;

	canary_probe = (struct kprobe){
		.addr = (kprobe_opcode_t *)canary,
		.pre_handler = canary_called,
	};
	err = register_kprobe(&canary_probe);
	is_registered = !err;
	return err;
}

/**
 * st_canary_sees() - do probes see anything at present?
 *
 * Context: may sleep; one at a time, also with st_canary_remove().
 * Return: true if so, or if it cannot be found out.
 */
bool st_canary_sees(void)
{
	int before;

	if (!is_registered && canary_register())
		return true;
	before = atomic_read(&seen);
	canary();
	return atomic_read(&seen) != before;
}

/**
 * st_canary_remove() - remove the probe, if there is one
 *
 * Context: as st_canary_sees().
 */
void st_canary_remove(void)
{
	if (is_registered)
		unregister_kprobe(&canary_probe);
	is_registered = false;
}
