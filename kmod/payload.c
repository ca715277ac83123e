// SPDX-License-Identifier: GPL-2.0
/* What a payload's copy needs only rarely; the usual copy is inline in payload.h. */
#include <linux/kernel.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "payload.h"

/**
 * st_payload_copy_to_fault() - copy byte by byte up to the byte that faults
 * @to: where to
 * @from: the caller's memory
 * @len: how many bytes, of which at most 128 are copied
 *
 * arm64 stops before the byte that faults, because it loads up to 64 bytes at a time, twice
 * (arch/arm64/lib/copy_from_user.S). Other architectures need no such copy, and must not
 * make one: every access to a page of broken memory is reported again (x86, queue_task_work()
 * in arch/x86/kernel/cpu/mce/core.c).
 *
 * Context: page faults disabled.
 * Return: bytes copied.
 */
u32 st_payload_copy_to_fault(u8 *to, const u8 __user *from, u32 len)
{
	u32 most = min_t(u32, len, 128);
	u32 got = 0;

	while (got < most && !raw_copy_from_user(to + got, from + got, 1))
		got++;
	return got;
}
NOKPROBE_SYMBOL(st_payload_copy_to_fault);

/**
 * st_payload_fault_in() - make a part of a payload resident
 * @payload: the source
 * @offset: the first byte
 * @len: how many bytes
 *
 * A page that cannot be had is no error here: the copy that follows finds it missing.
 *
 * Context: the calling thread; may sleep.
 */
void st_payload_fault_in(const struct st_payload *payload, u64 offset, u32 len)
{
	fault_in_readable(payload->buf + offset, len);
}
