// SPDX-License-Identifier: GPL-2.0
/* The entry of a call: what is noted, and for which calls. */
#include <linux/pid.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <net/sock.h>

#include "fixture.h"
#include "hook.h"
#include "sendto.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING	  PAGE_SIZE
#define ARGUMENTS 6

/* The upper half of the register of an int argument is undefined. */
#define GARBAGE 0xdeadbeef00000000UL

static void set_arguments(struct pt_regs *regs, const unsigned long value[ARGUMENTS])
{
#ifdef CONFIG_X86_64
	regs->di = value[0];
	regs->si = value[1];
	regs->dx = value[2];
	regs->cx = value[3];
	regs->r8 = value[4];
	regs->r9 = value[5];
#else
	memcpy(regs->regs, value, ARGUMENTS * sizeof(*value));
#endif
}

static const struct st_hook send_hook = {
	.calls = SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO),
	.size = sizeof(struct st_call),
	.begin = st_sendto_begins,
	.end = st_sendto_ends,
};

static bool begins(struct kunit *test, const struct st_hook *hook, struct st_call *call,
		   const unsigned long value[ARGUMENTS])
{
	struct pt_regs *regs = kunit_kzalloc(test, sizeof(*regs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, regs);
	set_arguments(regs, value);
	memset(call, 0xa5, sizeof(*call));
	return st_test_begin(call, hook, regs);
}

static void a_send_is_noted_with_its_arguments(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_DGRAM, &sock);
	const unsigned long value[ARGUMENTS] = { GARBAGE | fd, 0x1234,
						 0x123456789,  GARBAGE | MSG_NOSIGNAL,
						 0x5678,       GARBAGE | 0xfffffff0 };
	u64 before = ktime_get_ns();
	struct st_call call;

	KUNIT_EXPECT_TRUE(test, begins(test, &send_hook, &call, value));
	KUNIT_EXPECT_EQ(test, call.wanted, BIT(session->slot));
	KUNIT_EXPECT_PTR_EQ(test, call.hook, &send_hook);
	KUNIT_EXPECT_EQ(test, call.fd, fd);
	KUNIT_EXPECT_PTR_EQ(test, call.payload.buf, (const void __user *)0x1234);
	KUNIT_EXPECT_EQ(test, call.len, 0x123456789);
	KUNIT_EXPECT_EQ(test, call.flags, MSG_NOSIGNAL);
	KUNIT_EXPECT_PTR_EQ(test, call.addr, (const void __user *)0x5678);
	KUNIT_EXPECT_EQ(test, call.addr_len, -16);
	KUNIT_EXPECT_EQ(test, call.peer.inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_GE(test, call.enter_time, before);
	KUNIT_EXPECT_EQ(test, call.caller.pid, task_tgid_nr(current));
	KUNIT_EXPECT_STREQ(test, call.caller.comm.text, current->comm);
	KUNIT_EXPECT_STREQ(test, call.caller.process.text, current->group_leader->comm);
}

static void an_unwanted_call_is_not_noted(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const unsigned long value[ARGUMENTS] = {};
	struct st_call call;

	st_test_choose(session, SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT));
	KUNIT_EXPECT_FALSE(test, begins(test, &send_hook, &call, value));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
}

/* What it sees belongs to a call that another hook counts. */
static void a_hook_that_helps_another_counts_nothing(struct kunit *test)
{
	struct st_hook helper = send_hook;
	struct st_session *session = st_test_session(test, RING, 0);

	helper.help = st_source_note;
	st_test_choose(session, SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT));
	preempt_disable();
	current->flags &= ~PF_KTHREAD;
	/* Another thread at the same address may have received. */
	st_source_set_of(current)->receiver = 0;
	KUNIT_EXPECT_FALSE(test, st_test_asks(&helper));
	st_test_choose(session, send_hook.calls);
	KUNIT_EXPECT_TRUE(test, st_test_asks(&helper));
	st_event_asked();
	current->flags |= PF_KTHREAD;
	preempt_enable();
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 0);
}

static void restore_name(struct kunit_resource *resource)
{
	memcpy(current->comm, resource->data, sizeof(current->comm));
}

