// SPDX-License-Identifier: GPL-2.0
/* Receives: places in a stream, calls that failed, and what only io_uring's are. */
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>
#include <net/sock.h>

#include "fixture.h"
#include "receive.h"
#include "session_fixture.h"
#include "socket_fixture.h"
#include "source.h"

#define RING (16 * PAGE_SIZE)
#define ROOM 100

/* A receive from @sock into the process's memory. */
struct fixture {
	struct st_session *session;
	struct socket *sock;
	struct st_addr name;
	struct iovec iov;
	struct msghdr msg;
	struct st_call call;
	struct pt_regs before;
};

#define HOOK(begins_)                                                            \
	{                                                                        \
		.calls = SENDTRACE_CALLS_ALL, .size = sizeof(struct st_receive), \
		.returns_int = true, .begin = begins_, .end = st_receive_ends,   \
	}

static const struct st_hook hook = HOOK(st_recv_begins);
static const struct st_hook family_hook = HOOK(st_proto_recv_begins);
static const struct st_hook unix_hook = HOOK(st_unix_recv_begins);
static const struct st_hook seqpacket_hook = HOOK(st_seqpacket_recv_begins);

static struct fixture *fixture_of(struct kunit *test, struct socket *sock)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->before = *task_pt_regs(current);
	f->session = st_test_session(test, RING, 0);
	st_test_choose(f->session, SENDTRACE_CALLS_ALL);
	f->sock = sock;
	sock->sk->sk_kern_sock = 0;
	st_test_use_user_memory(test);
	f->iov = (struct iovec){ st_test_payload(test, ROOM), ROOM };
	iov_iter_init(&f->msg.msg_iter, READ, &f->iov, 1, ROOM);
	return f;
}

/*
 * In system call @nr, on the debug kernel's x86, through a function whose first argument is @first;
 * the thread is in none afterwards. The suites let every thread use io_uring (syscall_test.c), which
 * makes all calls that seem to have returned, or have another socket's descriptor. So it has none.
 */
static const struct sendtrace_event *received_through(struct kunit *test,
						      struct fixture *f,
						      const struct st_hook *hook,
						      const void *first, int nr, long ret)
{
	struct pt_regs regs = { .di = (unsigned long)first,
				.si = (unsigned long)&f->msg };
	bool begins;

	st_test_enter(nr);
	task_pt_regs(current)->di = -1;
	begins = st_test_begin(&f->call, hook, &regs);
	preempt_disable();
	if (begins)
		st_receive_ends(&f->call, ret);
	preempt_enable();
	*task_pt_regs(current) = f->before;
	KUNIT_ASSERT_TRUE(test, begins);
	return st_test_record(test, f->session);
}

static const struct sendtrace_event *received(struct kunit *test, struct fixture *f,
					      int nr, long ret)
{
	return received_through(test, f, &hook, f->sock, nr, ret);
}

/* Both ends of a connection: the one that connected, and the one that accepted. */
static void connected(struct kunit *test, struct socket *end[2])
{
	struct st_addr at = st_test_loopback();
	struct socket *listener = st_test_listener(test, SOCK_STREAM, &at);

	end[0] = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	st_test_connect(test, end[0], &at);
	end[1] = st_test_accept(test, listener);
}

static void the_place_in_a_stream_is_behind_what_was_received(struct kunit *test)
{
	char bytes[10] = "";
	struct kvec vec = { bytes, sizeof(bytes) };
	struct msghdr msg = {};
	struct socket *end[2];
	struct fixture *f;

	connected(test, end);
	f = fixture_of(test, end[1]);
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(end[0], &msg, &vec, 1, 10), 10);
	KUNIT_EXPECT_EQ(test, received(test, f, __NR_recvfrom, 0)->position, 0);
	st_test_done(f->session);
	KUNIT_ASSERT_EQ(test, kernel_recvmsg(end[1], &msg, &vec, 1, 10, MSG_WAITALL), 10);
	KUNIT_EXPECT_EQ(test, received(test, f, __NR_recvfrom, 10)->position, 10);
}

/* Where a datagram goes that is being collected is nobody whom it received from. */
static void a_receive_that_failed_has_no_source_but_the_sockets_peer(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct msghdr msg = { .msg_flags = MSG_MORE };
	struct kvec vec = { "x", 1 };
	const struct sendtrace_event *event;

	st_test_listener(test, SOCK_DGRAM, &at);
	msg.msg_name = &at.any;
	msg.msg_namelen = at.len;
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &vec, 1, 1), 1);
	event = received(test, fixture_of(test, sock), __NR_recvfrom, -ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, event->ret, -ECONNREFUSED);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
}

