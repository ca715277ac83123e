// SPDX-License-Identifier: GPL-2.0
/* One source of bytes, a buffer or pages: what is copied of it, and where the copy ends. */
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/uaccess.h>

/* Pages of which a test says what they are: this kernel has none of these. */
static const struct page *device, *broken, *unmapped;

static long copy_mapped(void *to, const void *from, size_t len)
{
	if (unmapped && virt_to_page(from) == unmapped)
		return -EFAULT;
	return copy_from_kernel_nofault(to, from, len);
}

#undef PageHWPoison
#define is_zone_device_page(page)		((page) == device)
#define PageHWPoison(page)			((page) == broken)
#define copy_from_kernel_nofault(to, from, len) copy_mapped(to, from, len)
#include "../../kmod/payload.c"

#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/preempt.h>

#include "fixture.h"
#include "session_fixture.h"

#define PAINT 0x5a
#define SLOT  256

/* The user's memory ends with a payload of this many bytes. */
static struct st_payload ending(struct kunit *test, size_t len)
{
	void __user *at;

	st_test_use_user_memory(test);
	at = st_test_payload(test, PAGE_SIZE);
	return (struct st_payload){ .buf = at + PAGE_SIZE - len };
}

static u8 *slot_of(struct kunit *test)
{
	u8 *slot = kunit_kzalloc(test, SLOT, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slot);
	memset(slot, PAINT, SLOT);
	return slot;
}

static u32 copy(u8 slot[SLOT], const struct st_payload *payload, u64 offset, u32 len)
{
	u32 got;

	preempt_disable();
	got = st_payload_copy(slot, payload, offset, len);
	preempt_enable();
	return got;
}

static void a_copy_is_padded_with_zeroes(struct kunit *test)
{
	struct st_payload payload = ending(test, 40);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 19), 19);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, PAGE_SIZE - 40, 19));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 19, 0, 24 - 19));
	KUNIT_EXPECT_EQ(test, slot[24], PAINT);
}

static void a_copy_begins_at_the_offset(struct kunit *test)
{
	struct st_payload payload = ending(test, 100);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 60, 40), 40);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, PAGE_SIZE - 40, 40));
}

static void a_copy_ends_where_memory_ends(struct kunit *test)
{
	struct st_payload payload = ending(test, 21);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 100), 21);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, PAGE_SIZE - 21, 21));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 21, 0, 24 - 21));
}

/* By pointer, so that the function itself runs, and no copy of it that was inlined. */
static u32 (*volatile copy_to_fault)(u8 *to, const u8 __user *from,
				     u32 len) = st_payload_copy_to_fault;

/* What arm64 needs, on every architecture. */
static void the_copy_to_the_fault_ends_at_the_first_absent_byte(struct kunit *test)
{
	struct st_payload payload = ending(test, 77);
	u8 *slot = slot_of(test);
	u32 got;

	pagefault_disable();
	got = copy_to_fault(slot, payload.buf, 200);
	pagefault_enable();
	KUNIT_EXPECT_EQ(test, got, 77);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, PAGE_SIZE - 77, 77));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 77, PAINT, SLOT - 77));
}

static void the_copy_to_the_fault_is_never_long(struct kunit *test)
{
	struct st_payload payload = ending(test, 200);
	u8 *slot = slot_of(test);
	u32 got;

	pagefault_disable();
	got = copy_to_fault(slot, payload.buf, 200);
	pagefault_enable();
	KUNIT_EXPECT_EQ(test, got, 128);
}

/* A page of the user's that no one has touched yet is not resident. */
static void a_page_that_is_faulted_in_can_be_copied(struct kunit *test)
{
	u8 *slot = slot_of(test);
	struct st_payload payload;

	st_test_use_user_memory(test);
	payload.buf = st_test_user_pages(test, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 100, 8), 0);
	st_payload_fault_in(&payload, 100, 8);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 100, 8), 8);
	KUNIT_EXPECT_NULL(test, memchr_inv(slot, 0, 8));
}

/* ---- Pages ----------------------------------------------------------------------------- */

#define ORDER  2
#define MIDDLE (2 * PAGE_SIZE) /* where the third of the four pages begins */

static void free_pages_of(struct kunit_resource *resource)
{
	__free_pages(resource->data, ORDER);
	device = NULL;
	broken = NULL;
	unmapped = NULL;
}

