/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows kernel versions, but for the oldest and the newest
 * (include/sendtrace/kernels.h). The code is written for the newest kernel. Functions that
 * older kernels lack are defined here, with their real names and signatures: to drop support
 * of a kernel, delete lines only here.
 */
#ifndef _ST_COMPAT_H
#define _ST_COMPAT_H

#include <linux/file.h>
#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/uio.h>
#include <linux/version.h>

#include "supported.h"

/*
 * Does the kernel export task_work_add()? Debian's kernels do, vanilla kernels do not.
 * Kbuild looks it up in Module.symvers.
 */
#define ST_CAN_DEFER IS_ENABLED(ST_HAVE_TASK_WORK)

/*
 * Flags for the ring's pages: charge them to the caller's memory cgroup. Before 5.11 the
 * kernel stored the charge in a field of the page that vm_insert_page() checks for pages
 * that must not be mapped into user space (mm/memory.c, validate_page_before_insert()).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define ST_GFP_MAPPED GFP_KERNEL
#else
#define ST_GFP_MAPPED GFP_KERNEL_ACCOUNT
#endif

/*
 * Calls that a probe missed for another reason than a lack of instances: it was hit
 * inside another probe's handler. Before 5.14 this counter also counted each page fault
 * in a handler, which is not a miss (arch/x86/kernel/kprobes/core.c,
 * kprobe_fault_handler()).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 14, 0)
#define st_kprobe_missed(kp) 0
#else
#define st_kprobe_missed(kp) READ_ONCE((kp)->nmissed)
#endif

/*
 * Must be called before an irq_work is freed. On RT, irq_work_sync() could return while the
 * thread that runs the work was still going to access it (kernel/irq_work.c,
 * irq_work_single(): rcuwait_wake_up() comes after the work is marked as done). Since 7.0,
 * 6.12.92 and 6.1.175 it waits itself ("irq_work: Fix use-after-free in irq_work_single() on
 * PREEMPT_RT"); no header shows it, so compat.mk cannot look for it. This waits until that
 * thread has slept, which may take seconds.
 */
#define ST_STABLE_SINCE(major, minor, patch)                          \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(major, minor, patch) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(major, (minor) + 1, 0))
#if IS_ENABLED(CONFIG_PREEMPT_RT) && LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0) && \
	!ST_STABLE_SINCE(6, 12, 92) && !ST_STABLE_SINCE(6, 1, 175)
#define st_irq_work_settle() synchronize_rcu_tasks()
#else
#define st_irq_work_settle() ((void)0)
#endif

/*
 * The kretprobe of an instance, in its entry handler. NULL while the kretprobe is being
 * unregistered, in kernels from 5.11 on that do not use rethook (unregister_kretprobes() in
 * kernel/kprobes.c).
 */
#ifdef ST_HAVE_GET_KRETPROBE
#define st_kretprobe_of(ri) get_kretprobe(ri)
#else
#define st_kretprobe_of(ri) ((ri)->rp)
#endif /* before 5.11 */

/*
 * Can ftrace call us at the entries of kretprobes, instead of a kprobe for each (trace.c)? Where
 * its callback has the arguments, a set of functions is changed in one go, and the return
 * address is exchanged by rethook: Linux 6.1 and newer, x86-64.
 */
#if defined(CONFIG_X86_64) && defined(CONFIG_KPROBES_ON_FTRACE) && \
	defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) &&                \
	defined(CONFIG_KRETPROBE_ON_RETHOOK) && defined(ST_HAVE_FTRACE_SET_FILTER_IPS)
#define ST_CAN_TRACE 1
#else
#define ST_CAN_TRACE 0
#endif

/* The registers at an entry. Only those of the arguments and the stack pointer are set. */
#ifdef ST_HAVE_ARCH_FTRACE_REGS
#define st_ftrace_regs(fregs) (&arch_ftrace_regs(fregs)->regs)
#else
#define st_ftrace_regs(fregs) (&(fregs)->regs)
#endif /* before 6.13 */

