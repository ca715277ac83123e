/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's uprobes: three generations of them, as compat.mk finds them in the headers. */
#ifndef _ST_UPROBE_API_H
#define _ST_UPROBE_API_H

#include <linux/err.h>
#include <linux/types.h>
#include <linux/uprobes.h>

/*
 * A consumer's functions, and how it is registered. Since 6.12 (and as far as that is
 * backported) a uprobe has a handle, and all unregistered ones are waited for together; since
 * 6.13 a handler is told what the entry's handler has kept.
 */
#ifdef ST_HAVE_UPROBE_DATA
#define ST_UPROBE_HANDLER(name) \
	int name(struct uprobe_consumer *consumer, struct pt_regs *regs, __u64 *data)
#define ST_UPROBE_RETURN(name)                                             \
	int name(struct uprobe_consumer *consumer, unsigned long function, \
		 struct pt_regs *regs, __u64 *data)
#else
#define ST_UPROBE_HANDLER(name) \
	int name(struct uprobe_consumer *consumer, struct pt_regs *regs)
#define ST_UPROBE_RETURN(name)                                             \
	int name(struct uprobe_consumer *consumer, unsigned long function, \
		 struct pt_regs *regs)
#endif /* before 6.13 */

#ifdef ST_HAVE_UPROBE_UNREGISTER_NOSYNC
#define ST_UPROBE_FILTER(name) \
	bool name(struct uprobe_consumer *consumer, struct mm_struct *mm)
static inline struct uprobe *st_uprobe_register(struct inode *inode, loff_t offset,
						struct uprobe_consumer *consumer)
{
	return uprobe_register(inode, offset, 0, consumer);
}

static inline void st_uprobe_unregister(struct uprobe *uprobe, struct inode *inode,
					loff_t offset, struct uprobe_consumer *consumer)
{
	uprobe_unregister_nosync(uprobe, consumer);
}

#define st_uprobe_unregister_sync() uprobe_unregister_sync()
#else
#define ST_UPROBE_FILTER(name)                                                  \
	bool name(struct uprobe_consumer *consumer, enum uprobe_filter_ctx ctx, \
		  struct mm_struct *mm)
/* There is no handle: the pointer only says that it is registered. */
static inline struct uprobe *st_uprobe_register(struct inode *inode, loff_t offset,
						struct uprobe_consumer *consumer)
{
	int err = uprobe_register(inode, offset, consumer);

	return err ? ERR_PTR(err) : (struct uprobe *)consumer;
}

static inline void st_uprobe_unregister(struct uprobe *uprobe, struct inode *inode,
					loff_t offset, struct uprobe_consumer *consumer)
{
	uprobe_unregister(inode, offset, consumer);
}

#define st_uprobe_unregister_sync() ((void)0)
#endif /* before 6.12 */

/*
 * Registering and unregistering wait for a grace period of RCU (dup_mmap_sem is a
 * percpu_rw_semaphore, kernel/rcu/sync.c): 10 to 20 ms, in which a program that has just loaded its
 * library makes its first calls. Between these two, grace periods are expedited, some 100 us; not
 * on kernels with PREEMPT_RT (rcu_normal). The kernel exports them, as to rcutorture, but declares
 * them in kernel/rcu/rcu.h.
 */
#ifdef CONFIG_TREE_RCU
void rcu_expedite_gp(void);
void rcu_unexpedite_gp(void);
#else
static inline void rcu_expedite_gp(void)
{
}

static inline void rcu_unexpedite_gp(void)
{
}
#endif

#endif /* _ST_UPROBE_API_H */
