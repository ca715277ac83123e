// SPDX-License-Identifier: GPL-2.0
/* One source of bytes: what is copied of it, and where the copy ends. */
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

static struct kunit_case payload_cases[] = {
	KUNIT_CASE(a_copy_is_padded_with_zeroes),
	KUNIT_CASE(a_copy_begins_at_the_offset),
	KUNIT_CASE(a_copy_ends_where_memory_ends),
	KUNIT_CASE(the_copy_to_the_fault_ends_at_the_first_absent_byte),
	KUNIT_CASE(the_copy_to_the_fault_is_never_long),
	KUNIT_CASE(a_page_that_is_faulted_in_can_be_copied),
	{}
};

static struct kunit_suite payload_suite = {
	.name = "sendtrace_payload",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = payload_cases,
};
kunit_test_suite(payload_suite);
