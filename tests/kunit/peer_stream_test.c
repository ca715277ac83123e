// SPDX-License-Identifier: GPL-2.0
/* What identifies a socket, and the place in the stream of a TCP connection. */
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/sock.h>

#include "fixture.h"
#include "socket_fixture.h"

static const struct st_peer *receiver(struct kunit *test, struct socket *sock)
{
	struct st_peer *peer = test->priv;

	st_peer_of(sock, peer);
	st_peer_note_received(sock, peer);
	return peer;
}

static void a_socket_has_the_number_that_so_cookie_tells(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *other = st_test_socket(test, AF_UNIX, SOCK_STREAM, 0);
	u64 cookie;

	KUNIT_EXPECT_EQ(test, atomic64_read(&sock->sk->sk_cookie), 0);
	cookie = st_test_describe(test, sock)->cookie;
	KUNIT_EXPECT_NE(test, cookie, 0);
	KUNIT_EXPECT_EQ(test, cookie, atomic64_read(&sock->sk->sk_cookie));
	KUNIT_EXPECT_EQ(test, cookie, st_test_describe(test, sock)->cookie);
	KUNIT_EXPECT_NE(test, cookie, st_test_describe(test, other)->cookie);
}

static void a_socket_has_its_network_namespace(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);

	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->netns, init_net.ns.inum);
}

static void only_tcp_has_a_place_in_its_stream(struct kunit *test)
{
	struct socket *pair[2];

	st_test_pair(test, SOCK_STREAM, pair);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->position, 0);
	KUNIT_EXPECT_EQ(test, receiver(test, pair[0])->position, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->write_seq, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->copied_seq, 0);
	pair[0] = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->position, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->write_seq, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[0])->copied_seq, 0);
}

static void sends(struct kunit *test, struct socket *sock, size_t len)
{
	static u8 bytes[4096];
	struct kvec vec = { .iov_base = bytes, .iov_len = len };
	struct msghdr msg = {};

	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &vec, 1, len), (int)len);
}

static void receives(struct kunit *test, struct socket *sock, size_t len)
{
	static u8 bytes[4096];
	struct kvec vec = { .iov_base = bytes, .iov_len = len };
	struct msghdr msg = {};

	KUNIT_ASSERT_EQ(test, kernel_recvmsg(sock, &msg, &vec, 1, len, MSG_WAITALL),
			(int)len);
}

/* Both ends of a connection: the one that connected, and the one that accepted. */
static void connected(struct kunit *test, int family, struct socket *end[2])
{
	struct st_addr at = family == AF_INET ? st_test_loopback() : st_test_loopback6();
	struct socket *listener = st_test_listener(test, SOCK_STREAM, &at);

	end[0] = st_test_socket(test, family, SOCK_STREAM, 0);
	st_test_connect(test, end[0], &at);
	end[1] = st_test_accept(test, listener);
}

static void expect_places(struct kunit *test, struct socket *from, struct socket *to)
{
	u32 seq = st_test_describe(test, from)->write_seq;

	KUNIT_EXPECT_EQ(test, seq, tcp_sk(from->sk)->write_seq);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, from)->position, 0);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->position, 0);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->copied_seq, seq);
	sends(test, from, 1000);
	sends(test, from, 7);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, from)->position, 1007);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, from)->write_seq, seq + 1007);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->position, 0);
	receives(test, to, 1001);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->position, 1001);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->copied_seq, seq + 1001);
	receives(test, to, 6);
	KUNIT_EXPECT_EQ(test, receiver(test, to)->position, 1007);
}

static void each_end_counts_the_bytes_that_it_sent_and_received(struct kunit *test)
{
	static const int families[] = { AF_INET, AF_INET6 };
	struct socket *end[2];
	int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		connected(test, families[i], end);
		expect_places(test, end[0], end[1]);
		expect_places(test, end[1], end[0]);
	}
}

static void a_socket_without_a_struct_sock_has_no_place(struct kunit *test)
{
	struct socket *sock = sock_alloc();

	KUNIT_ASSERT_NOT_NULL(test, sock);
	KUNIT_EXPECT_EQ(test, receiver(test, sock)->position, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->cookie, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->netns, 0);
	sock_release(sock);
}

static void
a_description_holds_for_its_socket_while_both_ends_are_known(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	struct st_peer *peer = test->priv;

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	st_peer_of(sock, peer);
	KUNIT_EXPECT_TRUE(test, st_peer_is_stream(peer, sock));
	peer->local.len = 0;
	KUNIT_EXPECT_FALSE(test, st_peer_is_stream(peer, sock));
	st_peer_of(sock, peer);
	peer->remote.len = 0;
	KUNIT_EXPECT_FALSE(test, st_peer_is_stream(peer, sock));
	st_peer_of(sock, peer);
	peer->family = AF_INET6;
	KUNIT_EXPECT_FALSE(test, st_peer_is_stream(peer, sock));
}

static struct kunit_case peer_stream_cases[] = {
	KUNIT_CASE(a_socket_has_the_number_that_so_cookie_tells),
	KUNIT_CASE(a_socket_has_its_network_namespace),
	KUNIT_CASE(only_tcp_has_a_place_in_its_stream),
	KUNIT_CASE(each_end_counts_the_bytes_that_it_sent_and_received),
	KUNIT_CASE(a_socket_without_a_struct_sock_has_no_place),
	KUNIT_CASE(a_description_holds_for_its_socket_while_both_ends_are_known),
	{}
};

static struct kunit_suite peer_stream_suite = {
	.name = "sendtrace_peer_stream",
	.init = st_test_peer_init,
	.test_cases = peer_stream_cases,
};
kunit_test_suite(peer_stream_suite);
