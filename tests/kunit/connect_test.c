// SPDX-License-Identifier: GPL-2.0
/* What an event of connect() shows where the address is in doubt, or the call failed. */
#include "../../kmod/connect.c"

#include <linux/ptrace.h>
#include <net/sock.h>

#include "fixture.h"
#include "lifecycle.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (16 * PAGE_SIZE)

/* A connect() that has begun. */
struct fixture {
	struct st_session *session;
	struct socket *sock;
	struct st_hook hook;
	struct st_connecting call;
	void __user *addr;
};

static struct pt_regs arguments(unsigned long first, unsigned long second,
				unsigned long third)
{
#ifdef CONFIG_X86_64
	return (struct pt_regs){ .di = first, .si = second, .dx = third };
#else
	return (struct pt_regs){ .regs = { first, second, third } };
#endif
}

static struct fixture *fixture_of(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->session = st_test_session(test, RING, 0);
	st_test_choose(f->session, SENDTRACE_CALLS_ALL);
	f->hook = (struct st_hook){
		.calls = SENDTRACE_CALL_BIT(SENDTRACE_CALL_CONNECT),
		.size = sizeof(f->call),
		.begin = st_connect_begins,
	};
	st_test_use_user_memory(test);
	f->addr = st_test_user_pages(test, PAGE_SIZE);
	return f;
}

static void write_address(struct kunit *test, struct fixture *f, const struct st_addr *to)
{
	KUNIT_ASSERT_EQ(test, copy_to_user(f->addr, &to->storage, sizeof(to->storage)),
			0);
}

static int descriptor(struct kunit *test, struct fixture *f, int family)
{
	int fd = st_test_family_descriptor(test, family, SOCK_STREAM, &f->sock);

	f->sock->sk->sk_kern_sock = 0;
	return fd;
}

static void begins(struct kunit *test, struct fixture *f, int fd, int len)
{
	struct pt_regs regs = arguments(fd, (unsigned long)f->addr, len);

	KUNIT_ASSERT_TRUE(test, st_test_begin((void *)&f->call, &f->hook, &regs));
}

static const struct sendtrace_event *ended(struct kunit *test, struct fixture *f, int ret)
{
	preempt_disable();
	st_connect_ends((void *)&f->call, ret);
	preempt_enable();
	return st_test_record(test, f->session);
}

static void expect_peer(struct kunit *test, const struct sendtrace_event *event,
			const struct st_addr *addr, u32 flags)
{
	const void *peer = (const void *)(event + 1) + st_padded(event->local_len);

	KUNIT_EXPECT_EQ(test, event->event_flags, flags);
	KUNIT_ASSERT_EQ(test, event->peer_len, addr->len);
	KUNIT_EXPECT_EQ(test, memcmp(peer, &addr->storage, addr->len), 0);
}

static void
of_an_address_that_is_replaced_the_socket_tells_the_real_one(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), any = st_test_loopback();
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_INET);

	st_test_listener(test, SOCK_STREAM, &at);
	any.in.sin_addr.s_addr = htonl(INADDR_ANY);
	any.in.sin_port = at.in.sin_port;
	write_address(test, f, &any);
	begins(test, f, fd, sizeof(any.in));
	expect_peer(test, ended(test, f, -ECONNREFUSED), &any,
		    SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_ASKED);
	st_test_done(f->session);
	begins(test, f, fd, sizeof(any.in));
	st_test_connect(test, f->sock, &at);
	expect_peer(test, ended(test, f, 0), &at, 0);
}

