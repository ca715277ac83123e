// SPDX-License-Identifier: GPL-2.0
/* The real pool, under other names: the other suites have one of their own. */
#include <linux/task_work.h>

static bool exiting;
static struct callback_head *added;

static int add_work(struct callback_head *work)
{
	added = exiting ? NULL : work;
	return exiting ? -ESRCH : 0;
}

#define task_work_add(task, work, mode) add_work(work)
#define st_pool_get			pool_get
#define st_pool_room			pool_room
#define st_pool_put			pool_put
#define st_pool_queue			pool_queue
#define st_pool_is_waiting		pool_is_waiting
#include "../../kmod/pool.c"

#include <kunit/test.h>

#include "fixture.h"

#define WORKS 24 /* three quarters are anybody's */
#define OPEN  (WORKS - WORKS / 4)

static struct st_deferred *taken[WORKS];

static int pool_test_init(struct kunit *test)
{
	works = WORKS;
	exiting = false;
	return st_pool_prepare();
}

static void pool_test_exit(struct kunit *test)
{
	st_pool_exit();
}

static struct st_deferred *get(void)
{
	struct st_deferred *deferred;

	preempt_disable();
	deferred = pool_get();
	preempt_enable();
	return deferred;
}

static struct iovec *room(struct st_deferred *deferred, u32 nr)
{
	struct iovec *iov;

	preempt_disable();
	iov = pool_room(deferred, nr);
	preempt_enable();
	return iov;
}

/* Takes all objects that this user can have. Returns how many. */
static int take_all(void)
{
	int nr = 0;

	while (nr < WORKS && (taken[nr] = get()))
		nr++;
	return nr;
}

static void give_all(int nr)
{
	while (nr--)
		pool_put(taken[nr]);
}

static int free_in(const struct stock *stock)
{
	return bitmap_weight(stock->unused, stock->size);
}

static void every_object_is_somebody_elses(struct kunit *test)
{
	int i, j, nr = take_all();

	KUNIT_EXPECT_GE(test, nr, OPEN);
	KUNIT_EXPECT_LT(test, nr, WORKS); /* the share of one user ends */
	for (i = 0; i < nr; i++)
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_PTR_NE(test, taken[i], taken[j]);
	give_all(nr);
	KUNIT_EXPECT_EQ(test, free_in(&objects), WORKS);
	KUNIT_EXPECT_EQ(test, take_all(), nr);
	give_all(nr);
}

static void an_object_in_use_keeps_the_module(struct kunit *test)
{
	int before = module_refcount(THIS_MODULE);
	struct st_deferred *deferred = get();

	KUNIT_ASSERT_NOT_NULL(test, deferred);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before + 1);
	pool_put(deferred);
	KUNIT_EXPECT_EQ(test, module_refcount(THIS_MODULE), before);
}

static void a_few_buffers_have_room_in_the_object(struct kunit *test)
{
	struct st_deferred *deferred = get();

	KUNIT_ASSERT_NOT_NULL(test, deferred);
	KUNIT_EXPECT_PTR_EQ(test, room(deferred, 0), &deferred->few[0]);
	KUNIT_EXPECT_PTR_EQ(test, room(deferred, ST_POOL_FEW), &deferred->few[0]);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
	pool_put(deferred);
}

static void many_buffers_have_an_array_until_the_object_is_given_back(struct kunit *test)
{
	struct st_deferred *first = get(), *second = get();
	struct iovec *iov, *other;

	KUNIT_ASSERT_TRUE(test, first && second);
	iov = room(first, UIO_MAXIOV);
	other = room(second, ST_POOL_FEW + 1);
	KUNIT_ASSERT_TRUE(test, iov && other);
	memset(iov, 1, UIO_MAXIOV * sizeof(*iov));
	memset(other, 2, UIO_MAXIOV * sizeof(*iov));
	KUNIT_EXPECT_NULL(test, memchr_inv(iov, 1, UIO_MAXIOV * sizeof(*iov)));
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS - 2);
	pool_put(first);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS - 1);
	pool_put(second);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
	KUNIT_EXPECT_EQ(test, free_in(&objects), WORKS);
}

static void more_buffers_than_a_call_may_have_get_no_room(struct kunit *test)
{
	struct st_deferred *deferred = get();

	KUNIT_ASSERT_NOT_NULL(test, deferred);
	KUNIT_EXPECT_NULL(test, room(deferred, UIO_MAXIOV + 1));
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
	pool_put(deferred);
}

/* One whose threads all wait for slow pages must not hold every array. */
static void arrays_have_shares_of_their_own(struct kunit *test)
{
	static struct st_deferred *mine[100];
	int i, got = 0;

	st_pool_exit();
	works = 1024;
	KUNIT_ASSERT_EQ(test, st_pool_prepare(), 0);
	for (i = 0; i < ARRAY_SIZE(mine); i++) {
		mine[i] = get();
		KUNIT_ASSERT_NOT_NULL(test, mine[i]);
		got += room(mine[i], UIO_MAXIOV) != NULL;
	}
	KUNIT_EXPECT_GE(test, got, ARRAYS_MAX * 3 / 4);
	KUNIT_EXPECT_LE(test, got, ARRAYS_MAX * 7 / 8);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), ARRAYS_MAX - got);
	for (i = 0; i < ARRAY_SIZE(mine); i++)
		pool_put(mine[i]);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), ARRAYS_MAX);
	KUNIT_EXPECT_EQ(test, free_in(&objects), 1024);
}

