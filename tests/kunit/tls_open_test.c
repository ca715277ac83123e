// SPDX-License-Identifier: GPL-2.0
/* Calls of TLS libraries that have not returned: who finds them, and who does not. */
#include <linux/init.h>

/* Its functions are called after the initialization, too. */
#undef __init
#define __init

#include "../../kmod/tls_open.c"
#include "../../kmod/tls_around.c"

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>

#include "fixture.h"

#define SP 0x7fff00008000UL

static int tls_open_test_init(struct kunit *test)
{
	return st_tls_open_init();
}

static void tls_open_test_exit(struct kunit *test)
{
	st_tls_open_exit();
}

/* NULL if there is no room. */
static struct st_tls_open *a_call(unsigned long sp, u64 ssl)
{
	struct st_tls_open *call = st_tls_open_new();

	if (!call)
		return NULL;
	call->sp = sp;
	call->ssl = ssl;
	call->call.wanted = 1;
	st_tls_process_read(&call->process);
	return call;
}

static bool adds(unsigned long sp, u64 ssl)
{
	struct st_tls_open *call = a_call(sp, ssl);

	if (call)
		st_tls_open_add(call);
	return call;
}

static u64 taken(unsigned long sp)
{
	struct st_tls_open *call = st_tls_open_take(sp);
	u64 ssl = call ? call->ssl : 0;

	if (call)
		st_tls_open_free(call);
	return ssl;
}

/* Which call the last note was for, and whether its chain was locked then. */
static u64 noted_ssl;
static bool noted_locked;

static bool note_ssl(struct st_tls_open *call, const void *ssl)
{
	noted_ssl = call->ssl;
	noted_locked = raw_spin_is_locked(
		&st_tls_chains[st_tls_chain_of(call->process.pid, call->sp)].lock);
	return !ssl || *(const u64 *)ssl == call->ssl;
}

static u64 around(unsigned long sp)
{
	return st_tls_open_note(sp, note_ssl, NULL) ? noted_ssl : 0;
}

static DECLARE_COMPLETION(added);

static int adds_in_thread(void *arg)
{
	*(bool *)arg = adds(SP, 7);
	complete(&added);
	while (!kthread_should_stop())
		schedule_timeout_uninterruptible(1);
	return 0;
}

/* A call in a thread of its own, which ends before this returns. */
static bool adds_and_dies(struct kunit *test)
{
	bool has_added = false;
	struct task_struct *thread = kthread_create(adds_in_thread, &has_added, "tls");

	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	get_task_struct(thread);
	reinit_completion(&added);
	wake_up_process(thread);
	wait_for_completion(&added);
	kthread_stop(thread);
	/* kthread_stop() does not wait until its number is free: so long, it is there. */
	while (pid_alive(thread))
		schedule_timeout_uninterruptible(1);
	put_task_struct(thread);
	return has_added;
}

static void a_call_is_taken_once_by_its_stack_pointer(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, st_tls_is_open());
	KUNIT_EXPECT_TRUE(test, adds(SP, 1));
	KUNIT_EXPECT_TRUE(test, st_tls_is_open());
	KUNIT_EXPECT_EQ(test, taken(SP + 8), 0);
	KUNIT_EXPECT_EQ(test, taken(SP), 1);
	KUNIT_EXPECT_EQ(test, taken(SP), 0);
	KUNIT_EXPECT_FALSE(test, st_tls_is_open());
}

static void a_new_call_at_the_same_place_replaces_what_is_left(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, adds(SP, 1));
	KUNIT_EXPECT_TRUE(test, adds(SP, 2));
	KUNIT_EXPECT_EQ(test, taken(SP), 2);
	KUNIT_EXPECT_EQ(test, taken(SP), 0);
}

