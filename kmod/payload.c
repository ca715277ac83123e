// SPDX-License-Identifier: GPL-2.0
/* Payloads in several pieces or in pages; the usual copy, out of one buffer, is in payload.h. */
#include <linux/bvec.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "payload.h"

/* ---- What an iterator points at ------------------------------------------------------ */

static void of_iovecs(struct st_payload *payload, const struct iovec *iov, size_t skip,
		      unsigned long nr)
{
	if (nr == 1) {
		st_payload_set_user(payload, iov->iov_base + skip);
		return;
	}
	payload->kind = ST_PAYLOAD_IOVEC;
	payload->iov = iov;
	payload->skip = skip;
	payload->nr = nr;
}
NOKPROBE_SYMBOL(of_iovecs);

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
void st_payload_of_iter(struct st_payload *payload, const struct iov_iter *iter)
{
	if (iter_is_ubuf(iter)) {
		st_payload_set_user(payload, st_iter_ubuf(iter) + iter->iov_offset);
	} else if (iter_is_iovec(iter)) {
		of_iovecs(payload, st_iter_iovecs(iter), iter->iov_offset, iter->nr_segs);
	} else if (iov_iter_is_bvec(iter)) {
		payload->kind = ST_PAYLOAD_BVEC;
		payload->bvec = iter->bvec;
		payload->skip = iter->iov_offset;
		payload->nr = iter->nr_segs;
	} else {
		payload->kind = ST_PAYLOAD_NONE;
	}
}
NOKPROBE_SYMBOL(st_payload_of_iter);

/* Memory of a device is never read. */
static bool is_ordinary(const struct page *page)
{
	return !is_zone_device_page(page) && !PageHighMem(page);
}
NOKPROBE_SYMBOL(is_ordinary);

/**
 * st_payload_of_page() - the bytes of a page
 * @payload: to be set
 * @page: the kernel holds it while the function runs
 * @offset: the first byte
 *
 * Context: any.
 */
void st_payload_of_page(struct st_payload *payload, const struct page *page, u32 offset)
{
	payload->kind = is_ordinary(page) ? ST_PAYLOAD_PAGE : ST_PAYLOAD_NONE;
	payload->page = is_ordinary(page) ? page_address(page) + offset : NULL;
}
NOKPROBE_SYMBOL(st_payload_of_page);

/* ---- Copying ------------------------------------------------------------------------- */

/*
 * Ordinary memory is always mapped, but for what was taken out of the kernel's mapping on
 * purpose: hence the copy that tolerates a fault.
 */
static u32 copy_from_page(void *to, const struct page *page, size_t offset, u32 len)
{
	if (!is_ordinary(page))
		return 0;
	return copy_from_kernel_nofault(to, page_address(page) + offset, len) ? 0 : len;
}
NOKPROBE_SYMBOL(copy_from_page);

static u32 gather_iovecs(void *to, const struct st_payload *payload, u64 offset, u32 len)
{
	u32 got = 0, piece, i;
	u64 at = offset + payload->skip;

	for (i = 0; i < payload->nr && got < len; i++) {
		const struct iovec *iov = &payload->iov[i];

		if (at >= iov->iov_len) {
			at -= iov->iov_len;
			continue;
		}
		piece = min_t(u64, len - got, iov->iov_len - at);
		if (st_payload_copy_user(to + got, iov->iov_base + at, piece) < piece)
			break;
		got += piece;
		at = 0;
	}
	return got;
}
NOKPROBE_SYMBOL(gather_iovecs);

static u32 gather_bvecs(void *to, const struct st_payload *payload, u64 offset, u32 len)
{
	u32 got = 0, piece, i;
	u64 at = offset + payload->skip;

	for (i = 0; i < payload->nr && got < len; i++) {
		const struct bio_vec *bvec = &payload->bvec[i];

		if (at >= bvec->bv_len) {
			at -= bvec->bv_len;
			continue;
		}
		piece = min_t(u64, len - got, bvec->bv_len - at);
		if (copy_from_page(to + got, bvec->bv_page, bvec->bv_offset + at, piece) <
		    piece)
			break;
		got += piece;
		at = 0;
	}
	return got;
}
NOKPROBE_SYMBOL(gather_bvecs);

/**
 * st_payload_gather() - copy a part of a payload that is not one buffer of the caller's
 * @to: where to
 * @payload: the source
 * @offset: the first byte
 * @len: how many bytes
 *
 * Context: as st_payload_copy(), which calls this.
 * Return: bytes copied; less than @len if a page is not resident or not readable.
 */
u32 st_payload_gather(void *to, const struct st_payload *payload, u64 offset, u32 len)
{
	switch (payload->kind) {
	case ST_PAYLOAD_IOVEC:
		return gather_iovecs(to, payload, offset, len);
	case ST_PAYLOAD_BVEC:
		return gather_bvecs(to, payload, offset, len);
	case ST_PAYLOAD_PAGE:
		return copy_from_kernel_nofault(to, payload->page + offset, len) ? 0 :
										   len;
	default:
		return 0;
	}
}
NOKPROBE_SYMBOL(st_payload_gather);

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

static void fault_in_iovecs(const struct st_payload *payload, u64 offset, u32 len)
{
	u64 at = offset + payload->skip;
	u32 piece, i;

	for (i = 0; i < payload->nr && len; i++) {
		const struct iovec *iov = &payload->iov[i];

		if (at >= iov->iov_len) {
			at -= iov->iov_len;
			continue;
		}
		piece = min_t(u64, len, iov->iov_len - at);
		fault_in_readable(iov->iov_base + at, piece);
		len -= piece;
		at = 0;
	}
}

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
	if (payload->kind == ST_PAYLOAD_USER)
		fault_in_readable(payload->buf + offset, len);
	else if (payload->kind == ST_PAYLOAD_IOVEC)
		fault_in_iovecs(payload, offset, len);
}
