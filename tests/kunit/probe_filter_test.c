// SPDX-License-Identifier: GPL-2.0
/* The filter in front of all calls, with the table of probe_test.c. */
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>

#include "event.h"
#include "fixture.h"
#include "probe.h"
#include "probe_fixture.h"
#include "source.h"
#include "session_fixture.h"
#include "socket_fixture.h"
#include "tls_open.h"

static int probe_filter_test_init(struct kunit *test)
{
	st_test_begun = 0;
	st_test_ended = 0;
	return 0;
}

static unsigned int own_called;

static int counts(struct kprobe *kp, struct pt_regs *regs)
{
	own_called++;
	return 0;
}

static bool is_asked(void)
{
	bool is;

	preempt_disable();
	is = st_event_is_asked();
	preempt_enable();
	return is;
}

/* What the kernel does at an entry is to take an instance. */
static void a_refused_call_takes_no_instance(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	kprobe_pre_handler_t own;

	st_test_choose(session, CALL_ONE);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	own = *st_test_own(ROW_CALLED);
	*st_test_own(ROW_CALLED) = counts;
	own_called = 0;
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, own_called, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
	st_test_choose(session, CALL_FALLBACK);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, own_called, 1);
	*st_test_own(ROW_CALLED) = own;
	st_probe_disarm(CALL_FALLBACK);
}

static void
a_call_that_does_not_concern_a_hook_is_neither_asked_nor_counted(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	kprobe_pre_handler_t own;

	st_test_choose(session, CALL_ONE);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_SOME), 0);
	st_test_call_hooked(2);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 0);
	st_test_call_hooked(1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
	st_test_choose(session, CALL_SOME);
	own = *st_test_own(ROW_SOME);
	*st_test_own(ROW_SOME) = counts;
	own_called = 0;
	st_test_call_hooked(2);
	KUNIT_EXPECT_EQ(test, own_called, 0);
	*st_test_own(ROW_SOME) = own;
	st_test_call_hooked(3);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, (int)st_test_ended_with, 3);
	st_probe_disarm(CALL_SOME);
}

/* No instance was free, so no entry handler ran. */
static void the_next_call_knows_nothing_of_a_call_that_was_missed(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	kprobe_pre_handler_t own;
	u64 missed;

	st_test_choose(session, CALL_FALLBACK);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	own = *st_test_own(ROW_CALLED);
	*st_test_own(ROW_CALLED) = counts;
	missed = st_probe_missed(ROW_CALLED);
	st_test_call_hooked(0);
	KUNIT_EXPECT_FALSE(test, is_asked());
	KUNIT_EXPECT_EQ(test, st_probe_missed(ROW_CALLED), missed + 1);
	*st_test_own(ROW_CALLED) = own;
	st_test_call_hooked(0);
	KUNIT_EXPECT_FALSE(test, is_asked());
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	st_probe_disarm(CALL_FALLBACK);
}

static void a_call_that_its_hook_refuses_is_not_missed(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	u64 missed = st_probe_missed(ROW_CALLED);

	st_test_choose(session, CALL_FALLBACK);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	st_test_refuses = true;
	st_test_call_hooked(0);
	st_test_refuses = false;
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_test_ended, 0);
	KUNIT_EXPECT_FALSE(test, is_asked());
	KUNIT_EXPECT_EQ(test, st_probe_missed(ROW_CALLED), missed);
	st_probe_disarm(CALL_FALLBACK);
}

static void all_of_several_sessions_are_asked(struct kunit *test)
{
	struct st_session *one = st_test_session(test, 16 * PAGE_SIZE, 0);
	struct st_session *other = st_test_session(test, 16 * PAGE_SIZE, 0);

	st_test_choose(one, CALL_ONE);
	st_test_choose(other, CALL_FALLBACK | CALL_ONCE);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONCE), 0);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 2);
	KUNIT_EXPECT_EQ(test, st_test_ended, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->filtered, 2);
	st_probe_disarm(CALL_ONCE);
	st_probe_disarm(CALL_FALLBACK);
}

static void another_probe_on_the_function_sees_its_calls_too(struct kunit *test)
{
	struct kprobe other = { .symbol_name = "st_test_called", .pre_handler = counts };
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);

	st_test_choose(session, CALL_FALLBACK);
	own_called = 0;
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	KUNIT_ASSERT_EQ(test, register_kprobe(&other), 0);
	st_test_call_hooked(0);
	st_test_choose(session, CALL_ONE);
	st_test_call_hooked(0);
	unregister_kprobe(&other);
	st_test_choose(session, CALL_FALLBACK);
	st_test_call_hooked(0);
	st_probe_disarm(CALL_FALLBACK);
	KUNIT_EXPECT_EQ(test, own_called, 2);
	KUNIT_EXPECT_EQ(test, st_test_begun, 2);
	KUNIT_EXPECT_EQ(test, st_test_ended, 2);
}

static void a_hook_counts_its_calls_recorded_or_not(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	u64 before = st_probe_hits(ROW_CALLED);

	st_test_choose(session, CALL_ONE);
	st_test_call_hooked(0);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	KUNIT_EXPECT_TRUE(test, st_probe_is_armed(ROW_CALLED));
	st_test_call_hooked(0);
	st_test_choose(session, CALL_FALLBACK);
	st_test_call_hooked(0);
	st_probe_disarm(CALL_FALLBACK);
	KUNIT_EXPECT_FALSE(test, st_probe_is_armed(ROW_CALLED));
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_probe_hits(ROW_CALLED), before + 2);
	KUNIT_EXPECT_EQ(test, st_probe_hits(0), 0);
}

