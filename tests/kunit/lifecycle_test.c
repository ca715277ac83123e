// SPDX-License-Identifier: GPL-2.0
/* connect(), shutdown() and close(): what is noted at the entry, and what the event shows. */
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>
#include <net/af_unix.h>
#include <net/sock.h>

#include "fixture.h"
#include "lifecycle.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (16 * PAGE_SIZE)

/* The upper half of the register of an int argument is undefined. */
#define GARBAGE 0xdeadbeef00000000UL

static struct st_hook hook_of(int call, size_t size,
			      bool (*begin)(struct st_call *call, struct pt_regs *regs))
{
	return (struct st_hook){
		.calls = SENDTRACE_CALL_BIT(call),
		.size = size,
		.begin = begin,
	};
}

static struct pt_regs *arguments(struct kunit *test, unsigned long first,
				 unsigned long second, unsigned long third)
{
	struct pt_regs *regs = kunit_kzalloc(test, sizeof(*regs), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, regs);
#ifdef CONFIG_X86_64
	regs->di = first;
	regs->si = second;
	regs->dx = third;
#else
	regs->regs[0] = first;
	regs->regs[1] = second;
	regs->regs[2] = third;
#endif
	return regs;
}

static struct st_session *session_for_all(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_choose(session, SENDTRACE_CALLS_ALL);
	return session;
}

/* A descriptor of a socket that is a user's. */
static int descriptor(struct kunit *test, int type, struct socket **sock)
{
	int fd = st_test_descriptor(test, type, sock);

	(*sock)->sk->sk_kern_sock = 0;
	return fd;
}

static void __user *given(struct kunit *test, const struct st_addr *addr)
{
	void __user *at = st_test_user_pages(test, sizeof(addr->storage));

	KUNIT_ASSERT_EQ(test, copy_to_user(at, &addr->storage, sizeof(addr->storage)), 0);
	return at;
}

/* ---- connect() ----------------------------------------------------------------------- */

static struct st_hook connect_hook;

static bool connects(struct kunit *test, struct st_connecting *call, int fd,
		     const void __user *addr, int len)
{
	connect_hook = hook_of(SENDTRACE_CALL_CONNECT, sizeof(*call), st_connect_begins);
	return st_test_begin((void *)call, &connect_hook,
			     arguments(test, GARBAGE | fd, (unsigned long)addr,
				       GARBAGE | (u32)len));
}

static void connected(struct st_connecting *call, int ret)
{
	preempt_disable();
	st_connect_ends((void *)call, ret);
	preempt_enable();
}

static void a_connect_shows_where_to_and_both_ends(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	struct st_addr to = st_test_loopback();
	const struct sendtrace_event *event;
	struct st_connecting call;
	struct socket *sock;
	void __user *addr;
	int fd;

	st_test_use_user_memory(test);
	fd = descriptor(test, SOCK_DGRAM, &sock);
	to.in.sin_port = htons(7);
	addr = given(test, &to);
	KUNIT_ASSERT_TRUE(test, connects(test, &call, fd, addr, sizeof(to.in)));
	KUNIT_EXPECT_EQ(test, call.fd, fd);
	st_test_connect(test, sock, &to);
	connected(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_CONNECT);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_CONNECT);
	KUNIT_EXPECT_EQ(test, event->fd, fd);
	KUNIT_EXPECT_EQ(test, event->ret, 0);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, event->addr_len, sizeof(to.in));
	KUNIT_EXPECT_EQ(test, event->event_flags, SENDTRACE_EVENT_PEER_FROM_CALL);
	KUNIT_EXPECT_EQ(test, event->local_len, sizeof(to.in));
	KUNIT_ASSERT_EQ(test, event->peer_len, sizeof(to.in));
	KUNIT_EXPECT_EQ(test, ((const struct sockaddr_in *)(event + 1))->sin_addr.s_addr,
			htonl(INADDR_LOOPBACK));
	KUNIT_EXPECT_EQ(test, memcmp((void *)(event + 1) + sizeof(to.in), &to.in, 8), 0);
}