static void finish(struct st_deferred *deferred)
{
	deferred->sent++;
}

static void work_gives_everything_back(struct kunit *test)
{
	struct st_deferred *deferred = get();

	KUNIT_ASSERT_NOT_NULL(test, deferred);
	KUNIT_ASSERT_NOT_NULL(test, room(deferred, UIO_MAXIOV));
	deferred->sent = 0;
	deferred->finish = finish;
	deferred->work.next = NULL;
	KUNIT_EXPECT_TRUE(test, pool_queue(deferred));
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS - 1);
	added->func(added);
	KUNIT_EXPECT_EQ(test, deferred->sent, 1);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
	KUNIT_EXPECT_EQ(test, free_in(&objects), WORKS);
}

static int finished[3], nr_finished;

static void finish_in_turn(struct st_deferred *deferred)
{
	finished[nr_finished++ % ARRAY_SIZE(finished)] = deferred->sent;
}

static void others_work(struct callback_head *work)
{
}

/* As the kernel has them: the newest first, and somebody else's between them. */
static void works_of_a_thread_finish_in_their_order(struct kunit *test)
{
	struct callback_head others = { .func = others_work };
	struct callback_head *queued[3];
	struct st_deferred *deferred;
	int i;

	for (i = 0; i < 3; i++) {
		deferred = get();
		KUNIT_ASSERT_NOT_NULL(test, deferred);
		deferred->sent = i;
		deferred->finish = finish_in_turn;
		KUNIT_EXPECT_TRUE(test, pool_queue(deferred));
		queued[i] = added;
	}
	queued[2]->next = &others;
	others.next = queued[1];
	queued[1]->next = queued[0];
	queued[0]->next = NULL;
	nr_finished = 0;
	KUNIT_EXPECT_TRUE(test, pool_is_waiting());
	for (i = 2; i >= 0; i--)
		queued[i]->func(queued[i]);
	KUNIT_EXPECT_EQ(test, nr_finished, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, finished[i], i);
	KUNIT_EXPECT_FALSE(test, pool_is_waiting());
	KUNIT_EXPECT_EQ(test, free_in(&objects), WORKS);
}

static void a_thread_that_exits_gives_everything_back(struct kunit *test)
{
	struct st_deferred *deferred = get();

	KUNIT_ASSERT_NOT_NULL(test, deferred);
	KUNIT_ASSERT_NOT_NULL(test, room(deferred, UIO_MAXIOV));
	exiting = true;
	KUNIT_EXPECT_FALSE(test, pool_queue(deferred));
	KUNIT_EXPECT_FALSE(test, pool_is_waiting());
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
	KUNIT_EXPECT_EQ(test, free_in(&objects), WORKS);
}

static void there_are_never_more_arrays_than_objects_nor_than_64(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rooms.size, WORKS);
	st_pool_exit();
	works = 1024;
	KUNIT_ASSERT_EQ(test, st_pool_prepare(), 0);
	KUNIT_EXPECT_EQ(test, rooms.size, ARRAYS_MAX);
	KUNIT_EXPECT_EQ(test, objects.size, 1024);
}

/* As if other threads were faster each time. */
static void who_finds_none_left_has_not_taken_one(struct kunit *test)
{
	int i, again, nr = take_all();

	give_all(nr);
	bitmap_zero(objects.unused, WORKS);
	for (i = 0; i < 2 * WORKS; i++)
		KUNIT_EXPECT_NULL(test, get());
	bitmap_fill(objects.unused, WORKS);
	again = take_all();
	KUNIT_EXPECT_EQ(test, again, nr);
	give_all(again);
}

static void without_memory_nothing_is_left_behind(struct kunit *test)
{
	int n, err;

	for (n = 1; n < 20; n++) {
		st_pool_exit();
		st_test_fail_allocation(n);
		err = st_pool_prepare();
		if (!st_test_allocation_failed())
			break;
		KUNIT_EXPECT_TRUE(test,
				  err ? !pool :
					pool && arrays && objects.unused && rooms.unused);
	}
	KUNIT_EXPECT_GT(test, n, 4);
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_EQ(test, free_in(&rooms), WORKS);
}

static struct kunit_case pool_cases[] = {
	KUNIT_CASE(every_object_is_somebody_elses),
	KUNIT_CASE(an_object_in_use_keeps_the_module),
	KUNIT_CASE(a_few_buffers_have_room_in_the_object),
	KUNIT_CASE(many_buffers_have_an_array_until_the_object_is_given_back),
	KUNIT_CASE(more_buffers_than_a_call_may_have_get_no_room),
	KUNIT_CASE(arrays_have_shares_of_their_own),
	KUNIT_CASE(work_gives_everything_back),
	KUNIT_CASE(works_of_a_thread_finish_in_their_order),
	KUNIT_CASE(a_thread_that_exits_gives_everything_back),
	KUNIT_CASE(there_are_never_more_arrays_than_objects_nor_than_64),
	KUNIT_CASE(who_finds_none_left_has_not_taken_one),
	KUNIT_CASE(without_memory_nothing_is_left_behind),
	{}
};

static struct kunit_suite pool_suite = {
	.name = "sendtrace_pool",
	.init = pool_test_init,
	.exit = pool_test_exit,
	.test_cases = pool_cases,
};
kunit_test_suite(pool_suite);