/* Four pages that belong together, with a payload. */
static struct page *pages_of(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL | __GFP_COMP, ORDER);
	u8 *bytes;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	st_test_at_end(test, free_pages_of, pages);
	bytes = page_address(pages);
	for (i = 0; i < PAGE_SIZE << ORDER; i++)
		bytes[i] = st_test_byte(i);
	return pages;
}

static struct st_payload of_bvecs(const struct bio_vec *bvec, unsigned long nr,
				  size_t skip)
{
	struct st_payload payload;
	struct iov_iter iter;

	iov_iter_bvec(&iter, ITER_SOURCE, bvec, nr, PAGE_SIZE);
	iter.iov_offset = skip;
	st_payload_of_iter(&payload, &iter);
	return payload;
}

static void pages_are_joined_in_order(struct kunit *test)
{
	struct page *pages = pages_of(test);
	const struct bio_vec bvec[] = {
		{ .bv_page = pages, .bv_offset = 10, .bv_len = 20 },
		{ .bv_page = pages + 3, .bv_len = 0 },
		{ .bv_page = pages + 1, .bv_offset = 100, .bv_len = 200 },
	};
	struct st_payload payload = of_bvecs(bvec, 3, 5);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 115), 115);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 15, 15));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 15, PAGE_SIZE + 100, 100));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 115, 0, 120 - 115));
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 65, 200), 150);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, PAGE_SIZE + 150, 150));
}

static void a_bvec_may_begin_beyond_its_page_and_cross_others(struct kunit *test)
{
	const struct bio_vec bvec = {
		.bv_page = pages_of(test),
		.bv_offset = PAGE_SIZE + 7,
		.bv_len = 2 * PAGE_SIZE,
	};
	struct st_payload payload = of_bvecs(&bvec, 1, PAGE_SIZE - 57);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 200), 200);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, MIDDLE - 50, 200));
}

static void a_piece_may_cross_the_pages_of_a_compound_page(struct kunit *test)
{
	struct st_payload payload;
	u8 *slot = slot_of(test);

	st_payload_of_page(&payload, pages_of(test), MIDDLE - 60);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_PAGE);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 20, 200), 200);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, MIDDLE - 40, 200));
}

/* What is copied from 50 bytes before the third page on, in one piece and in a bvec. */
static void expect_end_at_third_page(struct kunit *test, struct page *pages)
{
	const struct bio_vec bvec = {
		.bv_page = pages,
		.bv_offset = MIDDLE - 50,
		.bv_len = PAGE_SIZE,
	};
	struct st_payload payload = of_bvecs(&bvec, 1, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 200), 50);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, MIDDLE - 50, 50));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 50, 0, 56 - 50));
	st_payload_of_page(&payload, pages, MIDDLE - 50);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 200), 50);
}

static void memory_of_a_device_is_not_read(struct kunit *test)
{
	struct page *pages = pages_of(test);
	struct st_payload payload;

	device = pages + 2;
	expect_end_at_third_page(test, pages);
	st_payload_of_page(&payload, pages, MIDDLE);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_NONE);
}

static void memory_known_to_be_broken_is_not_read(struct kunit *test)
{
	struct page *pages = pages_of(test);

	broken = pages + 2;
	expect_end_at_third_page(test, pages);
}

static void a_page_that_the_kernel_has_not_mapped_ends_the_copy(struct kunit *test)
{
	struct page *pages = pages_of(test);

	unmapped = pages + 2;
	expect_end_at_third_page(test, pages);
}

static struct kunit_case payload_cases[] = {
	KUNIT_CASE(a_copy_is_padded_with_zeroes),
	KUNIT_CASE(a_copy_begins_at_the_offset),
	KUNIT_CASE(a_copy_ends_where_memory_ends),
	KUNIT_CASE(the_copy_to_the_fault_ends_at_the_first_absent_byte),
	KUNIT_CASE(the_copy_to_the_fault_is_never_long),
	KUNIT_CASE(a_page_that_is_faulted_in_can_be_copied),
	KUNIT_CASE(pages_are_joined_in_order),
	KUNIT_CASE(a_bvec_may_begin_beyond_its_page_and_cross_others),
	KUNIT_CASE(a_piece_may_cross_the_pages_of_a_compound_page),
	KUNIT_CASE(memory_of_a_device_is_not_read),
	KUNIT_CASE(memory_known_to_be_broken_is_not_read),
	KUNIT_CASE(a_page_that_the_kernel_has_not_mapped_ends_the_copy),
	{}
};

static struct kunit_suite payload_suite = {
	.name = "sendtrace_payload",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = payload_cases,
};
kunit_test_suite(payload_suite);