/* Before 5.17 the kernel left the end of the old name behind a shorter new name. */
static void names_are_padded_even_with_bytes_behind_their_end(struct kunit *test)
{
	char *before = kunit_kzalloc(test, sizeof(current->comm), GFP_KERNEL);
	const unsigned long value[ARGUMENTS] = { GARBAGE | 0xffffffff };
	static const char padded[SENDTRACE_COMM_LEN] = "short";
	struct st_session *session;
	struct st_call call;

	session = st_test_session(test, RING, 0);
	KUNIT_ASSERT_NOT_NULL(test, before);
	memcpy(before, current->comm, sizeof(current->comm));
	st_test_at_end(test, restore_name, before);
	memcpy(current->comm, "short\0left over", sizeof(current->comm));
	KUNIT_EXPECT_TRUE(test, begins(test, &send_hook, &call, value));
	KUNIT_EXPECT_EQ(test, memcmp(&call.caller.comm, padded, sizeof(padded)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&call.caller.process, padded, sizeof(padded)), 0);
	preempt_disable();
	st_sendto_ends(&call, -EBADF);
	preempt_enable();
	KUNIT_EXPECT_EQ(
		test,
		memcmp(((const struct sendtrace_event *)st_test_record(test, session))
			       ->comm,
		       padded, sizeof(padded)),
		0);
}

/* A session that stops loses its pointer before its bit. */
static void a_session_that_has_just_stopped_is_skipped(struct kunit *test)
{
	const unsigned long value[ARGUMENTS] = { GARBAGE | 0xffffffff };
	unsigned long running = st_running_mask;
	struct st_session *session;
	struct st_call call;

	st_running_mask |= BIT(0) | BIT(1);
	st_running_slots |= BIT(0) | BIT(1);
	session = st_test_session(test, RING, 0); /* gets the third bit */
	KUNIT_EXPECT_TRUE(test, begins(test, &send_hook, &call, value));
	KUNIT_EXPECT_EQ(test, call.wanted, BIT(session->slot));
	st_running_mask = running | BIT(session->slot);
	st_running_slots = st_running_mask;
}

/* ---- The tracer ------------------------------------------------------------------------ */

/* When the tracer has ended, and a child of its keeps the session open. */
static void another_process_that_has_the_tracers_number_is_wanted(struct kunit *test)
{
	const unsigned long value[ARGUMENTS] = { GARBAGE | 0xffffffff };
	struct st_session *session = st_test_session(test, RING, 0);
	struct pid *ended =
		kunit_kzalloc(test, sizeof(*ended) + sizeof(struct upid), GFP_KERNEL);
	struct st_call call;

	KUNIT_ASSERT_NOT_NULL(test, ended);
	refcount_set(&ended->count, 2);
	ended->numbers[0].nr = task_tgid_nr(current);
	st_test_set_tracer(session, ended);
	KUNIT_EXPECT_TRUE(test, begins(test, &send_hook, &call, value));
	KUNIT_EXPECT_EQ(test, pid_nr(session->tracer), call.caller.pid);
	st_test_set_tracer(session, task_tgid(current));
	KUNIT_EXPECT_FALSE(test, begins(test, &send_hook, &call, value));
}

static unsigned int references(void)
{
	return refcount_read(&task_tgid(current)->count);
}

static void a_session_holds_its_tracer_while_it_runs(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	unsigned int before = references();
	unsigned long running;

	st_test_stop(session);
	mutex_lock(&session->lock);
	KUNIT_EXPECT_EQ(test, st_session_prepare(session), 0);
	st_session_start(session);
	KUNIT_EXPECT_PTR_EQ(test, session->tracer, task_tgid(current));
	KUNIT_EXPECT_EQ(test, references(), before + 1);
	st_session_stop(session);
	KUNIT_EXPECT_NULL(test, session->tracer);
	KUNIT_EXPECT_EQ(test, references(), before);
	running = st_running_slots;
	st_running_slots = ~0UL;
	KUNIT_EXPECT_EQ(test, st_session_prepare(session), -EUSERS);
	st_running_slots = running;
	KUNIT_EXPECT_EQ(test, references(), before);
	mutex_unlock(&session->lock);
}

static struct kunit_case entry_cases[] = {
	KUNIT_CASE(a_send_is_noted_with_its_arguments),
	KUNIT_CASE(an_unwanted_call_is_not_noted),
	KUNIT_CASE(a_hook_that_helps_another_counts_nothing),
	KUNIT_CASE(names_are_padded_even_with_bytes_behind_their_end),
	KUNIT_CASE(a_session_that_has_just_stopped_is_skipped),
	KUNIT_CASE(another_process_that_has_the_tracers_number_is_wanted),
	KUNIT_CASE(a_session_holds_its_tracer_while_it_runs),
	{}
};

static struct kunit_suite entry_suite = {
	.name = "sendtrace_event_entry",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = entry_cases,
};
kunit_test_suite(entry_suite);