static void no_asynchronous_read_is_of_the_call_that_is_made(struct kunit *test)
{
	static const int reads[] = { __NR_read, __NR_readv, __NR_preadv2 };
	static const u16 calls[] = { SENDTRACE_CALL_READ, SENDTRACE_CALL_READV,
				     SENDTRACE_CALL_PREADV2 };
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct fixture *f = fixture_of(test, sock);
	struct kiocb iocb = {};
	int i;

	f->msg.msg_iocb = &iocb;
	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		iocb.ki_complete = NULL;
		KUNIT_EXPECT_EQ(test, received(test, f, reads[i], 1)->call, calls[i]);
		st_test_done(f->session);
		iocb.ki_complete = (void *)1;
		KUNIT_EXPECT_EQ(test, received(test, f, reads[i], 1)->call,
				SENDTRACE_CALL_IO_URING_RECV);
		st_test_done(f->session);
	}
}

/* recvmsg() makes a copy of the name in any case. */
static void of_io_uring_it_is_not_known_who_asks_for_a_name(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct fixture *f = fixture_of(test, sock);
	const struct sendtrace_event *event;

	f->name = st_test_loopback();
	f->name.in.sin_port = htons(7);
	f->msg.msg_name = &f->name.any;
	f->msg.msg_namelen = f->name.len;
	event = received(test, f, __NR_io_uring_enter, 1);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_IO_URING_RECV);
	KUNIT_EXPECT_EQ(test, event->addr_len, 0);
	KUNIT_EXPECT_EQ(test, event->peer_len, f->name.len);
}

/* SCTP's, which this kernel lacks. */
static void a_one_to_many_socket_is_connected_to_nobody(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct st_peer peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	st_peer_of(sock, &peer);
	KUNIT_ASSERT_EQ(test, peer.remote.len, at.len);
	peer.type = SOCK_SEQPACKET;
	st_source_unknown(sock, &peer);
	KUNIT_EXPECT_EQ(test, peer.remote.len, 0);
}

/* Where sock_recvmsg() is inside its callers. */
static void a_familys_own_function_is_read_like_sock_recvmsg(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct fixture *f = fixture_of(test, sock);
	const struct sendtrace_event *event;

	event = received_through(test, f, &family_hook, sock, __NR_recvfrom, 5);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_RECVFROM);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, event->cap_len, 5);
	st_test_done(f->session);
	event = received_through(test, f, &unix_hook, sock->sk, __NR_recvfrom, 6);
	KUNIT_EXPECT_EQ(test, event->family, AF_UNIX);
	KUNIT_EXPECT_EQ(test, event->cap_len, 6);
}

static void of_seqpackets_only_what_is_not_connected_is_seen_there(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_SEQPACKET, 0);
	struct fixture *f = fixture_of(test, sock);
	struct pt_regs regs = { .di = (unsigned long)sock, .si = (unsigned long)&f->msg };
	const struct sendtrace_event *event;

	event = received_through(test, f, &seqpacket_hook, sock, __NR_recvfrom,
				 -ENOTCONN);
	KUNIT_EXPECT_EQ(test, event->ret, -ENOTCONN);
	KUNIT_EXPECT_EQ(test, event->sock_type, SOCK_SEQPACKET);
	st_test_done(f->session);
	sock->sk->sk_state = TCP_ESTABLISHED;
	KUNIT_EXPECT_FALSE(test, st_test_begin(&f->call, &seqpacket_hook, &regs));
	sock->sk->sk_state = TCP_CLOSE;
}

static struct kunit_case receive_more_cases[] = {
	KUNIT_CASE(of_seqpackets_only_what_is_not_connected_is_seen_there),
	KUNIT_CASE(a_familys_own_function_is_read_like_sock_recvmsg),
	KUNIT_CASE(the_place_in_a_stream_is_behind_what_was_received),
	KUNIT_CASE(a_receive_that_failed_has_no_source_but_the_sockets_peer),
	KUNIT_CASE(no_asynchronous_read_is_of_the_call_that_is_made),
	KUNIT_CASE(of_io_uring_it_is_not_known_who_asks_for_a_name),
	KUNIT_CASE(a_one_to_many_socket_is_connected_to_nobody),
	{}
};

static struct kunit_suite receive_more_suite = {
	.name = "sendtrace_receive_more",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = receive_more_cases,
};
kunit_test_suite(receive_more_suite);
