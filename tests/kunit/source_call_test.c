// SPDX-License-Identifier: GPL-2.0
/* Who sent what a call has received: what is known without a note, and who needs one. */
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>
#include <net/sock.h>

#include "asks.h"
#include "fixture.h"
#include "receive.h"
#include "session_fixture.h"
#include "socket_fixture.h"
#include "source.h"

#define RING (64 * PAGE_SIZE)

/* ---- Without a note -------------------------------------------------------------------- */

static void of_a_stream_it_is_the_peer(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), name = st_test_from_port(7);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	struct st_peer peer;

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	peer = st_test_peer_of(sock);
	st_test_set_source(sock, &peer, &name);
	st_test_expect_source(test, &peer, &at);
}

static void of_a_datagram_without_a_note_it_is_the_peer(struct kunit *test)
{
	struct st_addr at = st_test_loopback6();
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);
	struct st_peer peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	peer = st_test_peer_of(sock);
	st_test_set_source(sock, &peer, NULL);
	st_test_expect_source(test, &peer, &at);
}

/* st_peer_of() tells where it goes. */
static void a_datagram_that_is_being_collected_is_no_source(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct kvec vec = { "x", 1 };
	struct msghdr msg = { .msg_flags = MSG_MORE };
	struct st_peer peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	msg.msg_name = &at.any;
	msg.msg_namelen = at.len;
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &vec, 1, 1), 1);
	peer = st_test_peer_of(sock);
	KUNIT_ASSERT_NE(test, peer.remote.len, 0);
	st_source_unknown(sock, &peer);
	KUNIT_EXPECT_EQ(test, peer.remote.len, 0);
	KUNIT_EXPECT_EQ(test, peer.flags, 0);
}

static void who_writes_headers_is_not_who_is_doubted(struct kunit *test)
{
	struct st_addr name = st_test_from_port(0);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct st_peer peer = st_test_peer_of(sock);

	KUNIT_ASSERT_NE(test, peer.flags, 0);
	st_test_set_source(sock, &peer, &name);
	st_test_expect_source(test, &peer, &name);
}

static void a_link_local_source_says_whose_interface_it_is(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);
	struct st_addr name = st_test_loopback6();
	struct st_peer peer = st_test_peer_of(sock);

	name.in6.sin6_addr.s6_addr[0] = 0xfe;
	name.in6.sin6_addr.s6_addr[1] = 0x80;
	name.in6.sin6_scope_id = 1;
	st_test_set_source(sock, &peer, &name);
	KUNIT_EXPECT_EQ(test, peer.flags, SENDTRACE_EVENT_PEER_INIT_NET);
}

static void of_an_unix_datagram_it_is_the_name_or_the_peer(struct kunit *test)
{
	struct st_addr name = st_test_abstract("sender", 6);
	struct socket *pair[2];
	struct st_peer peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = st_test_peer_of(pair[0]);
	st_test_set_source(pair[0], &peer, NULL);
	KUNIT_EXPECT_EQ(test, peer.remote.len, offsetof(struct sockaddr_un, sun_path));
	KUNIT_EXPECT_EQ(test, peer.pid, task_tgid_nr(current));
	peer.unnamed = pair[1]->sk;
	st_test_set_source(pair[0], &peer, &name);
	st_test_expect_source(test, &peer, &name);
	KUNIT_EXPECT_EQ(test, peer.pid, 0);
	KUNIT_EXPECT_NULL(test, peer.unnamed);
}

/* ---- Who needs one ---------------------------------------------------------------------- */

/* What the probe on skb_consume_udp() asks first. */
static enum st_answer answer(void)
{
	enum st_answer answer;

	preempt_disable();
	answer = st_asks_receiver(st_source_set_of(current));
	preempt_enable();
	return answer;
}

static void expect(const void *owner, bool named)
{
	preempt_disable();
	st_source_expect(owner, named);
	preempt_enable();
}

/* Another thread of the same set. */
static const void *neighbour(void)
{
	unsigned long other = (unsigned long)current + 64;

	while (st_source_set_of((void *)other) != st_source_set_of(current))
		other += 64;
	return (void *)other;
}

static void who_has_begun_a_receive_is_known_until_another_begins_one(struct kunit *test)
{
	st_source_set_of(current)->receiver = 0;
	KUNIT_EXPECT_EQ(test, answer(), ST_UNSURE);
	expect(current, false);
	KUNIT_EXPECT_EQ(test, answer(), ST_WANTED);
	expect(neighbour(), false);
	KUNIT_EXPECT_EQ(test, answer(), ST_UNSURE);
}

