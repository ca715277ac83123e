// SPDX-License-Identifier: GPL-2.0
/* The two kretprobes that catch all returns, and how many instances they have. */
#include <linux/init.h>

#undef __init
#define __init
#include "../../kmod/returns.c"

#include <kunit/test.h>

#define LARGE (sizeof(struct st_call) + 40)

static const struct st_hook table[] = {
	{ .size = sizeof(struct st_call) },
	{ .size = LARGE },
	{ .size = 64 },
	{ .size = 120 },
	{ .size = 0 },
};

static void a_hook_that_keeps_little_has_the_small_instances(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, st_returns_of(&table[0]), &kinds[WHOLE]);
	KUNIT_EXPECT_PTR_EQ(test, st_returns_of(&table[1]), &kinds[WHOLE]);
	KUNIT_EXPECT_PTR_EQ(test, st_returns_of(&table[2]), &kinds[SMALL]);
	KUNIT_EXPECT_NULL(test, st_returns_of(&table[4]));
}

static void an_instance_has_room_for_the_largest_of_its_kind(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, kinds[WHOLE].size, LARGE);
	KUNIT_EXPECT_EQ(test, kinds[SMALL].size, 120);
}

static void all_instances_together_have_one_bound_in_memory(struct kunit *test)
{
	u32 most = most_in(MEMORY_BY_DEFAULT, MOST);

	KUNIT_EXPECT_LE(test, memory_of_all(most), MEMORY_BY_DEFAULT);
	KUNIT_EXPECT_GT(test, memory_of_all(most + 1), MEMORY_BY_DEFAULT);
	KUNIT_EXPECT_EQ(test, maxactive, min(most, (u32)BY_DEFAULT_MOST));
}

static void the_most_that_fits_is_chosen(struct kunit *test)
{
	u64 memory;
	u32 most;

	for (memory = 1 << 16; memory <= 1 << 26; memory *= 3) {
		most = most_in(memory, MOST);
		KUNIT_EXPECT_LE(test, memory_of_all(most), memory);
		if (most < MOST)
			KUNIT_EXPECT_GT(test, memory_of_all(most + 1), memory);
	}
	KUNIT_EXPECT_EQ(test, most_in(1 << 26, 100), 100);
	KUNIT_EXPECT_EQ(test, most_in(0, 100), 1);
}

static void they_are_registered_while_a_hook_uses_them(struct kunit *test)
{
	struct st_returns *whole = &kinds[WHOLE], *both[] = { whole, whole };

	KUNIT_ASSERT_EQ(test, st_returns_get(whole), 0);
	KUNIT_ASSERT_EQ(test, st_returns_get(whole), 0);
	KUNIT_EXPECT_NOT_NULL(test, whole->own);
	KUNIT_EXPECT_EQ(test, whole->rp.maxactive, maxactive);
	KUNIT_EXPECT_TRUE(test, whole->rp.kp.flags & KPROBE_FLAG_DISABLED);
	st_returns_put(both, 1);
	KUNIT_EXPECT_EQ(test, whole->users, 1);
	st_returns_put(both, 1);
	KUNIT_EXPECT_EQ(test, whole->users, 0);
	/* They can be registered again. */
	KUNIT_ASSERT_EQ(test, st_returns_get(whole), 0);
	KUNIT_ASSERT_EQ(test, st_returns_get(whole), 0);
	st_returns_put(both, 2);
	KUNIT_EXPECT_EQ(test, whole->users, 0);
}

/* Calls asleep when a hook is disarmed never give their instances back to us. */
static void shares_begin_unused_at_each_registration(struct kunit *test)
{
	struct st_returns *small = &kinds[SMALL];
	u32 instances = maxactive * small->per_call;

	KUNIT_ASSERT_EQ(test, st_returns_get(small), 0);
	atomic_set(&small->share->over, 1);
	atomic_set(&small->share->held[0], 1);
	st_returns_put(&small, 1);
	KUNIT_ASSERT_EQ(test, st_returns_get(small), 0);
	KUNIT_EXPECT_EQ(test, -atomic_read(&small->share->over),
			instances - instances / 4);
	KUNIT_EXPECT_EQ(test, atomic_read(&small->share->held[0]), 0);
	st_returns_put(&small, 1);
}

#if !defined(ST_HAVE_OBJPOOL)
static void an_instance_takes_what_kmalloc_gives(struct kunit *test)
{
	size_t size;

	for (size = KMALLOC_MIN_SIZE; size <= 8192; size++)
		KUNIT_EXPECT_EQ(test, memory_for(size, 3),
				3 * kmalloc_size_roundup(size));
}
#else
static void an_instance_takes_what_kmalloc_gives(struct kunit *test)
{
	kunit_skip(test, "it is part of an objpool");
}
#endif

static void more_instances_than_the_bound_are_refused(struct kunit *test)
{
	maxactive = most_in(MEMORY_AT_MOST, MOST);
	KUNIT_EXPECT_EQ(test, st_returns_init(table, ARRAY_SIZE(table)), 0);
	maxactive++;
	KUNIT_EXPECT_EQ(test, st_returns_init(table, ARRAY_SIZE(table)), -EINVAL);
	maxactive = 0;
	KUNIT_EXPECT_EQ(test, st_returns_init(table, ARRAY_SIZE(table)), -EINVAL);
}

static int returns_test_init(struct kunit *test)
{
	maxactive = CHOOSE;
	return st_returns_init(table, ARRAY_SIZE(table));
}

/* The tables of two suites share the parameter, and the sizes. */
static unsigned int chosen_before;
static u32 sizes_before[KINDS];

static int returns_suite_init(struct kunit_suite *suite)
{
	int i;

	chosen_before = maxactive;
	for (i = 0; i < KINDS; i++) {
		sizes_before[i] = kinds[i].size;
		kinds[i].size = 0;
	}
	return 0;
}

static void returns_suite_exit(struct kunit_suite *suite)
{
	int i;

	maxactive = chosen_before;
	for (i = 0; i < KINDS; i++)
		kinds[i].size = sizes_before[i];
}

static struct kunit_case returns_cases[] = {
	KUNIT_CASE(a_hook_that_keeps_little_has_the_small_instances),
	KUNIT_CASE(an_instance_has_room_for_the_largest_of_its_kind),
	KUNIT_CASE(all_instances_together_have_one_bound_in_memory),
	KUNIT_CASE(the_most_that_fits_is_chosen),
	KUNIT_CASE(they_are_registered_while_a_hook_uses_them),
	KUNIT_CASE(shares_begin_unused_at_each_registration),
	KUNIT_CASE(an_instance_takes_what_kmalloc_gives),
	KUNIT_CASE(more_instances_than_the_bound_are_refused),
	{}
};

static struct kunit_suite returns_suite = {
	.name = "sendtrace_returns",
	.suite_init = returns_suite_init,
	.suite_exit = returns_suite_exit,
	.init = returns_test_init,
	.test_cases = returns_cases,
};
kunit_test_suite(returns_suite);