static void what_is_no_socket_of_a_user_is_not_connected(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	struct st_connecting call;
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_DGRAM, &sock);

	KUNIT_EXPECT_FALSE(test, connects(test, &call, fd, NULL, 16)); /* the kernel's */
	KUNIT_EXPECT_FALSE(test, connects(test, &call, -1, NULL, 16));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 2);
}

static void an_address_that_is_unreadable_stays_unknown(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct sendtrace_event *event;
	struct st_connecting call;
	struct socket *sock;
	int fd = descriptor(test, SOCK_STREAM, &sock);

	KUNIT_ASSERT_TRUE(test, connects(test, &call, fd, (void __user *)16, 16));
	connected(&call, -EFAULT);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->ret, -EFAULT);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
	KUNIT_EXPECT_EQ(test, event->event_flags, 0);
}

static void the_socket_is_the_one_at_the_entry(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct sendtrace_event *event;
	struct socket *sock, *other;
	struct st_connecting call;
	struct st_addr at = st_test_loopback();
	int fd = descriptor(test, SOCK_STREAM, &sock);

	st_test_bind(test, sock, &at);
	KUNIT_ASSERT_TRUE(test, connects(test, &call, fd, NULL, 4000));
	/* Another thread has closed it, and got its number again. */
	call.fd = st_test_descriptor(test, SOCK_DGRAM, &other);
	connected(&call, -EINVAL);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, event->sock_type, SOCK_STREAM);
	KUNIT_EXPECT_EQ(test, event->local_len, sizeof(at.in));
}

/* io_uring calls the function itself, from an address that is no system call's. */
static bool connects_file(struct kunit *test, struct st_connecting *call,
			  struct socket *sock, const void *addr, int len)
{
	unsigned long nobody = 0;
	struct pt_regs *regs = arguments(test, (unsigned long)sock->file,
					 (unsigned long)addr, GARBAGE | (u32)len);

#ifdef CONFIG_X86_64
	regs->sp = (unsigned long)&nobody;
#endif
	connect_hook = hook_of(SENDTRACE_CALL_IO_URING_CONNECT, sizeof(*call),
			       st_connect_async_begins);
	return st_test_begin((void *)call, &connect_hook, regs);
}

static void a_connect_of_io_uring_shows_where_to_and_no_descriptor(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	struct st_addr to = st_test_loopback();
	const struct sendtrace_event *event;
	struct st_connecting call;
	struct socket *sock;

	descriptor(test, SOCK_STREAM, &sock);
	KUNIT_EXPECT_TRUE(test, connects_file(test, &call, sock, &to.in, sizeof(to.in)));
	preempt_disable();
	st_connect_async_ends((void *)&call, -EAGAIN);
	preempt_enable();
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_TRUE(test, connects_file(test, &call, sock, &to.in, sizeof(to.in)));
	preempt_disable();
	st_connect_async_ends((void *)&call, -EINPROGRESS);
	preempt_enable();
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_IO_URING_CONNECT);
	KUNIT_EXPECT_EQ(test, event->fd, -1);
	KUNIT_EXPECT_EQ(test, event->ret, -EINPROGRESS);
	KUNIT_EXPECT_EQ(test, event->peer_len, sizeof(to.in));
	st_test_done(session);
	/* A length that the kernel refuses. */
	KUNIT_EXPECT_TRUE(test, connects_file(test, &call, sock, &to.in, 1));
	preempt_disable();
	st_connect_async_ends((void *)&call, -EINVAL);
	preempt_enable();
	KUNIT_EXPECT_EQ(
		test,
		((const struct sendtrace_event *)st_test_record(test, session))->peer_len,
		0);
}

/* ---- accept and shutdown of io_uring ------------------------------------------------------ */

