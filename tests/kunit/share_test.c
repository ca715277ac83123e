// SPDX-License-Identifier: GPL-2.0
/* Shares of a pool: who gets the last quarter. */
#include "../../kmod/share.c"

#include <kunit/test.h>
#include <linux/sched.h>

#include "fixture.h"

enum {
	SIZE = 64,
	OPEN = 48, /* anybody's */
	MOST = 4, /* of the rest, for each user */
};

ST_SHARE_DEFINE(tested);

static int share_test_init(struct kunit *test)
{
	st_share_reset(&tested, SIZE);
	tested.batch = 0; /* count exactly */
	return 0;
}

/* As st_share_take(), for a user. */
static bool takes(u32 uid, u32 *account)
{
	*account = ST_SHARE_NONE;
	this_cpu_inc(*tested.pending);
	st_share_flush(&tested);
	return atomic_read(&tested.over) <= 0 || charge(&tested, uid, account);
}

/* How many objects a user gets who wants @wanted, and keeps all. */
static u32 gets(u32 uid, u32 wanted)
{
	u32 account, got = 0;

	while (wanted--)
		got += takes(uid, &account);
	return got;
}

static int in_use(void)
{
	int cpu, sum = atomic_read(&tested.over) + OPEN;

	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(tested.pending, cpu);
	return sum;
}

static void three_quarters_are_anybodys(struct kunit *test)
{
	u32 account;
	int i;

	for (i = 0; i < OPEN; i++) {
		KUNIT_EXPECT_TRUE(test, takes(1000, &account));
		KUNIT_EXPECT_EQ(test, account, ST_SHARE_NONE);
	}
}

static void of_the_last_quarter_each_user_gets_a_sixteenth(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), OPEN + MOST);
	KUNIT_EXPECT_EQ(test, gets(0, SIZE), MOST);
	KUNIT_EXPECT_EQ(test, gets(33, 1), 1);
	KUNIT_EXPECT_EQ(test, in_use(), OPEN + 2 * MOST + 1);
}

static void refused_calls_are_counted(struct kunit *test)
{
	long before = atomic_long_read(&tested.refused);

	gets(1000, SIZE);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tested.refused) - before,
			SIZE - OPEN - MOST);
	st_share_reset(&tested, SIZE);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&tested.refused) - before,
			SIZE - OPEN - MOST);
}

static void what_is_given_back_can_be_taken_again(struct kunit *test)
{
	const u32 none = ST_SHARE_NONE;
	u32 charged;

	gets(1000, OPEN);
	KUNIT_EXPECT_TRUE(test, takes(1000, &charged));
	KUNIT_EXPECT_NE(test, charged, ST_SHARE_NONE);
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), MOST - 1);
	st_share_give(&tested, &charged);
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), 1);
	st_share_give(&tested, &none);
	st_share_give(&tested, &none);
	KUNIT_EXPECT_EQ(test, in_use(), OPEN + MOST - 2);
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), 0);
	KUNIT_EXPECT_EQ(test, gets(0, SIZE), MOST);
}

/* By the object, not by the thread that gives it back, which may have changed its user. */
static void the_account_that_was_charged_gets_it_back(struct kunit *test)
{
	u32 first, other;

	gets(0, OPEN);
	KUNIT_EXPECT_TRUE(test, takes(1000, &first));
	KUNIT_EXPECT_TRUE(test, takes(33, &other));
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.held[first]), 1);
	st_share_give(&tested, &first);
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.held[first]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.held[other]), 1);
}

static void a_thread_is_charged_to_its_real_user(struct kunit *test)
{
	u32 account, index = hash_32(__kuid_val(current_uid()), ST_SHARE_BITS);

	gets(1000, OPEN);
	KUNIT_EXPECT_TRUE(test, st_share_take(&tested, &account));
	KUNIT_EXPECT_EQ(test, account, index);
	st_share_give(&tested, &account);
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.held[index]), 0);
	KUNIT_EXPECT_EQ(test, in_use(), OPEN);
}

