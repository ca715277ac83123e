// SPDX-License-Identifier: GPL-2.0
/*
 * The least that seeing calls of a TLS library costs a kernel module which changes no return
 * address: uprobes on a function's entry and on its return instruction that only count.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/uprobes.h>

static char *path;
module_param(path, charp, 0444);
MODULE_PARM_DESC(path, "the file that the function is in");

static unsigned long entry;
module_param(entry, ulong, 0444);
MODULE_PARM_DESC(entry, "offset of its first instruction; bytes");

static unsigned long leave;
module_param(leave, ulong, 0444);
MODULE_PARM_DESC(leave, "offset of its return instruction; bytes");

static unsigned long calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "calls seen so far");

static unsigned long returns;

static int enters(struct uprobe_consumer *consumer, struct pt_regs *regs, __u64 *data)
{
	calls++;
	return 0;
}

static int leaves(struct uprobe_consumer *consumer, struct pt_regs *regs, __u64 *data)
{
	returns++;
	return 0;
}

static struct uprobe_consumer consumers[] = { { .handler = enters },
					      { .handler = leaves } };
static struct uprobe *uprobes[2];
static struct file *file;

static void remove(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (!IS_ERR_OR_NULL(uprobes[i]))
			uprobe_unregister_nosync(uprobes[i], &consumers[i]);
	uprobe_unregister_sync();
	fput(file);
}

static int __init floor_tls_init(void)
{
	file = filp_open(path, O_RDONLY, 0);
	if (IS_ERR(file))
		return PTR_ERR(file);
	uprobes[0] = uprobe_register(file_inode(file), entry, 0, &consumers[0]);
	uprobes[1] = uprobe_register(file_inode(file), leave, 0, &consumers[1]);
	if (!IS_ERR(uprobes[0]) && !IS_ERR(uprobes[1]))
		return 0;
	remove();
	return -EINVAL;
}
module_init(floor_tls_init);

static void __exit floor_tls_exit(void)
{
	remove();
}
module_exit(floor_tls_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the least that seeing calls of a TLS library costs a kernel module");
