/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of a call, wherever they come from: today, a buffer of the caller's. */
#ifndef _ST_PAYLOAD_H
#define _ST_PAYLOAD_H

#include <linux/kasan-checks.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/sendtrace.h>
#include <asm-generic/kprobes.h>

/**
 * struct st_payload - one source of bytes
 * @buf: the caller's buffer; holds no reference to anything
 */
struct st_payload {
	const void __user *buf;
};

u32 st_payload_copy_to_fault(u8 *to, const u8 __user *from, u32 len);
void st_payload_fault_in(const struct st_payload *payload, u64 offset, u32 len);

/* Bytes that a part of a record takes: SENDTRACE_ALIGN at a time. */
static __always_inline u32 st_padded(u32 len)
{
	return ALIGN(len, SENDTRACE_ALIGN);
}

/**
 * st_payload_copy() - copy a part of a payload, as far as its pages are resident
 * @to: st_padded(@len) bytes of the ring, 8-byte aligned
 * @payload: the source
 * @offset: the first byte
 * @len: how many bytes
 *
 * Pads with zeroes up to the next multiple of SENDTRACE_ALIGN: no byte of @to up to there
 * keeps its old value.
 *
 * Uses raw_copy_from_user(): __copy_from_user_inatomic() would also check whether @to lies
 * in a stack or in a heap object that is too small (HARDENED_USERCOPY), which takes as long
 * as a short payload. @to lies in pages of the ring, where this room was reserved.
 *
 * Context: the calling thread, preemption off; does not fault.
 * Return: bytes copied; less than @len if a page is not resident or not readable.
 */
static nokprobe_inline u32 st_payload_copy(void *to, const struct st_payload *payload,
					   u64 offset, u32 len)
{
	const void __user *from = payload->buf + offset;
	u32 got = 0;

	if (len % SENDTRACE_ALIGN)
		*(u64 *)(to + st_padded(len) - SENDTRACE_ALIGN) = 0;
	/* Without an mm the thread is exiting: what is mapped here is not its memory. */
	if (likely(current->mm) && access_ok(from, len)) {
		kasan_check_write(to, len);
		pagefault_disable();
		got = len - raw_copy_from_user(to, from, len);
		if (IS_ENABLED(CONFIG_ARM64) && unlikely(got < len))
			got += st_payload_copy_to_fault(to + got, from + got, len - got);
		pagefault_enable();
	}
	if (unlikely(got < len))
		memset(to + got, 0, st_padded(got) - got);
	return got;
}

#endif /* _ST_PAYLOAD_H */