/* As a BPF program of the cgroup does. */
static void an_address_is_in_doubt_if_the_socket_went_elsewhere(struct kunit *test)
{
	const u32 doubt = SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_ASKED;
	struct st_addr at = st_test_loopback(), other = st_test_loopback();
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_INET);

	st_test_listener(test, SOCK_STREAM, &at);
	other.in.sin_port = htons(7);
	write_address(test, f, &other);
	begins(test, f, fd, sizeof(other.in));
	st_test_connect(test, f->sock, &at);
	expect_peer(test, ended(test, f, 0), &other, doubt);
	st_test_done(f->session);
	other.in.sin_port = at.in.sin_port;
	other.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	write_address(test, f, &other);
	begins(test, f, fd, sizeof(other.in));
	expect_peer(test, ended(test, f, -EINPROGRESS), &other, doubt);
	st_test_done(f->session);
	begins(test, f, fd, sizeof(other.in));
	expect_peer(test, ended(test, f, -EISCONN), &other,
		    SENDTRACE_EVENT_PEER_FROM_CALL);
}

static void of_ipv6_address_and_port_are_compared(struct kunit *test)
{
	struct st_addr at = st_test_loopback6(), to;
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_INET6);

	st_test_listener(test, SOCK_STREAM, &at);
	to = at;
	write_address(test, f, &to);
	begins(test, f, fd, sizeof(to.in6));
	st_test_connect(test, f->sock, &at);
	expect_peer(test, ended(test, f, 0), &to, SENDTRACE_EVENT_PEER_FROM_CALL);
	st_test_done(f->session);
	to.in6.sin6_addr.s6_addr[15] = 2;
	write_address(test, f, &to);
	begins(test, f, fd, sizeof(to.in6));
	expect_peer(test, ended(test, f, 0), &to,
		    SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_ASKED);
}

static void an_address_that_was_not_resident_is_read_at_the_return(struct kunit *test)
{
	const u32 late = SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_LATE;
	struct st_addr to = st_test_loopback();
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_INET);

	to.in.sin_port = htons(7);
	begins(test, f, fd, sizeof(to.in));
	write_address(test, f, &to);
	expect_peer(test, ended(test, f, -ECONNREFUSED), &to, late);
}

/* Then the socket tells it, which nobody can forge. */
static void what_was_not_resident_is_not_believed_if_the_socket_knows(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), forged = st_test_loopback();
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_INET);

	st_test_listener(test, SOCK_STREAM, &at);
	begins(test, f, fd, sizeof(at.in));
	forged.in.sin_port = htons(7);
	write_address(test, f, &forged);
	st_test_connect(test, f->sock, &at);
	expect_peer(test, ended(test, f, 0), &at, 0);
}

/* It is that of the peer that the socket has already. */
static void a_connect_that_failed_has_no_pid_of_a_peer(struct kunit *test)
{
	struct st_addr at = st_test_abstract("listens", 7),
		       to = st_test_abstract("no", 2);
	struct fixture *f = fixture_of(test);
	int fd = descriptor(test, f, AF_UNIX);

	st_test_listener(test, SOCK_STREAM, &at);
	write_address(test, f, &at);
	begins(test, f, fd, at.len);
	st_test_connect(test, f->sock, &at);
	KUNIT_EXPECT_EQ(test, ended(test, f, 0)->peer_pid, task_tgid_nr(current));
	st_test_done(f->session);
	write_address(test, f, &to);
	begins(test, f, fd, to.len);
	KUNIT_EXPECT_EQ(test, ended(test, f, -EISCONN)->peer_pid, 0);
	expect_peer(test, st_test_record(test, f->session), &to,
		    SENDTRACE_EVENT_PEER_FROM_CALL);
}

static struct kunit_case connect_cases[] = {
	KUNIT_CASE(of_an_address_that_is_replaced_the_socket_tells_the_real_one),
	KUNIT_CASE(an_address_is_in_doubt_if_the_socket_went_elsewhere),
	KUNIT_CASE(of_ipv6_address_and_port_are_compared),
	KUNIT_CASE(an_address_that_was_not_resident_is_read_at_the_return),
	KUNIT_CASE(what_was_not_resident_is_not_believed_if_the_socket_knows),
	KUNIT_CASE(a_connect_that_failed_has_no_pid_of_a_peer),
	{}
};

static struct kunit_suite connect_suite = {
	.name = "sendtrace_connect",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = connect_cases,
};
kunit_test_suite(connect_suite);