static void of_who_asks_for_the_address_nothing_is_noted(struct kunit *test)
{
	expect(current, true);
	KUNIT_EXPECT_EQ(test, answer(), ST_REFUSED);
	expect(neighbour(), true);
	KUNIT_EXPECT_EQ(test, answer(), ST_UNSURE);
	expect(current, false);
	KUNIT_EXPECT_EQ(test, answer(), ST_WANTED);
}

#define HOOK(name_, begins_)                       \
	static const struct st_hook name_ = {      \
		.calls = SENDTRACE_CALLS_ALL,      \
		.size = sizeof(struct st_receive), \
		.begin = begins_,                  \
	}

HOOK(recv_hook, st_recv_begins);
HOOK(recvmmsg_hook, st_recvmmsg_begins);

struct fixture {
	struct iovec iov;
	struct msghdr msg;
	struct pt_regs regs;
	struct st_call call;
};

/* Of sock_recvmsg() and ____sys_recvmsg(), whose last argument says that it is not the first. */
static enum st_answer answer_after(struct kunit *test, struct fixture *f,
				   const struct st_hook *hook, struct socket *sock)
{
	st_source_set_of(current)->receiver = 0;
	iov_iter_init(&f->msg.msg_iter, READ, &f->iov, 1, f->iov.iov_len);
	f->regs.di = (unsigned long)sock;
	f->regs.si = (unsigned long)&f->msg;
	f->regs.r9 = hook == &recvmmsg_hook;
	KUNIT_EXPECT_TRUE(test, st_test_begin(&f->call, hook, &f->regs));
	return answer();
}

static struct socket *socket_of_process(struct kunit *test, int type, int *fd)
{
	struct socket *sock;

	*fd = st_test_descriptor(test, type, &sock);
	sock->sk->sk_kern_sock = 0;
	return sock;
}

/* recvmmsg() keeps the name among its own variables: it is gone when the function returns. */
static void a_note_is_needed_of_datagrams_whose_name_will_not_be_there(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	struct pt_regs *regs = task_pt_regs(current), before = *regs;
	struct st_session *session = st_test_session(test, RING, 0);
	struct socket *sock;
	int fd;

	KUNIT_ASSERT_NOT_NULL(test, f);
	st_test_choose(session, SENDTRACE_CALLS_ALL);
	f->iov = (struct iovec){ (void __user *)8, 100 };
	sock = socket_of_process(test, SOCK_DGRAM, &fd);
	regs->orig_ax = __NR_recvmsg;
	regs->di = fd;
	KUNIT_EXPECT_EQ(test, answer_after(test, f, &recv_hook, sock), ST_WANTED);
	f->msg.msg_name = (void *)8;
	KUNIT_EXPECT_EQ(test, answer_after(test, f, &recv_hook, sock), ST_REFUSED);
	KUNIT_EXPECT_EQ(test, answer_after(test, f, &recvmmsg_hook, sock), ST_WANTED);
	sock = socket_of_process(test, SOCK_STREAM, &fd);
	regs->di = fd;
	KUNIT_EXPECT_EQ(test, answer_after(test, f, &recv_hook, sock), ST_UNSURE);
	*regs = before;
}

static struct kunit_case source_call_cases[] = {
	KUNIT_CASE(of_a_stream_it_is_the_peer),
	KUNIT_CASE(of_a_datagram_without_a_note_it_is_the_peer),
	KUNIT_CASE(a_datagram_that_is_being_collected_is_no_source),
	KUNIT_CASE(who_writes_headers_is_not_who_is_doubted),
	KUNIT_CASE(a_link_local_source_says_whose_interface_it_is),
	KUNIT_CASE(of_an_unix_datagram_it_is_the_name_or_the_peer),
	KUNIT_CASE(who_has_begun_a_receive_is_known_until_another_begins_one),
	KUNIT_CASE(of_who_asks_for_the_address_nothing_is_noted),
	KUNIT_CASE(a_note_is_needed_of_datagrams_whose_name_will_not_be_there),
	{}
};

static struct kunit_suite source_call_suite = {
	.name = "sendtrace_source_call",
	.test_cases = source_call_cases,
};
kunit_test_suite(source_call_suite);