/* A function that io_uring calls: @first is its first argument, @second its second or fifth. */
static bool begins_async(struct kunit *test, struct st_call *call,
			 const struct st_hook *hook, const void *first,
			 unsigned long second)
{
	struct pt_regs *regs = arguments(test, (unsigned long)first, second, 0);
	unsigned long nobody = 0;

#ifdef CONFIG_X86_64
	regs->r8 = second;
	regs->sp = (unsigned long)&nobody;
#else
	regs->regs[4] = second;
	regs->regs[30] = nobody;
#endif
	return st_test_begin(call, hook, regs);
}

static void accepted_async(struct st_call *call, long ret)
{
	preempt_disable();
	st_accept_async_ends(call, ret);
	preempt_enable();
}

static void an_accept_of_io_uring_describes_the_new_socket(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook hook = hook_of(SENDTRACE_CALL_IO_URING_ACCEPT,
					    sizeof(struct st_entry),
					    st_accept_async_begins);
	const struct sendtrace_event *event;
	struct socket *sock, *new;
	struct st_call call;

	descriptor(test, SOCK_STREAM, &sock);
	descriptor(test, SOCK_STREAM, &new);
	KUNIT_ASSERT_TRUE(test,
			  begins_async(test, &call, &hook, sock->file, SOCK_CLOEXEC));
	accepted_async(&call, -EAGAIN); /* it waits, and tries again */
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->blocked, 1);
	KUNIT_ASSERT_TRUE(test,
			  begins_async(test, &call, &hook, sock->file, SOCK_CLOEXEC));
	accepted_async(&call, (long)new->file);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_ACCEPT);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_IO_URING_ACCEPT);
	KUNIT_EXPECT_EQ(test, event->fd, -1);
	KUNIT_EXPECT_EQ(test, event->flags, SOCK_CLOEXEC);
	KUNIT_EXPECT_EQ(test, event->ret, 0);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(new)->i_ino);
	st_test_done(session);
	KUNIT_ASSERT_TRUE(test, begins_async(test, &call, &hook, sock->file, 0));
	accepted_async(&call, -EMFILE);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->ret, -EMFILE);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
}

/* Its own hook sees it. */
static void what_a_system_call_calls_is_not_of_io_uring(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook accepts = hook_of(SENDTRACE_CALL_IO_URING_ACCEPT,
					       sizeof(struct st_entry),
					       st_accept_async_begins);
	const struct st_hook shuts = hook_of(SENDTRACE_CALL_IO_URING_SHUTDOWN,
					     sizeof(struct st_call),
					     st_shutdown_async_begins);
	struct st_call call;
	struct socket *sock;

	descriptor(test, SOCK_STREAM, &sock);
	st_test_enter(__NR_accept4);
	KUNIT_EXPECT_FALSE(test, begins_async(test, &call, &accepts, sock->file, 0));
	st_test_enter(__NR_shutdown);
	KUNIT_EXPECT_FALSE(test, begins_async(test, &call, &shuts, sock, 0));
	st_test_enter(-1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
}

static void a_shutdown_of_io_uring_is_of_a_users_socket(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook hook = hook_of(SENDTRACE_CALL_IO_URING_SHUTDOWN,
					    sizeof(struct st_call),
					    st_shutdown_async_begins);
	const struct sendtrace_event *event;
	struct st_call call;
	struct socket *sock;

	descriptor(test, SOCK_STREAM, &sock);
	KUNIT_ASSERT_TRUE(test, begins_async(test, &call, &hook, sock, SHUT_RDWR));
	preempt_disable();
	st_shutdown_ends(&call, 0);
	preempt_enable();
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_IO_URING_SHUTDOWN);
	KUNIT_EXPECT_EQ(test, event->fd, -1);
	KUNIT_EXPECT_EQ(test, event->flags, SHUT_RDWR);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	sock->sk->sk_kern_sock = 1;
	KUNIT_EXPECT_FALSE(test, begins_async(test, &call, &hook, sock, SHUT_RDWR));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
}

/* ---- shutdown() and close() ------------------------------------------------------------- */

