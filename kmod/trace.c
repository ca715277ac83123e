// SPDX-License-Identifier: GPL-2.0
/*
 * Entries by ftrace. A kprobe at a function's entry is built on ftrace, and adds about 90
 * instructions to each call, recorded or not; and each that is registered makes ftrace go
 * through all functions of the kernel, which takes longer than all else that a session's start
 * does. So ftrace calls us itself, and goes through them once for all hooks.
 *
 * The kretprobes are registered, but disabled: they have their instances and catch the returns.
 * What their kprobe would do at an entry, entry.c has them do.
 *
 * Once registered, the callback stays until the module is unloaded, and only the set of
 * functions changes. To unregister it, ftrace waits until each thread of the host has given up its
 * CPU: nobody who stops a session should wait for that. Between sessions only the canary is left
 * in the set, which nobody calls.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>

#include "canary.h"
#include "entry.h"
#include "hooks.h"
#include "trace.h"

#if ST_CAN_TRACE

static bool use_ftrace = true;
module_param_named(ftrace, use_ftrace, bool, 0444);
MODULE_PARM_DESC(ftrace,
		 "see entries by ftrace's own callback, not by kprobes (default: Y)");

static struct ftrace_ops ops = { .func = st_entry_traced };
static bool is_on;

/* What ftrace was told: the canary, and the hooked functions. */
static unsigned long traced[ST_HOOKS + 1];
static unsigned int nr_traced;

static bool is_same(const unsigned long *all, unsigned int nr)
{
	return nr == nr_traced && !memcmp(all, traced, nr * sizeof(*all));
}

/**
 * st_trace_is_used() - does ftrace call us at entries?
 *
 * Return: true, or false if kprobes do.
 */
bool st_trace_is_used(void)
{
	return use_ftrace;
}

/**
 * st_trace_is_on() - has ftrace been told to call us?
 *
 * Context: one at a time, also with st_trace_set().
 * Return: true if so: then the canary tells whether it does.
 */
bool st_trace_is_on(void)
{
	return is_on;
}

/*
 * After a failure of its own, ftrace changes no code any more, and may have changed some for us
 * already (kernel/trace/ftrace.c, ftrace_kill()). Then our code must stay where it is.
 */
static void stay_loaded(void)
{
	pr_crit("ftrace is broken: this module cannot be unloaded any more\n");
	__module_get(THIS_MODULE);
}

/**
 * st_trace_set() - set the functions at whose entry ftrace calls st_entry_traced()
 * @functions: the addresses of all that it shall call for from now on
 * @nr: how many; may be 0
 *
 * Those that it calls for before and after are not interrupted. Does not wait for calls of
 * st_entry_traced() that have begun.
 *
 * Context: may sleep; one at a time; the module cannot be unloaded meanwhile.
 * Return: 0, or what ftrace_set_filter_ips() and register_ftrace_function() return: then it calls
 * for the same functions as before.
 */
int st_trace_set(const unsigned long *functions, unsigned int nr)
{
	unsigned long all[ST_HOOKS + 1] = {};
	int err;

	/* Never empty: that would be all functions of the kernel. */
	all[0] = st_canary_address();
	memcpy(&all[1], functions, nr * sizeof(*functions));
	nr++;
	if (is_same(all, nr))
		return 0;
	err = ftrace_set_filter_ips(&ops, all, nr, 0, 1);
	if (!err && !is_on) {
		err = register_ftrace_function(&ops);
		is_on = !err;
	}
	if (err == -ENODEV)
		stay_loaded();
	if (err)
		return err;
	memcpy(traced, all, sizeof(all));
	nr_traced = nr;
	return 0;
}

/**
 * st_trace_exit() - have ftrace call nothing of ours any more
 *
 * Context: may sleep, until each thread of the host has given up its CPU. Nobody else calls
 * functions of this file any more.
 */
void st_trace_exit(void)
{
	if (is_on && unregister_ftrace_function(&ops)) {
		pr_crit("ftrace is broken: rmmod does not return, so that nothing calls what is gone\n");
		for (;;)
			ssleep(60);
	}
	ftrace_free_filter(&ops);
	/* Its hashes are gone, and it still points at them. */
	ops = (struct ftrace_ops){ .func = st_entry_traced };
	is_on = false;
	nr_traced = 0;
}

#endif /* ST_CAN_TRACE */
