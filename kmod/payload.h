/* SPDX-License-Identifier: GPL-2.0 */
/* The bytes of a call, wherever they lie: in memory of the caller's, or in pages. */
#ifndef _ST_PAYLOAD_H
#define _ST_PAYLOAD_H

#include <linux/kasan-checks.h>
#include <linux/kconfig.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/sendtrace.h>
#include <asm-generic/kprobes.h>

#include "compat.h"

struct bio_vec;
struct page;

/* Where the bytes of a payload are. */
enum st_payload_kind {
	ST_PAYLOAD_USER, /* one buffer of the caller's */
	ST_PAYLOAD_IOVEC, /* several; the array is the kernel's */
	ST_PAYLOAD_BVEC, /* pages that the kernel holds while the function runs */
	ST_PAYLOAD_PAGE, /* one piece of such a page */
	ST_PAYLOAD_NONE, /* nowhere that we may read */
};

/**
 * struct st_payload - one source of bytes
 * @buf: ST_PAYLOAD_USER: the buffer
 * @iov: ST_PAYLOAD_IOVEC: the first piece; the kernel's array lives until the function returns,
 *	and st_payload_keep() makes it ours
 * @bvec: ST_PAYLOAD_BVEC: likewise the kernel's
 * @page: ST_PAYLOAD_PAGE: the first page
 * @skip: bytes of the first piece of @iov or @bvec, or of @page, that do not belong to it
 * @nr: pieces of @iov or @bvec
 * @kind: enum st_payload_kind
 *
 * Holds no reference to anything.
 */
struct st_payload {
	union {
		const void __user *buf;
		const struct iovec *iov;
		const struct bio_vec *bvec;
		const struct page *page;
	};
	size_t skip;
	u32 nr;
	u32 kind;
};

void st_payload_of_segments(struct st_payload *payload, const struct iov_iter *iter);
void st_payload_of_page(struct st_payload *payload, const struct page *page, u32 offset);
u32 st_payload_gather(void *to, const struct st_payload *payload, u64 offset, u32 len);
u32 st_payload_pieces(const struct st_payload *payload, u64 len);
u32 st_payload_within(const struct st_payload *payload, u32 len, u32 effort);
void st_payload_keep(struct st_payload *payload, struct iovec *to, u64 len);
u32 st_payload_copy_to_fault(u8 *to, const u8 __user *from, u32 len);
void st_payload_fault_in(const struct st_payload *payload, u64 offset, u32 len);

/* The usual source: one buffer of the caller's. */
static __always_inline void st_payload_set_user(struct st_payload *payload,
						const void __user *buf)
{
	payload->buf = buf;
	payload->kind = ST_PAYLOAD_USER;
}

/**
 * st_payload_of_iter() - find the bytes that an iterator points at
 * @payload: to be set
 * @iter: of a call that begins
 *
 * Written out instead of a copy of the iterator and _copy_from_iter(): that warns about an
 * iterator of a receive, or of a pipe, and any user could bring it one.
 *
 * Context: any.
 */
static nokprobe_inline void st_payload_of_iter(struct st_payload *payload,
					       const struct iov_iter *iter)
{
	if (likely(iter_is_ubuf(iter)))
		st_payload_set_user(payload, st_iter_ubuf(iter) + iter->iov_offset);
	else
		st_payload_of_segments(payload, iter);
}

/*
 * Can task work read it, after the function has returned? Several buffers, too, if their array
 * is kept (st_payload_keep()). Pages are released by then.
 */
static __always_inline bool st_payload_lasts(const struct st_payload *payload)
{
	return payload->kind == ST_PAYLOAD_USER || payload->kind == ST_PAYLOAD_IOVEC;
}

/* Each buffer more costs 45 to 60 instructions, about as long as copying so many bytes. */
#define ST_PAYLOAD_PIECE 64

/* How many bytes in one buffer take about as long to copy as @len bytes of this payload. */
static __always_inline u64 st_payload_effort(const struct st_payload *payload, u64 len)
{
	return payload->kind == ST_PAYLOAD_IOVEC ?
		       len + (u64)payload->nr * ST_PAYLOAD_PIECE :
		       len;
}

/* Bytes that a part of a record takes: SENDTRACE_ALIGN at a time. */
static __always_inline u32 st_padded(u32 len)
{
	return ALIGN(len, SENDTRACE_ALIGN);
}

/*
 * Copies out of a buffer of the caller's, as far as it is resident. Returns how many bytes.
 *
 * Uses raw_copy_from_user(): __copy_from_user_inatomic() would also check whether @to lies
 * in a stack or in a heap object that is too small (HARDENED_USERCOPY), which takes as long
 * as a short payload. @to lies in pages of the ring, where this room was reserved.
 */
static nokprobe_inline u32 st_payload_copy_user(void *to, const void __user *from,
						u32 len)
{
	u32 got;

	/* Without an mm the thread is exiting: what is mapped here is not its memory. */
	if (unlikely(!current->mm) || unlikely(!access_ok(from, len)))
		return 0;
	kasan_check_write(to, len);
	pagefault_disable();
	got = len - raw_copy_from_user(to, from, len);
	if (IS_ENABLED(CONFIG_ARM64) && unlikely(got < len))
		got += st_payload_copy_to_fault(to + got, from + got, len - got);
	pagefault_enable();
	return got;
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
 * Context: the calling thread, preemption off; does not fault.
 * Return: bytes copied; less than @len if a page is not resident or not readable.
 */
static nokprobe_inline u32 st_payload_copy(void *to, const struct st_payload *payload,
					   u64 offset, u32 len)
{
	u32 got;

	if (len % SENDTRACE_ALIGN)
		*(u64 *)(to + st_padded(len) - SENDTRACE_ALIGN) = 0;
	if (likely(payload->kind == ST_PAYLOAD_USER))
		got = st_payload_copy_user(to, payload->buf + offset, len);
	else
		got = st_payload_gather(to, payload, offset, len);
	if (unlikely(got < len))
		memset(to + got, 0, st_padded(got) - got);
	return got;
}

#endif /* _ST_PAYLOAD_H */
