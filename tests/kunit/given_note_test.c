// SPDX-License-Identifier: GPL-2.0
/* The address that a message has, already in the kernel's memory. */
#include <net/sock.h>

#include "fixture.h"
#include "given.h"
#include "socket_fixture.h"

#define FROM_CALL SENDTRACE_EVENT_PEER_FROM_CALL
#define ASKED	  SENDTRACE_EVENT_PEER_ASKED

static struct st_addr to_port(u16 port)
{
	struct st_addr addr = st_test_loopback();

	addr.in.sin_port = htons(port);
	return addr;
}

/* Connected to a port where nobody listens. */
static struct socket *connected_udp(struct kunit *test)
{
	struct st_addr to = to_port(7009);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);

	st_test_connect(test, sock, &to);
	return sock;
}

static struct st_peer *noted(struct kunit *test, struct socket *sock,
			     const struct st_addr *to, int len)
{
	struct st_peer *peer = kunit_kzalloc(test, sizeof(*peer), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, peer);
	memset(peer, 0xaa, sizeof(*peer));
	st_peer_of(sock, peer);
	preempt_disable();
	st_given_note(sock, peer, &to->storage, len);
	preempt_enable();
	return peer;
}

static void expect_remote(struct kunit *test, const struct st_peer *peer,
			  const struct st_addr *want, u32 flags)
{
	KUNIT_EXPECT_EQ(test, peer->flags, flags);
	KUNIT_ASSERT_EQ(test, peer->remote.len, want->len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.any, &want->any, want->len), 0);
}

static void a_message_goes_to_its_own_address(struct kunit *test)
{
	struct st_addr to = to_port(7001);

	expect_remote(test, noted(test, connected_udp(test), &to, to.len), &to,
		      FROM_CALL);
}

static void a_connected_stream_ignores_the_address_of_a_message(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), to = to_port(7001);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	expect_remote(test, noted(test, sock, &to, to.len), &at, 0);
}

static void an_unconnected_stream_is_asked_to_go_there(struct kunit *test)
{
	struct st_addr to = to_port(7001);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);

	expect_remote(test, noted(test, sock, &to, to.len), &to, FROM_CALL | ASKED);
}

static void an_address_of_a_length_that_is_refused_is_unknown(struct kunit *test)
{
	static const int lengths[] = { -1,	0,
				       1,	sizeof(struct sockaddr_storage) + 1,
				       INT_MAX, INT_MIN };
	struct st_addr to = to_port(7001);
	const struct st_peer *peer;
	int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		peer = noted(test, connected_udp(test), &to, lengths[i]);
		KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
		KUNIT_EXPECT_EQ(test, peer->flags, 0);
	}
}

static void a_message_of_a_datagram_under_way_goes_where_that_goes(struct kunit *test)
{
	struct st_addr first = to_port(7001), to = to_port(7002), name = first;
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct msghdr msg = {
		.msg_name = &name.any,
		.msg_namelen = name.len,
		.msg_flags = MSG_MORE,
	};
	struct kvec head = { .iov_base = "head", .iov_len = 4 };

	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &head, 1, 4), 4);
	expect_remote(test, noted(test, sock, &to, to.len), &first, 0);
}

static void a_socket_that_is_not_set_up_goes_nowhere(struct kunit *test)
{
	struct st_addr to = to_port(7001);
	struct socket *sock = sock_alloc();

	KUNIT_ASSERT_NOT_NULL(test, sock);
	KUNIT_EXPECT_EQ(test, noted(test, sock, &to, to.len)->remote.len, 0);
	sock_release(sock);
}

static struct kunit_case given_note_cases[] = {
	KUNIT_CASE(a_message_goes_to_its_own_address),
	KUNIT_CASE(a_connected_stream_ignores_the_address_of_a_message),
	KUNIT_CASE(an_unconnected_stream_is_asked_to_go_there),
	KUNIT_CASE(an_address_of_a_length_that_is_refused_is_unknown),
	KUNIT_CASE(a_message_of_a_datagram_under_way_goes_where_that_goes),
	KUNIT_CASE(a_socket_that_is_not_set_up_goes_nowhere),
	{}
};

static struct kunit_suite given_note_suite = {
	.name = "sendtrace_given_note",
	.test_cases = given_note_cases,
};
kunit_test_suite(given_note_suite);