#ifndef fd_file
#define fd_file(fd) ((fd).file)
#endif /* before 6.12 */

/* Does the caller of a raw socket write the IP header (IP_HDRINCL)? */
#ifdef ST_HAVE_INET_TEST_BIT
#define st_inet_hdrincl(sk) inet_test_bit(HDRINCL, sk)
#else
#define st_inet_hdrincl(sk) (inet_sk(sk)->hdrincl)
#endif /* before 6.6 */

/* Distributions backport these to older kernels: compat.mk looks for them. */
#ifndef ST_HAVE_SOCK_FROM_FILE
#define sock_from_file(file)                         \
	({                                           \
		int __unused_err;                    \
		sock_from_file(file, &__unused_err); \
	})
#endif /* before 5.11 */

#ifndef ST_HAVE_CGROUP_BPF_ATTACH_TYPE
#define CGROUP_UDP4_SENDMSG BPF_CGROUP_UDP4_SENDMSG
#define CGROUP_UDP6_SENDMSG BPF_CGROUP_UDP6_SENDMSG
#endif /* before 5.15 */

#ifdef ST_HAVE_CGROUP_UNIX_SENDMSG
#define ST_CAN_REDIRECT_UNIX true
#else
#define ST_CAN_REDIRECT_UNIX false
#define CGROUP_UNIX_SENDMSG  0
#endif /* before 6.7 */

#ifndef ST_HAVE_FAULT_IN_READABLE
#include <linux/pagemap.h>
#include <linux/uaccess.h>
/* The older function checks no address and does not return its progress: not needed. */
static inline size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	return access_ok(uaddr, size) && !fault_in_pages_readable(uaddr, size) ? 0 : size;
}
#endif /* before 5.16 */

/* What a user's iterator points at. */
#ifdef ST_HAVE_ITER_IOV
#define st_iter_iovecs(iter) ((iter)->__iov)
#else
#define st_iter_iovecs(iter) ((iter)->iov)
#endif /* before 6.4 */

#ifdef ST_HAVE_ITER_IS_UBUF
#define st_iter_ubuf(iter) ((iter)->ubuf)
#else
#define iter_is_ubuf(iter) ((void)(iter), false)
#define st_iter_ubuf(iter) ((void __user *)NULL)
#endif /* before 6.0 */

/* What is spliced into a socket: each page by sock_sendpage(), then by sock_sendmsg(). */
#ifdef ST_HAVE_SENDPAGE
#define ST_MSG_SPLICE_PAGES 0
#else
#define ST_MSG_SPLICE_PAGES MSG_SPLICE_PAGES
#endif /* before 6.5 */

/* The caller's buffer of ancillary data, before the kernel has copied it. */
#define st_msg_control_user(msg) ((const void __user *)(msg)->msg_control)

/* Is the message of a read() read in that call, or by io_uring? Since 7.x it does not tell. */
#ifdef ST_HAVE_MSG_IOCB
#define st_msg_is_sync(msg) ((msg)->msg_iocb && is_sync_kiocb((msg)->msg_iocb))
#else
#define st_msg_is_sync(msg) ((void)(msg), true)
#endif

/* A receive of which some bytes stay in a device's memory. */
#ifdef MSG_SOCK_DEVMEM
#define ST_MSG_SOCK_DEVMEM MSG_SOCK_DEVMEM
#else
#define ST_MSG_SOCK_DEVMEM 0
#endif /* before 6.12 */

/* Does a task use io_uring? */
#if IS_ENABLED(CONFIG_IO_URING)
#define st_uses_io_uring(task) ((task)->io_uring != NULL)
#else
#define st_uses_io_uring(task) false
#endif

#ifndef ST_HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif /* before 6.3 */

#endif /* _ST_COMPAT_H */
