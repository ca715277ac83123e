/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows kernel versions. The code is written for the newest kernel;
 * what an older one lacks is supplied here under its own name and signature, so that
 * giving up a kernel means deleting lines here and nowhere else.
 */
#ifndef _ST_COMPAT_H
#define _ST_COMPAT_H

#include <linux/kconfig.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "sendtrace needs Linux 5.10 or newer"
#endif

/* Ring positions are 64-bit words that one instruction writes. */
#if !IS_ENABLED(CONFIG_64BIT)
#error "sendtrace needs a 64-bit kernel (CONFIG_64BIT)"
#endif
#if !IS_ENABLED(CONFIG_KRETPROBES)
#error "sendtrace needs a kernel with CONFIG_KPROBES and CONFIG_KRETPROBES"
#endif
#if !IS_ENABLED(CONFIG_NET) || !IS_ENABLED(CONFIG_PROC_FS) || !IS_ENABLED(CONFIG_GLOB)
#error "sendtrace needs a kernel with CONFIG_NET, CONFIG_PROC_FS and CONFIG_GLOB"
#endif

/*
 * Does the kernel export task_work_add()? Debian's do, mainline does not. Kbuild looks it
 * up in Module.symvers.
 */
#define ST_CAN_DEFER IS_ENABLED(ST_HAVE_TASK_WORK)

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#include <linux/pagemap.h>
#include <linux/uaccess.h>
/* The older one checks no address, and does not tell how far it came, which nobody asks. */
static inline size_t fault_in_readable(const char __user *uaddr, size_t size)
{
	return access_ok(uaddr, size) && !fault_in_pages_readable(uaddr, size) ? 0 : size;
}
#endif /* < 5.16 */

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif /* < 6.3 */

#endif /* _ST_COMPAT_H */