static void what_is_left_is_dropped_if_the_next_call_is_missed(struct kunit *test)
{
	struct st_tls_process process;

	st_tls_process_read(&process);
	st_tls_open_drop(&process, SP);
	KUNIT_EXPECT_TRUE(test, adds(SP, 1));
	st_tls_open_drop(&process, SP + 8);
	KUNIT_EXPECT_TRUE(test, st_tls_is_open());
	st_tls_open_drop(&process, SP);
	KUNIT_EXPECT_FALSE(test, st_tls_is_open());
}

static void a_socket_call_is_inside_the_innermost_call(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, adds(SP, 1));
	KUNIT_EXPECT_TRUE(test, adds(SP - 4096, 2));
	KUNIT_EXPECT_EQ(test, around(SP - 5000), 2);
	KUNIT_EXPECT_EQ(test, around(SP - 4096), 2);
	KUNIT_EXPECT_EQ(test, around(SP - 4000), 1);
	KUNIT_EXPECT_EQ(test, around(SP + 8), 0);
	KUNIT_EXPECT_EQ(test, around(SP - 4096 - ST_TLS_DEEPEST), 2);
	KUNIT_EXPECT_EQ(test, around(SP - 4096 - ST_TLS_DEEPEST - 8), 0);
}

static void another_program_has_no_part_in_it(struct kunit *test)
{
	struct st_tls_open *call = a_call(SP, 1);

	KUNIT_ASSERT_NOT_NULL(test, call);
	call->process.exec++;
	st_tls_open_add(call);
	KUNIT_EXPECT_EQ(test, around(SP - 8), 0);
	KUNIT_EXPECT_EQ(test, taken(SP), 0);
	call = a_call(SP, 1);
	KUNIT_ASSERT_NOT_NULL(test, call);
	call->process.start++;
	st_tls_open_add(call);
	KUNIT_EXPECT_EQ(test, around(SP - 8), 0);
	KUNIT_EXPECT_EQ(test, taken(SP), 0);
}

/* As if the thread had called with another stack: that of a coroutine. */
static void a_call_that_began_in_another_thread_is_found(struct kunit *test)
{
	struct hlist_node *node;
	struct st_tls_open *call;

	KUNIT_EXPECT_TRUE(test, adds(SP, 1));
	node = st_tls_chains[st_tls_chain_of(task_tgid_nr(current), SP)].calls.first;
	call = hlist_entry(node, struct st_tls_open, node);
	call->task = NULL;
	KUNIT_EXPECT_EQ(test, around(SP - 8), 1);
	/* Its thread is there, and may still be in it; or is not, by its own stack pointer. */
	call->task = current;
	call->task_start = current->start_time;
	task_pt_regs(current)->sp = SP - 16;
	KUNIT_EXPECT_TRUE(test, is_occupied(call));
	task_pt_regs(current)->sp = SP + 16;
	KUNIT_EXPECT_FALSE(test, is_occupied(call));
	KUNIT_EXPECT_EQ(test, taken(SP), 1);
}

/* Another stack may be near: one that is small. */
static void a_call_of_ones_own_goes_before_that_of_another(struct kunit *test)
{
	struct hlist_node *node;
	struct st_tls_open *call;

	KUNIT_EXPECT_TRUE(test, adds(SP + ST_TLS_DEEPEST, 1));
	KUNIT_EXPECT_TRUE(test, adds(SP + 64, 2));
	node = st_tls_chains[st_tls_chain_of(task_tgid_nr(current), SP + 64)].calls.first;
	call = hlist_entry(node, struct st_tls_open, node);
	KUNIT_EXPECT_EQ(test, around(SP), 2);
	call->task = NULL;
	KUNIT_EXPECT_EQ(test, around(SP), 1);
	KUNIT_EXPECT_EQ(test, taken(SP + ST_TLS_DEEPEST), 1);
	KUNIT_EXPECT_EQ(test, around(SP), 2);
}

