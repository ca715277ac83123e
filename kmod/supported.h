/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether this kernel is supported. If it is not, ST_UNSUPPORTED says why and what to do, and
 * the module does not compile: only stub.c does.
 */
#ifndef _ST_SUPPORTED_H
#define _ST_SUPPORTED_H

#include <linux/kconfig.h>
#include <linux/version.h>
#include <sendtrace/kernels.h>

#define ST_RANGE "Linux " ST_OLDEST_KERNEL " to " ST_NEWEST_KERNEL

#if LINUX_VERSION_CODE < KERNEL_VERSION(ST_OLDEST_MAJOR, ST_OLDEST_MINOR, 0)
#define ST_UNSUPPORTED                        \
	"this kernel is older than " ST_RANGE \
	", which sendtrace needs: boot a newer kernel"
/* The handlers read kernel-internal structures, so unknown kernels are refused. */
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(ST_NEWEST_MAJOR, ST_NEWEST_MINOR + 1, 0) && \
	!defined(ST_NEWER_KERNEL)
#define ST_UNSUPPORTED                                            \
	"this kernel is newer than " ST_RANGE                     \
	", which this sendtrace knows: get a newer "              \
	"sendtrace, boot an older kernel, or on a test host try " \
	"make KBUILD_OPTIONS=ST_NEWER_KERNEL=y"
/* Ring positions are 64-bit words, and one instruction must write them. */
#elif !IS_ENABLED(CONFIG_64BIT)
#define ST_UNSUPPORTED "sendtrace needs a 64-bit kernel (CONFIG_64BIT)"
/* The handlers read the caller's registers, and the numbers of system calls (syscall.c). */
#elif !IS_ENABLED(CONFIG_X86_64) && !IS_ENABLED(CONFIG_ARM64)
#define ST_UNSUPPORTED "sendtrace needs an x86_64 or arm64 kernel"
#elif !IS_ENABLED(CONFIG_KRETPROBES)
#define ST_UNSUPPORTED \
	"sendtrace needs a kernel with CONFIG_KPROBES and CONFIG_KRETPROBES"
#elif !IS_ENABLED(CONFIG_NET) || !IS_ENABLED(CONFIG_PROC_FS)
#define ST_UNSUPPORTED "sendtrace needs a kernel with CONFIG_NET and CONFIG_PROC_FS"
#endif

#if defined(ST_UNSUPPORTED) && !defined(ST_STUB)
_Static_assert(0, ST_UNSUPPORTED);
#endif

#endif /* _ST_SUPPORTED_H */
