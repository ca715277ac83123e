// SPDX-License-Identifier: GPL-2.0
/* accept(): the connection is described, or the listening socket if it failed. */
#include "../../kmod/lifecycle.c"

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (16 * PAGE_SIZE)

/* The upper half of the register of an int argument is undefined. */
#define GARBAGE 0xdeadbeef00000000UL

/* The entry of accept4(), as far as its instance reaches. */
static struct st_accepting *began(struct kunit *test, int fd, u32 flags)
{
	static const struct st_hook hook = {
		.calls = SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT),
		.size = sizeof(struct st_accepting),
		.begin = st_accept_begins,
	};
	struct st_accepting *call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);
	struct pt_regs *regs = kunit_kzalloc(test, sizeof(*regs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, call);
	KUNIT_ASSERT_NOT_NULL(test, regs);
#ifdef CONFIG_X86_64
	regs->di = GARBAGE | fd;
	regs->cx = GARBAGE | flags;
#else
	regs->regs[0] = GARBAGE | fd;
	regs->regs[3] = GARBAGE | flags;
#endif
	KUNIT_ASSERT_TRUE(test, st_test_begin((void *)call, &hook, regs));
	return call;
}

static void accepted(struct st_accepting *call, int ret)
{
	preempt_disable();
	st_accept_ends((void *)call, ret);
	preempt_enable();
}

static void an_accept_is_noted_with_its_arguments(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	u64 before = ktime_get_ns();
	struct st_accepting *call;
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	call = began(test, fd, SOCK_CLOEXEC);
	KUNIT_EXPECT_EQ(test, call->wanted, BIT(session->slot));
	KUNIT_EXPECT_EQ(test, call->fd, fd);
	KUNIT_EXPECT_EQ(test, call->flags, SOCK_CLOEXEC);
	KUNIT_EXPECT_EQ(test, call->len, 0);
	KUNIT_EXPECT_GE(test, call->enter_time, before);
}

static void an_accept_describes_the_new_socket(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct sendtrace_event *event;
	struct socket *listener, *new;
	int listening = st_test_descriptor(test, SOCK_STREAM, &listener);
	int fd = st_test_descriptor(test, SOCK_STREAM, &new);

	accepted(began(test, listening, 0), fd);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_ACCEPT);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_ACCEPT);
	KUNIT_EXPECT_EQ(test, event->fd, listening);
	KUNIT_EXPECT_EQ(test, event->ret, fd);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(new)->i_ino);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->pid, task_tgid_nr(current));
	KUNIT_EXPECT_EQ(test, memcmp(event->comm, current->comm, TASK_COMM_LEN), 0);
}

static void an_accept_that_failed_describes_the_listening_socket(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct sendtrace_event *event;
	struct socket *listener;
	int fd = st_test_descriptor(test, SOCK_STREAM, &listener);

	accepted(began(test, fd, 0), -EAGAIN);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->ret, -EAGAIN);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(listener)->i_ino);
}

static void the_listening_socket_is_the_one_at_the_entry(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	const struct sendtrace_event *event;
	struct socket *listener, *other;
	int fd = st_test_descriptor(test, SOCK_STREAM, &listener);
	struct st_accepting *call = began(test, fd, 0);

	/* Another thread has closed it, and got its number again. */
	call->fd = st_test_descriptor(test, SOCK_DGRAM, &other);
	accepted(call, -EBADF);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(listener)->i_ino);
	KUNIT_EXPECT_EQ(test, event->sock_type, SOCK_STREAM);
}

static struct kunit_case event_accept_cases[] = {
	KUNIT_CASE(an_accept_is_noted_with_its_arguments),
	KUNIT_CASE(an_accept_describes_the_new_socket),
	KUNIT_CASE(an_accept_that_failed_describes_the_listening_socket),
	KUNIT_CASE(the_listening_socket_is_the_one_at_the_entry),
	{}
};

static struct kunit_suite event_accept_suite = {
	.name = "sendtrace_event_accept",
	.test_cases = event_accept_cases,
};
kunit_test_suite(event_accept_suite);