static void users_with_one_hash_have_one_account(struct kunit *test)
{
	u32 same = 1001;

	while (hash_32(same, ST_SHARE_BITS) != hash_32(1000, ST_SHARE_BITS))
		same++;
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), OPEN + MOST);
	KUNIT_EXPECT_EQ(test, gets(same, SIZE), 0);
}

static void a_reset_forgets_what_is_in_use(struct kunit *test)
{
	gets(1000, SIZE);
	st_share_reset(&tested, SIZE);
	tested.batch = 0;
	KUNIT_EXPECT_EQ(test, in_use(), 0);
	KUNIT_EXPECT_EQ(test, gets(1000, SIZE), OPEN + MOST);
}

static void a_pool_of_eight_has_shares_a_smaller_one_none(struct kunit *test)
{
	st_share_reset(&tested, 8);
	tested.batch = 0;
	KUNIT_EXPECT_EQ(test, gets(1000, 8), 7);
	KUNIT_EXPECT_EQ(test, gets(0, 1), 1);
	st_share_reset(&tested, 7);
	tested.batch = 0;
	KUNIT_EXPECT_EQ(test, gets(1000, 7), 7);
}

static void all_batches_together_are_at_most_an_eighth(struct kunit *test)
{
	u32 size, cpus;

	for (size = 1; size <= 65536; size = size * 3 / 2 + 1)
		for (cpus = 1; cpus <= 8192; cpus *= 2)
			KUNIT_EXPECT_LE(test, batch_for(size, cpus) * cpus, size / 8);
	KUNIT_EXPECT_EQ(test, batch_for(4096, 2), 64);
	KUNIT_EXPECT_EQ(test, batch_for(4096, 512), 1);
	KUNIT_EXPECT_EQ(test, batch_for(4096, 513), 0);
}

/* Calls that do not sleep leave the line alone that all CPUs read. */
static void a_call_that_returns_at_once_is_counted_on_its_own_cpu(struct kunit *test)
{
	u32 account;

	tested.batch = 1;
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	KUNIT_EXPECT_TRUE(test, st_share_take(&tested, &account));
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.over), -OPEN);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(tested.pending, 0), 1);
	st_share_give(&tested, &account);
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.over), -OPEN);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(tested.pending, 0), 0);
}

static void calls_that_return_on_another_cpu_are_added_up(struct kunit *test)
{
	u32 account[OPEN];
	int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "there is one CPU");
	tested.batch = 2;
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	for (i = 0; i < OPEN; i++)
		KUNIT_EXPECT_TRUE(test, st_share_take(&tested, &account[i]));
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.over), 0);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(1)), 0);
	for (i = 0; i < OPEN - 1; i++)
		st_share_give(&tested, &account[i]);
	KUNIT_EXPECT_EQ(test, in_use(), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&tested.over), -OPEN + 3);
	KUNIT_EXPECT_EQ(test, *per_cpu_ptr(tested.pending, 1), -2);
}

static struct kunit_case share_cases[] = {
	KUNIT_CASE(three_quarters_are_anybodys),
	KUNIT_CASE(of_the_last_quarter_each_user_gets_a_sixteenth),
	KUNIT_CASE(refused_calls_are_counted),
	KUNIT_CASE(what_is_given_back_can_be_taken_again),
	KUNIT_CASE(the_account_that_was_charged_gets_it_back),
	KUNIT_CASE(a_thread_is_charged_to_its_real_user),
	KUNIT_CASE(users_with_one_hash_have_one_account),
	KUNIT_CASE(a_reset_forgets_what_is_in_use),
	KUNIT_CASE(a_pool_of_eight_has_shares_a_smaller_one_none),
	KUNIT_CASE(all_batches_together_are_at_most_an_eighth),
	KUNIT_CASE(a_call_that_returns_at_once_is_counted_on_its_own_cpu),
	KUNIT_CASE(calls_that_return_on_another_cpu_are_added_up),
	{}
};

static struct kunit_suite share_suite = {
	.name = "sendtrace_share",
	.init = share_test_init,
	.test_cases = share_cases,
};
kunit_test_suite(share_suite);
