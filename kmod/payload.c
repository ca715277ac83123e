// SPDX-License-Identifier: GPL-2.0
/* Payloads in several pieces or in pages; the usual copy, out of one buffer, is in payload.h. */
#include <linux/bvec.h>
#include <linux/kernel.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
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
 * st_payload_of_segments() - find the bytes that an iterator points at
 * @payload: to be set
 * @iter: of a call that begins; not one buffer
 *
 * Context: as st_payload_of_iter(), which calls this.
 */
void st_payload_of_segments(struct st_payload *payload, const struct iov_iter *iter)
{
	if (iter_is_iovec(iter)) {
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
NOKPROBE_SYMBOL(st_payload_of_segments);

/*
 * Memory of a device is never read, nor what is known to be broken: what is not taken out of
 * the kernel's mapping, as on arm64, would stop the machine.
 */
static bool is_ordinary(const struct page *page)
{
	return !is_zone_device_page(page) && !PageHighMem(page) &&
	       !PageHWPoison((struct page *)page);
}
NOKPROBE_SYMBOL(is_ordinary);

/* A bvec, or a compound page, may be many pages: @offset then is beyond the first. */
static struct page *nth(const struct page *page, u64 n)
{
	return pfn_to_page(page_to_pfn(page) + n);
}
NOKPROBE_SYMBOL(nth);

/**
 * st_payload_of_page() - the bytes of a page
 * @payload: to be set
 * @page: the kernel holds it while the function runs; perhaps the first of a compound page
 * @offset: the first byte
 *
 * Context: any.
 */
void st_payload_of_page(struct st_payload *payload, const struct page *page, u32 offset)
{
	payload->kind = is_ordinary(nth(page, offset >> PAGE_SHIFT)) ? ST_PAYLOAD_PAGE :
								       ST_PAYLOAD_NONE;
	payload->page = page;
	payload->skip = offset;
}
NOKPROBE_SYMBOL(st_payload_of_page);

/* ---- Several buffers ----------------------------------------------------------------- */

/* A walk over the buffers that hold a part of a payload. */
struct walk {
	const struct iovec *at;
	const struct iovec *end;
	u64 skip; /* bytes before that part, from @at on */
	u64 left; /* bytes of that part, from @at on */
};

static nokprobe_inline struct walk walk_of(const struct st_payload *payload, u64 offset,
					   u64 len)
{
	return (struct walk){
		.at = payload->iov,
		.end = payload->iov + payload->nr,
		.skip = payload->skip + offset,
		.left = len,
	};
}

/* Sets @piece to what the next buffer has of that part. Empty buffers are passed over. */
static bool next_piece(struct walk *walk, struct iovec *piece)
{
	const struct iovec *iov;

	while (walk->left && walk->at != walk->end) {
		iov = walk->at++;
		if (walk->skip >= iov->iov_len) {
			walk->skip -= iov->iov_len;
			continue;
		}
		piece->iov_base = iov->iov_base + walk->skip;
		piece->iov_len = min_t(u64, walk->left, iov->iov_len - walk->skip);
		walk->skip = 0;
		walk->left -= piece->iov_len;
		return true;
	}
	return false;
}
NOKPROBE_SYMBOL(next_piece);

/**
 * st_payload_pieces() - count the buffers that have the first bytes of a payload
 * @payload: in several buffers
 * @len: how many bytes
 *
 * Context: any, while the function runs or has just returned.
 * Return: how many buffers st_payload_keep() will write.
 */
u32 st_payload_pieces(const struct st_payload *payload, u64 len)
{
	struct walk walk = walk_of(payload, 0, len);
	struct iovec piece;
	u32 nr = 0;

	while (next_piece(&walk, &piece))
		nr++;
	return nr;
}
NOKPROBE_SYMBOL(st_payload_pieces);

/**
 * st_payload_within() - how much of a payload can be copied in a short time
 * @payload: the source
 * @len: bytes of it that are wanted
 * @effort: what its buffers may cost, besides their bytes; see ST_PAYLOAD_PIECE
 *
 * Context: as st_payload_pieces().
 * Return: @len, or less if only so much is in the first buffers.
 */
u32 st_payload_within(const struct st_payload *payload, u32 len, u32 effort)
{
	struct st_payload first = *payload;
	struct iovec piece;
	struct walk walk;
	u32 within = 0;

	if (payload->kind != ST_PAYLOAD_IOVEC || payload->nr <= effort / ST_PAYLOAD_PIECE)
		return len;
	first.nr = effort / ST_PAYLOAD_PIECE;
	walk = walk_of(&first, 0, len);
	while (next_piece(&walk, &piece))
		within += piece.iov_len;
	return within;
}
NOKPROBE_SYMBOL(st_payload_within);

/**
 * st_payload_keep() - copy the array of a payload's buffers, so that it can be read later
 * @payload: in several buffers; has no more than its first @len bytes afterwards
 * @to: room for st_payload_pieces() buffers, used as long as @payload
 * @len: how many bytes
 *
 * Context: as st_payload_pieces().
 */
void st_payload_keep(struct st_payload *payload, struct iovec *to, u64 len)
{
	struct walk walk = walk_of(payload, 0, len);
	struct iovec *end = to;

	while (next_piece(&walk, end))
		end++;
	payload->iov = to;
	payload->nr = end - to;
	payload->skip = 0;
}
NOKPROBE_SYMBOL(st_payload_keep);

static u32 gather_iovecs(u8 *to, const struct st_payload *payload, u64 offset, u32 len)
{
	struct walk walk = walk_of(payload, offset, len);
	u32 got = 0, resident;
	struct iovec piece;

	while (next_piece(&walk, &piece)) {
		resident = st_payload_copy_user(to + got, piece.iov_base, piece.iov_len);
		got += resident;
		if (resident < piece.iov_len)
			break;
	}
	return got;
}
NOKPROBE_SYMBOL(gather_iovecs);

static void fault_in_iovecs(const struct st_payload *payload, u64 offset, u32 len)
{
	struct walk walk = walk_of(payload, offset, len);
	struct iovec piece;

	while (next_piece(&walk, &piece))
		fault_in_readable(piece.iov_base, piece.iov_len);
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

/* ---- Pages --------------------------------------------------------------------------- */

/*
 * Ordinary memory is always mapped, but for what is taken out of the kernel's mapping: a page
 * that breaks just now, on x86. Hence a copy that tolerates a fault. It copies word by word, so
 * 64 KiB take 57,500 instructions instead of the 16,400 of memcpy(), but hardly longer, because
 * most of that is waiting for memory: 11 us instead of 8 with a cold cache.
 *
 * Page by page, so that what is before such a page is kept: 1,300 instructions more.
 */
static u32 copy_from_pages(u8 *to, const struct page *first, u64 offset, u32 len)
{
	const struct page *page = nth(first, offset >> PAGE_SHIFT);
	u32 at = offset_in_page(offset), got = 0, piece;

	while (got < len && is_ordinary(page)) {
		piece = min_t(u32, len - got, PAGE_SIZE - at);
		if (copy_from_kernel_nofault(to + got, page_address(page) + at, piece))
			break;
		got += piece;
		page = nth(page, 1);
		at = 0;
	}
	return got;
}
NOKPROBE_SYMBOL(copy_from_pages);

static u32 gather_bvecs(u8 *to, const struct st_payload *payload, u64 offset, u32 len)
{
	u64 skip = payload->skip + offset;
	u32 got = 0, piece, copied, i;

	for (i = 0; i < payload->nr && got < len; i++) {
		const struct bio_vec *bvec = &payload->bvec[i];

		if (skip >= bvec->bv_len) {
			skip -= bvec->bv_len;
			continue;
		}
		piece = min_t(u64, len - got, bvec->bv_len - skip);
		copied = copy_from_pages(to + got, bvec->bv_page, bvec->bv_offset + skip,
					 piece);
		got += copied;
		if (copied < piece)
			break;
		skip = 0;
	}
	return got;
}
NOKPROBE_SYMBOL(gather_bvecs);

/* ---- Either -------------------------------------------------------------------------- */

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
		return copy_from_pages(to, payload->page, payload->skip + offset, len);
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