static void a_call_cannot_be_taken_while_something_is_noted_in_it(struct kunit *test)
{
	static const u64 mine = 1, other = 2;
	unsigned long sp;

	/* Its stack pointer is at each place of what chooses the chain. */
	for (sp = SP; sp < SP + 2 * ST_TLS_WINDOW; sp += ST_TLS_DEEPEST / 2) {
		KUNIT_EXPECT_TRUE(test, adds(sp, mine));
		noted_locked = false;
		KUNIT_EXPECT_TRUE(test, st_tls_open_note(sp - 20000, note_ssl, &mine));
		KUNIT_EXPECT_TRUE(test, noted_locked);
		KUNIT_EXPECT_FALSE(test, st_tls_open_note(sp - 20000, note_ssl, &other));
		KUNIT_EXPECT_EQ(test, taken(sp), mine);
		KUNIT_EXPECT_FALSE(test, st_tls_open_note(sp - 20000, note_ssl, &mine));
	}
}

static void what_dead_threads_leave_stays_as_long_as_their_process(struct kunit *test)
{
	struct st_tls_open *call = a_call(SP, 1);

	KUNIT_ASSERT_NOT_NULL(test, call);
	/* That of another process, which has run before. */
	call->process.start--;
	st_tls_open_add(call);
	KUNIT_EXPECT_TRUE(test, adds_and_dies(test));
	KUNIT_EXPECT_TRUE(test, adds(SP + 8, 2));
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), 3);
	st_tls_open_expire();
	/* Each kernel thread is a process. */
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), 1);
	KUNIT_EXPECT_EQ(test, taken(SP + 8), 2);
}

static void many_calls_that_never_returned_are_no_burden(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 10 * READS_MAX; i++)
		KUNIT_EXPECT_TRUE(test, adds(SP + 16 * i, i + 1));
	KUNIT_EXPECT_EQ(test, around(SP - 8), 1);
	KUNIT_EXPECT_EQ(test, around(SP + 16 * READS_MAX - 8), READS_MAX + 1);
}

static void what_dead_threads_leave_is_swept_when_the_table_is_full(struct kunit *test)
{
	unsigned long i;

	KUNIT_EXPECT_TRUE(test, adds_and_dies(test));
	for (i = 0; i < CALLS_MAX - 1; i++)
		if (!adds(SP + 16 * (i + 1), 3))
			break;
	KUNIT_EXPECT_EQ(test, i, CALLS_MAX - 1);
	swept = jiffies - 2 * HZ;
	KUNIT_EXPECT_TRUE(test, adds(SP, 4));
	KUNIT_EXPECT_EQ(test, taken(SP), 4);
	/* Full of calls whose thread lives. */
	KUNIT_EXPECT_TRUE(test, adds(SP, 5));
	swept = jiffies - 2 * HZ;
	KUNIT_EXPECT_FALSE(test, adds(SP - 8, 6));
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), CALLS_MAX);
	st_tls_open_clear();
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), 0);
}

static struct kunit_case tls_open_cases[] = {
	KUNIT_CASE(a_call_is_taken_once_by_its_stack_pointer),
	KUNIT_CASE(a_new_call_at_the_same_place_replaces_what_is_left),
	KUNIT_CASE(what_is_left_is_dropped_if_the_next_call_is_missed),
	KUNIT_CASE(a_socket_call_is_inside_the_innermost_call),
	KUNIT_CASE(another_program_has_no_part_in_it),
	KUNIT_CASE(a_call_that_began_in_another_thread_is_found),
	KUNIT_CASE(a_call_of_ones_own_goes_before_that_of_another),
	KUNIT_CASE(a_call_cannot_be_taken_while_something_is_noted_in_it),
	KUNIT_CASE(what_dead_threads_leave_stays_as_long_as_their_process),
	KUNIT_CASE(many_calls_that_never_returned_are_no_burden),
	KUNIT_CASE(what_dead_threads_leave_is_swept_when_the_table_is_full),
	{}
};

static struct kunit_suite tls_open_suite = {
	.name = "sendtrace_tls_open",
	.init = tls_open_test_init,
	.exit = tls_open_test_exit,
	.test_cases = tls_open_cases,
};

kunit_test_suites(&tls_open_suite);
