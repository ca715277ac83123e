// SPDX-License-Identifier: GPL-2.0
/* Payloads that an iterator points at, and payloads in several buffers. */
#include <linux/bvec.h>
#include <linux/preempt.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "fixture.h"
#include "payload.h"
#include "session_fixture.h"

#define PAINT 0x5a
#define SLOT  2048

/* The user's payload; it ends where the page ends. */
static u8 __user *bytes_of(struct kunit *test)
{
	st_test_use_user_memory(test);
	return (u8 __user *)st_test_payload(test, PAGE_SIZE);
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

static struct iov_iter iter_of(const struct iovec *iov, unsigned long nr, size_t skip)
{
	struct iov_iter iter;

	iov_iter_init(&iter, ITER_SOURCE, iov, nr, PAGE_SIZE);
	iter.iov_offset = skip;
	return iter;
}

static struct st_payload of_iovecs(const struct iovec *iov, unsigned long nr, size_t skip)
{
	struct iov_iter iter = iter_of(iov, nr, skip);
	struct st_payload payload;

	st_payload_of_iter(&payload, &iter);
	return payload;
}

/* ---- What an iterator points at ------------------------------------------------------------- */

static void one_buffer_is_the_usual_source(struct kunit *test)
{
	struct iovec iov = { .iov_base = bytes_of(test), .iov_len = 100 };
	struct st_payload payload = of_iovecs(&iov, 1, 40);

	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_USER);
	KUNIT_EXPECT_PTR_EQ(test, payload.buf, iov.iov_base + 40);
}

static void one_buffer_without_an_array_is_it_too(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	struct st_payload payload;
	struct iov_iter iter;

	iov_iter_ubuf(&iter, ITER_SOURCE, bytes, 100);
	iter.iov_offset = 40;
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_USER);
	KUNIT_EXPECT_PTR_EQ(test, payload.buf, (const void __user *)(bytes + 40));
}

/* Whichever way the bytes go: the pointers are the same. */
static void what_a_receive_fills_is_found_like_what_a_send_reads(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 10 }, { bytes + 100, 10 } };
	struct bio_vec bvec = { .bv_page = ZERO_PAGE(0), .bv_len = 8 };
	struct st_payload payload;
	u8 *slot = slot_of(test);
	struct iov_iter iter;

	iov_iter_init(&iter, ITER_DEST, iov, 2, 20);
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_IOVEC);
	iov_iter_advance(&iter, 20);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 20), 20);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 10, 100, 10));
	iov_iter_ubuf(&iter, ITER_DEST, bytes, 100);
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_PTR_EQ(test, payload.buf, (const void __user *)bytes);
	iov_iter_bvec(&iter, ITER_DEST, &bvec, 1, 8);
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_BVEC);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 8), 8);
}

static void memory_of_the_kernel_is_no_source(struct kunit *test)
{
	struct kvec kvec = { .iov_base = &kvec, .iov_len = sizeof(kvec) };
	struct st_payload payload;
	u8 *slot = slot_of(test);
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, sizeof(kvec));
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_NONE);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 16), 0);
	iov_iter_discard(&iter, ITER_DEST, 16);
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_NONE);
	iov_iter_xarray(&iter, ITER_SOURCE, NULL, 0, 16);
	st_payload_of_iter(&payload, &iter);
	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_NONE);
}

/* ---- Several buffers -------------------------------------------------------------------------- */

static void buffers_are_joined_in_order(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes + 500, 11 },
				     { bytes, 100 },
				     { bytes + 200, 9 } };
	struct st_payload payload = of_iovecs(iov, 3, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, payload.kind, ST_PAYLOAD_IOVEC);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 115), 115);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 500, 11));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 11, 0, 100));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 111, 200, 4));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 115, 0, 120 - 115));
	KUNIT_EXPECT_EQ(test, slot[120], PAINT);
}

static void a_part_may_begin_in_any_buffer(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 100 },
				     { bytes + 300, 100 },
				     { bytes + 600, 100 } };
	struct st_payload payload = of_iovecs(iov, 3, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 150, 100), 100);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 350, 50));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 50, 600, 50));
}

static void what_an_iterator_has_passed_is_no_part_of_it(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 100 }, { bytes + 300, 100 } };
	struct st_payload payload = of_iovecs(iov, 2, 90);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 4, 60), 60);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 94, 6));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 6, 300, 54));
}

static void empty_buffers_are_passed_over(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = {
		{ NULL, 0 },	    { bytes, 10 }, { (void __user *)-1UL, 0 },
		{ bytes + 10, 10 }, { NULL, 0 },
	};
	struct st_payload payload = of_iovecs(iov, ARRAY_SIZE(iov), 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 20), 20);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 0, 20));
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 30), 20);
	payload = of_iovecs(iov, 0, 0);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 8), 0);
}

static void a_buffer_may_be_given_twice(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 30 }, { bytes + 10, 30 }, { bytes, 30 } };
	struct st_payload payload = of_iovecs(iov, 3, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 90), 90);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 0, 30));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 30, 10, 30));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 60, 0, 30));
}

/* Its first bytes are there, and all that is missing is zero or not touched. */
static void what_is_before_a_missing_page_is_kept(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = {
		{ bytes, 30 },
		{ bytes + PAGE_SIZE - 21, 100 },
		{ bytes + 60, 30 },
	};
	struct st_payload payload = of_iovecs(iov, 3, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 150), 51);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 0, 30));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 30, PAGE_SIZE - 21, 21));
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 51, 0, 56 - 51));
}

