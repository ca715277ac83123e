// SPDX-License-Identifier: GPL-2.0
/* How many instances each hook has, within one bound. */
#include <linux/init.h>

#undef __init
#define __init
#include "../../kmod/instances.c"

#include <kunit/test.h>

static const struct st_hook table[] = {
	{ .size = 520 },
	{ .size = 520, .sixteenths = 16 },
	{ .size = 64, .sixteenths = 144 },
	{ .size = 520, .sixteenths = 1 },
	{ .size = 0 },
};

static void all_hooks_together_have_one_bound_in_memory(struct kunit *test)
{
	KUNIT_EXPECT_LE(test, memory_of_all(table, ARRAY_SIZE(table), maxactive),
			MEMORY_BY_DEFAULT);
	KUNIT_EXPECT_GT(test, memory_of_all(table, ARRAY_SIZE(table), maxactive + 1),
			MEMORY_BY_DEFAULT);
}

static void a_hook_has_its_portion_of_the_instances(struct kunit *test)
{
	struct st_hook hook = { .size = 8 };

	KUNIT_EXPECT_EQ(test, portion(&hook, 1000), 1000);
	hook.sixteenths = 144;
	KUNIT_EXPECT_EQ(test, portion(&hook, 1000), 9000);
	KUNIT_EXPECT_EQ(test, portion(&hook, MOST), 9 * MOST);
	hook.sixteenths = 1;
	KUNIT_EXPECT_EQ(test, portion(&hook, 1000), 62);
	KUNIT_EXPECT_EQ(test, portion(&hook, 1), 1);
	hook.size = 0;
	KUNIT_EXPECT_EQ(test, portion(&hook, 1000), 0);
}

static void the_most_that_fits_is_chosen(struct kunit *test)
{
	static const struct st_hook hooks[] = {
		{ .size = 100 },
		{ .size = 8, .sixteenths = 144 },
		{ .size = 4000, .sixteenths = 1 },
	};
	u64 memory;
	u32 most;

	for (memory = 1 << 16; memory <= 1 << 26; memory *= 3) {
		most = most_in(hooks, ARRAY_SIZE(hooks), memory, MOST);
		KUNIT_EXPECT_LE(test, memory_of_all(hooks, ARRAY_SIZE(hooks), most),
				memory);
		if (most < MOST)
			KUNIT_EXPECT_GT(test,
					memory_of_all(hooks, ARRAY_SIZE(hooks), most + 1),
					memory);
	}
	KUNIT_EXPECT_EQ(test, most_in(hooks, ARRAY_SIZE(hooks), 1 << 26, 100), 100);
	KUNIT_EXPECT_EQ(test, most_in(hooks, ARRAY_SIZE(hooks), 0, 100), 1);
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
	maxactive = most_in(table, ARRAY_SIZE(table), MEMORY_AT_MOST, MOST);
	KUNIT_EXPECT_EQ(test, st_instances_init(table, ARRAY_SIZE(table)), 0);
	maxactive++;
	KUNIT_EXPECT_EQ(test, st_instances_init(table, ARRAY_SIZE(table)), -EINVAL);
	maxactive = 0;
	KUNIT_EXPECT_EQ(test, st_instances_init(table, ARRAY_SIZE(table)), -EINVAL);
}

static void where_all_are_small_the_default_is_bounded(struct kunit *test)
{
	static const struct st_hook small = { .size = 8 };

	maxactive = CHOOSE;
	KUNIT_EXPECT_EQ(test, st_instances_init(&small, 1), 0);
	KUNIT_EXPECT_EQ(test, maxactive, BY_DEFAULT_MOST);
}

static int instances_test_init(struct kunit *test)
{
	maxactive = CHOOSE;
	return st_instances_init(table, ARRAY_SIZE(table));
}

/* The tables of two suites share the parameter. */
static unsigned int chosen_before;

static int instances_suite_init(struct kunit_suite *suite)
{
	chosen_before = maxactive;
	return 0;
}

static void instances_suite_exit(struct kunit_suite *suite)
{
	maxactive = chosen_before;
}

static struct kunit_case instances_cases[] = {
	KUNIT_CASE(all_hooks_together_have_one_bound_in_memory),
	KUNIT_CASE(a_hook_has_its_portion_of_the_instances),
	KUNIT_CASE(the_most_that_fits_is_chosen),
	KUNIT_CASE(an_instance_takes_what_kmalloc_gives),
	KUNIT_CASE(more_instances_than_the_bound_are_refused),
	KUNIT_CASE(where_all_are_small_the_default_is_bounded),
	{}
};

static struct kunit_suite instances_suite = {
	.name = "sendtrace_instances",
	.suite_init = instances_suite_init,
	.suite_exit = instances_suite_exit,
	.init = instances_test_init,
	.test_cases = instances_cases,
};
kunit_test_suite(instances_suite);