static void a_shutdown_says_which_direction(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook hook = hook_of(SENDTRACE_CALL_SHUTDOWN,
					    sizeof(struct st_call), st_shutdown_begins);
	const struct sendtrace_event *event;
	struct st_call call;
	struct socket *sock;
	int fd = descriptor(test, SOCK_STREAM, &sock);

	KUNIT_ASSERT_TRUE(
		test, st_test_begin(&call, &hook,
				    arguments(test, GARBAGE | fd, GARBAGE | SHUT_WR, 0)));
	preempt_disable();
	st_shutdown_ends(&call, -ENOTCONN);
	preempt_enable();
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_SHUTDOWN);
	KUNIT_EXPECT_EQ(test, event->fd, fd);
	KUNIT_EXPECT_EQ(test, event->flags, SHUT_WR);
	KUNIT_EXPECT_EQ(test, event->ret, -ENOTCONN);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
}

static void a_close_is_recorded_at_once(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook hook =
		hook_of(SENDTRACE_CALL_CLOSE, sizeof(struct st_entry), st_close_begins);
	const struct sendtrace_event *event;
	struct pt_regs *regs;
	struct st_call call;
	struct socket *sock;

	descriptor(test, SOCK_STREAM, &sock);
	regs = arguments(test, (unsigned long)SOCK_INODE(sock), 0, 0);
	KUNIT_EXPECT_FALSE(test, st_test_begin(&call, &hook, regs));
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_CLOSE);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_CLOSE);
	KUNIT_EXPECT_EQ(test, event->fd, -1);
	KUNIT_EXPECT_EQ(test, event->ret, 0);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	st_test_done(session);
	sock->sk->sk_kern_sock = 1;
	KUNIT_EXPECT_FALSE(test, st_test_begin(&call, &hook, regs));
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
}

/* As if another thread was about to connect it: its peer's name could be had only later. */
static void a_close_waits_for_no_name(struct kunit *test)
{
	struct st_session *session = session_for_all(test);
	const struct st_hook hook =
		hook_of(SENDTRACE_CALL_CLOSE, sizeof(struct st_entry), st_close_begins);
	struct pt_regs before = *task_pt_regs(current);
	struct pt_regs *regs;
	struct socket *pair[2];
	struct st_call call;

	st_test_pair(test, SOCK_DGRAM, pair);
	pair[0]->sk->sk_kern_sock = 0;
	regs = arguments(test, (unsigned long)SOCK_INODE(pair[0]), 0, 0);
	*task_pt_regs(current) = *arguments(test, 3, 0, 0);
	st_test_enter(__NR_close);
	unix_state_lock(pair[0]->sk);
	st_test_begin(&call, &hook, regs);
	unix_state_unlock(pair[0]->sk);
	*task_pt_regs(current) = before;
	KUNIT_EXPECT_FALSE(test, st_test_run_late());
	KUNIT_EXPECT_EQ(
		test, ((const struct sendtrace_event *)st_test_record(test, session))->fd,
		3);
}

static struct kunit_case lifecycle_cases[] = {
	KUNIT_CASE(a_connect_shows_where_to_and_both_ends),
	KUNIT_CASE(what_is_no_socket_of_a_user_is_not_connected),
	KUNIT_CASE(an_address_that_is_unreadable_stays_unknown),
	KUNIT_CASE(the_socket_is_the_one_at_the_entry),
	KUNIT_CASE(a_connect_of_io_uring_shows_where_to_and_no_descriptor),
	KUNIT_CASE(an_accept_of_io_uring_describes_the_new_socket),
	KUNIT_CASE(what_a_system_call_calls_is_not_of_io_uring),
	KUNIT_CASE(a_shutdown_of_io_uring_is_of_a_users_socket),
	KUNIT_CASE(a_shutdown_says_which_direction),
	KUNIT_CASE(a_close_is_recorded_at_once),
	KUNIT_CASE(a_close_waits_for_no_name),
	{}
};

static struct kunit_suite lifecycle_suite = {
	.name = "sendtrace_lifecycle",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = lifecycle_cases,
};
kunit_test_suite(lifecycle_suite);
