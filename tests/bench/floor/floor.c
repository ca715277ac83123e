// SPDX-License-Identifier: GPL-2.0
/*
 * The least that seeing sends costs a kernel module: a kretprobe on __sys_sendto() that
 * only counts, or, with copy=1, one that also copies each payload, always to the same place.
 * Nothing is filtered, described, or passed to a reader: no tracer can be cheaper.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define LARGEST (1UL << 20)

static bool copy;
module_param(copy, bool, 0444);
MODULE_PARM_DESC(copy, "copy payloads of up to 1 MiB; else only count");

static unsigned long calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "calls seen so far");

static unsigned long copied;
module_param(copied, ulong, 0444);
MODULE_PARM_DESC(copied, "bytes copied so far");

static void *place;

struct call {
	const void __user *buf;
	size_t len;
};

static int call_entered(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct call *call = (void *)ri->data;

	call->buf = (void __user *)regs_get_kernel_argument(regs, 1);
	call->len = regs_get_kernel_argument(regs, 2);
	return 0;
}
NOKPROBE_SYMBOL(call_entered);

/* It is measured on one CPU, so plain counters are enough. */
static int call_copied(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct call *call = (void *)ri->data;
	size_t len = min(call->len, LARGEST);

	calls++;
	if (!access_ok(call->buf, len))
		return 0;
	pagefault_disable();
	copied += len - __copy_from_user_inatomic(place, call->buf, len);
	pagefault_enable();
	return 0;
}
NOKPROBE_SYMBOL(call_copied);

static int call_counted(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	calls++;
	return 0;
}
NOKPROBE_SYMBOL(call_counted);

static struct kretprobe probe = {
	.kp.symbol_name = "__sys_sendto",
	.handler = call_counted,
	.maxactive = 4096,
};

static int __init floor_init(void)
{
	int err;

	if (copy) {
		place = vmalloc(LARGEST);
		if (!place)
			return -ENOMEM;
		probe.entry_handler = call_entered;
		probe.handler = call_copied;
		probe.data_size = sizeof(struct call);
	}
	err = register_kretprobe(&probe);
	if (err)
		vfree(place);
	return err;
}
module_init(floor_init);

static void __exit floor_exit(void)
{
	unregister_kretprobe(&probe);
	vfree(place);
}
module_exit(floor_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the least that seeing sends costs a kernel module");
