// SPDX-License-Identifier: GPL-2.0
/* The table of running sessions: slots are given, found, and given again. */
#include "../../kmod/running.c"

#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "session.h"

static struct st_session *session_of(struct kunit *test)
{
	struct st_session *session = kunit_kzalloc(test, sizeof(*session), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, session);
	return session;
}

static int add(struct st_session *session)
{
	int slot = st_running_reserve(session, &session->since);

	if (slot >= 0)
		st_running_show(slot, &session->since);
	return slot;
}

static struct st_session *found(unsigned long mask)
{
	struct st_session *session;

	preempt_disable();
	session = st_running_of(mask);
	preempt_enable();
	return session;
}

static void a_session_is_found_by_its_bit(struct kunit *test)
{
	struct st_session *one = session_of(test), *other = session_of(test);
	int first = add(one), second = add(other);

	KUNIT_EXPECT_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, st_running_mask, BIT(first) | BIT(second));
	KUNIT_EXPECT_PTR_EQ(test, found(BIT(first)), one);
	KUNIT_EXPECT_PTR_EQ(test, found(BIT(second)), other);
	st_running_remove(first);
	KUNIT_EXPECT_EQ(test, st_running_mask, BIT(second));
	KUNIT_EXPECT_PTR_EQ(test, found(BIT(second)), other);
	st_running_remove(second);
	KUNIT_EXPECT_EQ(test, st_running_mask, 0);
}

static void of_several_bits_the_lowest_counts(struct kunit *test)
{
	struct st_session *one = session_of(test), *other = session_of(test);
	int first = add(one), second = add(other);

	KUNIT_EXPECT_LT(test, first, second);
	KUNIT_EXPECT_PTR_EQ(test, found(BIT(first) | BIT(second)), one);
	st_running_remove(first);
	st_running_remove(second);
}

static void a_removed_session_is_not_found(struct kunit *test)
{
	int slot = add(session_of(test));

	st_running_remove(slot);
	KUNIT_EXPECT_NULL(test, found(BIT(slot)));
}

static void one_session_more_than_there_are_slots_is_refused(struct kunit *test)
{
	struct st_session *session = session_of(test);
	int slot;

	for (slot = 0; slot < ST_MAX_RUNNING; slot++)
		KUNIT_EXPECT_EQ(test, add(session), slot);
	KUNIT_EXPECT_EQ(test, add(session), -EUSERS);
	st_running_remove(17);
	KUNIT_EXPECT_EQ(test, add(session), 17);
	while (slot--)
		st_running_remove(slot);
	KUNIT_EXPECT_EQ(test, st_running_mask, 0);
}

static void one_that_is_about_to_run_is_not_seen(struct kunit *test)
{
	struct st_session *session = session_of(test);
	int slot = st_running_reserve(session, &session->since);

	KUNIT_EXPECT_EQ(test, st_running_slots, BIT(slot));
	KUNIT_EXPECT_EQ(test, st_running_mask, 0);
	/* By a call that has noted the slot for the session that had it before. */
	KUNIT_EXPECT_EQ(test, session->since, U64_MAX);
	st_running_show(slot, &session->since);
	KUNIT_EXPECT_EQ(test, st_running_mask, BIT(slot));
	KUNIT_EXPECT_LE(test, session->since, ktime_get_ns());
	st_running_remove(slot);
	slot = st_running_reserve(session, &session->since);
	KUNIT_EXPECT_EQ(test, slot, 0);
	st_running_remove(slot);
	KUNIT_EXPECT_EQ(test, st_running_slots, 0);
}

static int add_in_thread(void *session)
{
	return add(session);
}

/*
 * A call of the session that had the slot before may have been entered up to the moment when
 * the slot became free.
 */
static void a_sessions_time_begins_when_it_gets_its_slot(struct kunit *test)
{
	struct st_session *session = session_of(test);
	struct task_struct *task;
	u64 freed;

	mutex_lock(&table_lock);
	task = kthread_create(add_in_thread, session, "st_test_add");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	get_task_struct(task);
	wake_up_process(task);
	/* Until it waits for the lock; as long as we run, it would spin. */
	while (READ_ONCE(task->__state) != TASK_UNINTERRUPTIBLE)
		schedule_timeout_uninterruptible(1);
	freed = ktime_get_ns();
	mutex_unlock(&table_lock);
	kthread_stop(task);
	put_task_struct(task);
	KUNIT_EXPECT_GE(test, session->since, freed);
	st_running_remove(0);
}

static struct kunit_case running_cases[] = {
	KUNIT_CASE(a_session_is_found_by_its_bit),
	KUNIT_CASE(of_several_bits_the_lowest_counts),
	KUNIT_CASE(a_removed_session_is_not_found),
	KUNIT_CASE(one_that_is_about_to_run_is_not_seen),
	KUNIT_CASE(a_sessions_time_begins_when_it_gets_its_slot),
	KUNIT_CASE(one_session_more_than_there_are_slots_is_refused),
	{}
};

static struct kunit_suite running_suite = {
	.name = "sendtrace_running",
	.test_cases = running_cases,
};
kunit_test_suite(running_suite);