static void pointers_to_the_kernel_are_not_followed(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 30 }, { (void __user *)test, 30 } };
	struct st_payload payload = of_iovecs(iov, 2, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 60), 30);
}

/* The iterator's count, and what was sent, may be less than the buffers have. */
static void a_buffer_may_be_longer_than_what_is_sent(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, 30 }, { bytes + 100, SIZE_MAX } };
	struct st_payload payload = of_iovecs(iov, 2, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 100), 100);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 30, 100, 70));
	KUNIT_EXPECT_EQ(test, st_payload_pieces(&payload, 100), 2);
}

static void positions_beyond_4_gib_are_found(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	const struct iovec iov[] = { { bytes, SZ_4G + 100 }, { bytes + 500, 100 } };
	struct st_payload payload = of_iovecs(iov, 2, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, SZ_4G + 110, 50), 50);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 510, 50));
	payload = of_iovecs(iov, 2, SZ_4G + 50);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 60, 50), 50);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 510, 50));
}

/* @nr buffers of one byte each. */
static struct iovec *single_bytes(struct kunit *test, u32 nr)
{
	struct iovec *iov = kunit_kzalloc(test, nr * sizeof(*iov), GFP_KERNEL);
	u8 __user *bytes = bytes_of(test);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, iov);
	for (i = 0; i < nr; i++)
		iov[i] = (struct iovec){ bytes + i, 1 };
	return iov;
}

static void as_many_buffers_as_a_call_may_have_are_joined(struct kunit *test)
{
	struct iovec *iov = single_bytes(test, UIO_MAXIOV);
	struct st_payload payload = of_iovecs(iov, UIO_MAXIOV, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, UIO_MAXIOV), UIO_MAXIOV);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 0, UIO_MAXIOV));
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, UIO_MAXIOV - 5, 100), 5);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, UIO_MAXIOV - 5, 5));
}

/* The first page that is missing is in the second buffer. */
static void buffers_are_faulted_in(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	u8 __user *fresh = st_test_user_pages(test, PAGE_SIZE);
	const struct iovec iov[] = { { bytes, 30 }, { fresh + 8, 30 } };
	struct st_payload payload = of_iovecs(iov, 2, 0);
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 60), 30);
	st_payload_fault_in(&payload, 0, 30);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 60), 30);
	st_payload_fault_in(&payload, 20, 20);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 60), 60);
	KUNIT_EXPECT_NULL(test, memchr_inv(slot + 30, 0, 30));
}

/* ---- A copy of the array ---------------------------------------------------------------------- */

static void a_kept_array_has_only_what_is_read(struct kunit *test)
{
	u8 __user *bytes = bytes_of(test);
	struct iovec iov[] = {
		{ bytes, 100 },
		{ NULL, 0 },
		{ bytes + 300, 100 },
		{ bytes + 600, 100 },
	};
	struct st_payload payload = of_iovecs(iov, 4, 60);
	struct iovec kept[3] = { [2] = { .iov_len = 5 } };
	u8 *slot = slot_of(test);

	KUNIT_EXPECT_EQ(test, st_payload_pieces(&payload, 0), 0);
	KUNIT_EXPECT_EQ(test, st_payload_pieces(&payload, 40), 1);
	KUNIT_EXPECT_EQ(test, st_payload_pieces(&payload, 41), 2);
	KUNIT_EXPECT_EQ(test, st_payload_pieces(&payload, 1000), 3);
	st_payload_keep(&payload, kept, 70);
	memset(iov, 0, sizeof(iov)); /* as the kernel frees it */
	KUNIT_EXPECT_EQ(test, kept[2].iov_len, 5);
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 0, 100), 70);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 60, 40));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot + 40, 300, 30));
	KUNIT_EXPECT_EQ(test, copy(slot, &payload, 50, 100), 20);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(slot, 310, 20));
}

static struct kunit_case payload_iter_cases[] = {
	KUNIT_CASE(one_buffer_is_the_usual_source),
	KUNIT_CASE(one_buffer_without_an_array_is_it_too),
	KUNIT_CASE(what_a_receive_fills_is_found_like_what_a_send_reads),
	KUNIT_CASE(memory_of_the_kernel_is_no_source),
	KUNIT_CASE(buffers_are_joined_in_order),
	KUNIT_CASE(a_part_may_begin_in_any_buffer),
	KUNIT_CASE(what_an_iterator_has_passed_is_no_part_of_it),
	KUNIT_CASE(empty_buffers_are_passed_over),
	KUNIT_CASE(a_buffer_may_be_given_twice),
	KUNIT_CASE(what_is_before_a_missing_page_is_kept),
	KUNIT_CASE(pointers_to_the_kernel_are_not_followed),
	KUNIT_CASE(a_buffer_may_be_longer_than_what_is_sent),
	KUNIT_CASE(positions_beyond_4_gib_are_found),
	KUNIT_CASE(as_many_buffers_as_a_call_may_have_are_joined),
	KUNIT_CASE(buffers_are_faulted_in),
	KUNIT_CASE(a_kept_array_has_only_what_is_read),
	{}
};

static struct kunit_suite payload_iter_suite = {
	.name = "sendtrace_payload_iter",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = payload_iter_cases,
};
kunit_test_suite(payload_iter_suite);
