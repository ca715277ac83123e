// SPDX-License-Identifier: GPL-2.0
/* The bell, the counters, and allocations that fail. */
#include "../../kmod/bell.c"

#include <linux/cpumask.h>
#include <linux/irq_work.h>
#include <linux/poll.h>

#include "fixture.h"
#include "ring_fixture.h"

/* ---- The bell --------------------------------------------------------------------------- */

struct listener {
	struct st_bell bell;
	struct wait_queue_entry entry;
	int woken;
	__poll_t events;
};

static int count_wakeup(struct wait_queue_entry *entry, unsigned int mode, int flags,
			void *key)
{
	struct listener *listener = container_of(entry, struct listener, entry);

	listener->woken++;
	listener->events = key_to_poll(key);
	return 0;
}

static void leave(struct kunit_resource *resource)
{
	struct listener *listener = resource->data;

	st_bell_exit(&listener->bell);
	remove_wait_queue(&listener->bell.waiters, &listener->entry);
}

static int bell_test_init(struct kunit *test)
{
	struct listener *listener = kunit_kzalloc(test, sizeof(*listener), GFP_KERNEL);

	if (!listener)
		return -ENOMEM;
	st_bell_init(&listener->bell);
	init_waitqueue_func_entry(&listener->entry, count_wakeup);
	add_wait_queue(&listener->bell.waiters, &listener->entry);
	st_test_at_end(test, leave, listener);
	test->priv = listener;
	return 0;
}

static void ring_and_settle(struct st_bell *bell)
{
	preempt_disable();
	st_bell_ring(bell);
	preempt_enable();
	st_bell_exit(bell);
}

static void a_reader_that_does_not_wait_is_not_woken(struct kunit *test)
{
	struct listener *listener = test->priv;

	ring_and_settle(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 0);
}

static void a_waiting_reader_is_woken_as_readable(struct kunit *test)
{
	struct listener *listener = test->priv;

	st_bell_want(&listener->bell);
	ring_and_settle(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 1);
	KUNIT_EXPECT_EQ(test, (__force u32)listener->events,
			(__force u32)(EPOLLIN | EPOLLRDNORM));
}

static void one_request_is_one_wake_up(struct kunit *test)
{
	struct listener *listener = test->priv;

	st_bell_want(&listener->bell);
	ring_and_settle(&listener->bell);
	ring_and_settle(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 1);
	st_bell_want(&listener->bell);
	ring_and_settle(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 2);
}

static void the_bell_rings_with_interrupts_off(struct kunit *test)
{
	struct listener *listener = test->priv;

	st_bell_want(&listener->bell);
	local_irq_disable();
	st_bell_ring(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 0);
	local_irq_enable();
	st_bell_exit(&listener->bell);
	KUNIT_EXPECT_EQ(test, listener->woken, 1);
}

/* ---- The counters ------------------------------------------------------------------------- */

static void each_counter_is_added_separately(struct kunit *test)
{
	struct st_counters *one = kunit_kzalloc(test, sizeof(*one), GFP_KERNEL);
	struct st_counters *sum = kunit_kzalloc(test, sizeof(*sum), GFP_KERNEL);
	u64 *from = (u64 *)one, *to = (u64 *)sum;
	size_t i, nr = sizeof(*one) / sizeof(u64);

	KUNIT_ASSERT_NOT_NULL(test, one);
	KUNIT_ASSERT_NOT_NULL(test, sum);
	for (i = 0; i < nr; i++)
		from[i] = 1ULL << i;
	st_counters_add(sum, one);
	st_counters_add(sum, one);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, to[i], 2ULL << i, "counter %zu", i);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static void a_ring_belongs_to_its_cpu(struct kunit *test)
{
	struct st_ring *ring;
	int cpu;

	for_each_possible_cpu(cpu) {
		ring = st_ring_alloc(cpu, PAGE_SIZE);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ring);
		KUNIT_EXPECT_EQ(test, ring->producer->cpu, cpu);
		st_test_write(ring, 64, 1);
		KUNIT_EXPECT_EQ(test, st_test_peek(test, ring)->cpu, cpu);
		st_ring_free(ring);
	}
}

static void freeing_no_ring_does_nothing(struct kunit *test)
{
	st_ring_free(NULL);
}

static void a_signal_interrupts_the_allocation(struct kunit *test)
{
	struct st_ring *ring;

	set_thread_flag(TIF_SIGPENDING);
	ring = st_ring_alloc(0, PAGE_SIZE);
	clear_thread_flag(TIF_SIGPENDING);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(ring), -EINTR);
	if (!IS_ERR(ring))
		st_ring_free(ring);
}

/*
 * The minimum: the struct, the array of pages, three pages, the array that has the data
 * twice, and the mapping. The kernel makes further allocations, some of them optional.
 */
static void a_failed_allocation_leaves_no_ring_or_a_complete_one(struct kunit *test)
{
	struct st_ring *ring;
	int n, refused = 0;
	bool failed;

	for (n = 1; n < 1000; n++) {
		st_test_fail_allocation(n);
		ring = st_ring_alloc(0, PAGE_SIZE);
		failed = st_test_allocation_failed();
		if (IS_ERR(ring)) {
			KUNIT_EXPECT_EQ(test, PTR_ERR(ring), -ENOMEM);
			refused++;
		} else {
			KUNIT_EXPECT_TRUE(test, st_test_write(ring, PAGE_SIZE / 2, n));
			st_ring_free(ring);
		}
		if (!failed)
			break;
	}
	KUNIT_EXPECT_FALSE(test, failed);
	KUNIT_EXPECT_GE(test, refused, 7);
}

static struct kunit_case bell_cases[] = {
	KUNIT_CASE(a_reader_that_does_not_wait_is_not_woken),
	KUNIT_CASE(a_waiting_reader_is_woken_as_readable),
	KUNIT_CASE(one_request_is_one_wake_up),
	KUNIT_CASE(the_bell_rings_with_interrupts_off),
	{}
};

static struct kunit_suite bell_suite = {
	.name = "sendtrace_bell",
	.init = bell_test_init,
	.test_cases = bell_cases,
};

static struct kunit_case memory_cases[] = {
	KUNIT_CASE(each_counter_is_added_separately),
	KUNIT_CASE(a_ring_belongs_to_its_cpu),
	KUNIT_CASE(freeing_no_ring_does_nothing),
	KUNIT_CASE(a_signal_interrupts_the_allocation),
	KUNIT_CASE(a_failed_allocation_leaves_no_ring_or_a_complete_one),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "sendtrace_ring_memory",
	.test_cases = memory_cases,
};
kunit_test_suites(&bell_suite, &memory_suite);