static void a_hook_without_a_return_sees_the_entry_only(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	u64 before = ktime_get_ns();

	st_test_choose(session, CALL_ONE);
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_ONCE), 0);
	KUNIT_EXPECT_TRUE(test, st_probe_is_armed(ROW_ONCE));
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 0);
	st_test_choose(session, CALL_ONCE);
	st_test_call_hooked(0);
	st_probe_disarm(CALL_ONCE);
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, 1);
	KUNIT_EXPECT_EQ(test, st_test_ended, 0);
	KUNIT_EXPECT_PTR_EQ(test, st_test_begun_once.hook, &st_hooks[ROW_ONCE]);
	KUNIT_EXPECT_EQ(test, st_test_begun_once.wanted, BIT(session->slot));
	KUNIT_EXPECT_GE(test, st_test_begun_once.enter_time, before);
	KUNIT_EXPECT_EQ(test, st_probe_missed(ROW_ONCE), 0);
	KUNIT_EXPECT_FALSE(test, is_asked());
}

/* A call of a TLS library that the thread is in, of a session whose socket may be known. */
static void opens(struct kunit *test, struct socket *known)
{
	struct st_tls_open *open = st_tls_open_new();

	KUNIT_ASSERT_NOT_NULL(test, open);
	open->sp = user_stack_pointer(task_pt_regs(current));
	open->candidates = 0;
	open->is_known = known;
	if (known) {
		open->call.fd = (int)task_pt_regs(current)->di;
		open->call.peer = st_test_peer_of(known);
	}
	st_tls_process_read(&open->process);
	st_tls_open_add(open);
}

/* How many calls of a hook were followed, and how many filtered. */
static void expect_calls(struct kunit *test, struct st_session *session,
			 unsigned int followed, u64 filtered)
{
	st_test_call_hooked(0);
	KUNIT_EXPECT_EQ(test, st_test_begun, followed);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, filtered);
	KUNIT_EXPECT_FALSE(test, is_asked());
}

static void
a_call_that_may_tell_a_connection_is_followed_unless_it_is_known(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);
	struct st_session *other;
	struct socket *pair[2];

	st_test_pair(test, SOCK_STREAM, pair);
	pair[0]->sk->sk_kern_sock = 0;
	pair[1]->sk->sk_kern_sock = 0;
	KUNIT_ASSERT_EQ(test, st_tls_open_init(), 0);
	session->calls = CALL_ONE;
	session->asks = CALL_FALLBACK;
	st_test_hooked_socket = pair[0];
	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_FALLBACK), 0);
	expect_calls(test, session, 0, 1);
	opens(test, NULL);
	expect_calls(test, session, 1, 1);
	st_tls_open_clear();
	opens(test, pair[0]);
	expect_calls(test, session, 1, 2);
	st_test_hooked_socket = pair[1];
	expect_calls(test, session, 2, 2);
	/* Also if there are others, of which none records it; or one. */
	other = st_test_session(test, 16 * PAGE_SIZE, 0);
	st_test_choose(other, CALL_ONE);
	st_test_hooked_socket = pair[0];
	expect_calls(test, session, 2, 3);
	KUNIT_EXPECT_EQ(test, st_test_counted(other)->filtered, 1);
	st_test_choose(other, CALL_FALLBACK);
	expect_calls(test, session, 3, 3);
	st_probe_disarm(CALL_FALLBACK);
	st_tls_open_exit();
}

/* How often a hook that helps has done so in one call, after the thread began a receive or not. */
static unsigned int helped(bool begins, bool named)
{
	st_test_helped = 0;
	preempt_disable();
	if (begins)
		st_source_expect(current, named);
	else
		WRITE_ONCE(st_source_set_of(current)->receiver, 0);
	st_test_call_hooked(0);
	preempt_enable();
	return st_test_helped;
}

static void
a_hook_that_helps_asks_the_sessions_only_if_no_receive_tells(struct kunit *test)
{
	struct st_session *session = st_test_session(test, 16 * PAGE_SIZE, 0);

	KUNIT_ASSERT_EQ(test, st_probe_arm(CALL_HELPED), 0);
	st_test_choose(session, CALL_ONE);
	KUNIT_EXPECT_EQ(test, helped(true, false), 1);
	KUNIT_EXPECT_EQ(test, helped(true, true), 0);
	KUNIT_EXPECT_EQ(test, helped(false, false), 0);
	st_test_choose(session, CALL_HELPED);
	KUNIT_EXPECT_EQ(test, helped(false, false), 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	st_probe_disarm(CALL_HELPED);
}

static struct kunit_case probe_filter_cases[] = {
	KUNIT_CASE(a_refused_call_takes_no_instance),
	KUNIT_CASE(a_call_that_does_not_concern_a_hook_is_neither_asked_nor_counted),
	KUNIT_CASE(the_next_call_knows_nothing_of_a_call_that_was_missed),
	KUNIT_CASE(a_call_that_its_hook_refuses_is_not_missed),
	KUNIT_CASE(all_of_several_sessions_are_asked),
	KUNIT_CASE(another_probe_on_the_function_sees_its_calls_too),
	KUNIT_CASE(a_hook_counts_its_calls_recorded_or_not),
	KUNIT_CASE(a_hook_without_a_return_sees_the_entry_only),
	KUNIT_CASE(a_call_that_may_tell_a_connection_is_followed_unless_it_is_known),
	KUNIT_CASE(a_hook_that_helps_asks_the_sessions_only_if_no_receive_tells),
	{}
};

static void probe_filter_suite_exit(struct kunit_suite *suite)
{
	st_probe_exit();
}

static struct kunit_suite probe_filter_suite = {
	.name = "sendtrace_probe_filter",
	.suite_exit = probe_filter_suite_exit,
	.init = probe_filter_test_init,
	.test_cases = probe_filter_cases,
};
kunit_test_suite(probe_filter_suite);
