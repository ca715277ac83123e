// SPDX-License-Identifier: GPL-2.0
/*
 * What it takes to arm hooks: kmod/probe.c as it is, with a table of twelve. Loading it prints
 * how long two of them take, and all twelve.
 *
 * In a guest that counts instructions, a nanosecond is an instruction.
 */
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/module.h>

#include "hooks.h"

#undef __init
#define __init
#define ST_HOOKS 12
#include "probe.c"

enum {
	TWO = 1 << 0,
	TWELVE = 1 << 1,
};

static unsigned int instances;
module_param(instances, uint, 0444);
MODULE_PARM_DESC(instances, "of each hook, instead of those that the bound allows");

static void begins(struct st_call *call, struct pt_regs *regs)
{
}

static void ends(struct st_call *call, long ret)
{
}

#define HOOK(of, symbol)                                                                 \
	{                                                                                \
		.events = of, .begin = begins, .end = ends, .name = symbol, .symbols = { \
			symbol                                                           \
		}                                                                        \
	}

const struct st_hook st_hooks[] = {
	HOOK(TWO | TWELVE, "__sys_sendto"), HOOK(TWO | TWELVE, "__sys_accept4"),
	HOOK(TWELVE, "__sys_sendmsg"),	    HOOK(TWELVE, "__sys_sendmmsg"),
	HOOK(TWELVE, "__sys_recvfrom"),	    HOOK(TWELVE, "__sys_recvmsg"),
	HOOK(TWELVE, "__sys_recvmmsg"),	    HOOK(TWELVE, "__sys_connect"),
	HOOK(TWELVE, "__sys_shutdown"),	    HOOK(TWELVE, "sock_sendmsg"),
	HOOK(TWELVE, "sock_recvmsg"),	    HOOK(TWELVE, "__sys_bind"),
};

/* probe.c wants both; nothing is recorded here. */
int st_event_begin(struct st_call *call, const struct st_hook *hook, struct pt_regs *regs)
{
	return 1;
}

void st_event_sent(struct st_call *call, long value)
{
}

static int measure(u32 events, int hooks)
{
	u64 begin = ktime_get_ns(), armed, end;
	int err = st_probe_arm(events);

	if (err)
		return err;
	armed = ktime_get_ns();
	st_probe_disarm(events);
	end = ktime_get_ns();
	pr_info("%d hooks of %u instances: armed in %llu ns, disarmed in %llu ns\n",
		hooks, maxactive, armed - begin, end - armed);
	return 0;
}

static int __init arm_init(void)
{
	int err = st_probe_init();

	if (instances)
		maxactive = instances;
	/* Once before, for what only the first one does. */
	err = err ?: measure(TWO, 2);
	err = err ?: measure(TWO, 2);
	return err ?: measure(TWELVE, 12);
}
module_init(arm_init);

static void __exit arm_exit(void)
{
}
module_exit(arm_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("what it takes to arm hooks");
