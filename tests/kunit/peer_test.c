// SPDX-License-Identifier: GPL-2.0
/* AF_UNIX: both ends of its sockets. */
#include "../../kmod/peer.c"

#include <linux/vmalloc.h>

#include "fixture.h"
#include "socket_fixture.h"

static int peer_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct st_peer), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	memset(test->priv, 0xaa, sizeof(struct st_peer));
	return 0;
}

static const struct st_peer *peer_of(struct kunit *test, struct socket *sock)
{
	st_peer_of(sock, test->priv);
	return test->priv;
}

/* ---- AF_UNIX: connected ------------------------------------------------------------------ */

static void expect_stream(struct kunit *test, struct st_addr at)
{
	struct socket *listener = st_test_listener(test, SOCK_STREAM, &at);
	struct socket *client = st_test_socket(test, AF_UNIX, SOCK_STREAM, 0);
	const struct st_peer *peer = test->priv;

	st_test_connect(test, client, &at);
	st_peer_of(client, test->priv);
	st_test_expect_local(test, client, &peer->local);
	st_test_expect_remote(test, client, &peer->remote);
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
	st_peer_of(st_test_accept(test, listener), test->priv);
	KUNIT_EXPECT_EQ(test, peer->local.len, at.len);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

static void a_stream_to_a_path_has_it_as_its_remote_end(struct kunit *test)
{
	expect_stream(test, st_test_path("/tmp/sendtrace-kunit-stream"));
}

static void a_stream_to_an_abstract_name_has_it_as_its_remote_end(struct kunit *test)
{
	expect_stream(test, st_test_abstract("sendtrace\0kunit", 15));
}

static void the_longest_abstract_name_is_complete(struct kunit *test)
{
	char name[sizeof_field(struct sockaddr_un, sun_path) - 1];

	memset(name, 'l', sizeof(name));
	expect_stream(test, st_test_abstract(name, sizeof(name)));
}

static void the_longest_path_is_complete_except_for_the_added_nul(struct kunit *test)
{
	struct st_addr at = st_test_path("/tmp/");
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_STREAM, 0);
	const struct st_peer *peer;

	memset(at.un.sun_path + 5, 'l', sizeof(at.un.sun_path) - 5);
	at.len = sizeof(at.un);
	st_test_bind(test, sock, &at);
	peer = peer_of(test, sock);
	KUNIT_ASSERT_EQ(test, peer->local.len, sizeof(at.un));
	KUNIT_EXPECT_EQ(test, memcmp(&peer->local.un, &at.un, sizeof(at.un)), 0);
}

static void a_socketpair_has_no_names_but_a_process(struct kunit *test)
{
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_pair(test, SOCK_STREAM, pair);
	peer = peer_of(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->local.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.un.sun_family, AF_UNIX);
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

static void a_listening_unix_socket_has_neither_remote_end_nor_process(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-listener", 18);
	struct socket *listener = st_test_listener(test, SOCK_SEQPACKET, &at);
	const struct st_peer *peer = peer_of(test, listener);

	KUNIT_EXPECT_EQ(test, peer->local.len, at.len);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
}

/* ---- AF_UNIX: datagrams ------------------------------------------------------------------ */

static void a_datagram_socket_has_the_name_of_its_peer(struct kunit *test)
{
	struct st_addr at = st_test_path("/tmp/sendtrace-kunit-dgram");
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	const struct st_peer *peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	KUNIT_EXPECT_EQ(test, peer_of(test, sock)->remote.len, 0);
	st_test_connect(test, sock, &at);
	peer = peer_of(test, sock);
	st_test_expect_remote(test, sock, &peer->remote);
	KUNIT_EXPECT_EQ(test, peer->local.len, sizeof(sa_family_t));
}

static void a_reconnected_datagram_socket_has_the_new_name(struct kunit *test)
{
	struct st_addr one = st_test_abstract("sendtrace-1", 11);
	struct st_addr two = st_test_abstract("sendtrace-two", 13);
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct st_addr nowhere = { .len = sizeof(sa_family_t) };

	st_test_listener(test, SOCK_DGRAM, &one);
	st_test_listener(test, SOCK_DGRAM, &two);
	st_test_connect(test, sock, &one);
	KUNIT_EXPECT_EQ(test, peer_of(test, sock)->remote.len, one.len);
	st_test_connect(test, sock, &two);
	st_test_expect_remote(test, sock, &peer_of(test, sock)->remote);
	st_test_connect(test, sock, &nowhere);
	KUNIT_EXPECT_EQ(test, peer_of(test, sock)->remote.len, 0);
}

static void a_datagram_socketpair_has_no_names_but_a_process(struct kunit *test)
{
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = peer_of(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.un.sun_family, AF_UNIX);
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

/* The peer of a datagram socket can be freed at any time while it is read. */

static void a_peer_that_cannot_be_read_has_no_name(struct kunit *test)
{
	struct st_addr addr = {};

	KUNIT_EXPECT_EQ(test, read_name_of_dgram_peer(&addr, (struct sock *)8), 0);
}

static void an_unreadable_name_is_unknown(struct kunit *test)
{
	struct unix_sock *peer = kunit_kzalloc(test, sizeof(*peer), GFP_KERNEL);
	struct st_addr addr = {};

	KUNIT_ASSERT_NOT_NULL(test, peer);
	peer->addr = (struct unix_address *)8;
	KUNIT_EXPECT_EQ(test, read_name_of_dgram_peer(&addr, &peer->sk), 0);
}

/* Bytes of a name that ends at the end of mapped memory. */
static void a_partly_readable_name_is_unknown(struct kunit *test)
{
	struct unix_sock *peer = kunit_kzalloc(test, sizeof(*peer), GFP_KERNEL);
	struct st_addr addr = {};
	u8 *page = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, peer);
	KUNIT_ASSERT_NOT_NULL(test, page);
	peer->addr = (void *)(page + PAGE_SIZE - sizeof(struct unix_address));
	peer->addr->len = 16;
	KUNIT_EXPECT_EQ(test, read_name_of_dgram_peer(&addr, &peer->sk), 0);
	vfree(page);
}

static void an_invalid_length_of_a_name_does_no_harm(struct kunit *test)
{
	struct unix_sock *peer = kunit_kzalloc(test, sizeof(*peer), GFP_KERNEL);
	struct unix_address *name = kunit_kzalloc(test, 256, GFP_KERNEL);
	static const int lens[] = { INT_MIN, -1, 0, 2, 110, 111, 240, INT_MAX };
	static const int read[] = { 0, 0, 0, 2, 110, 110, 110, 110 };
	struct st_addr addr = {};
	int i;

	KUNIT_ASSERT_NOT_NULL(test, peer);
	KUNIT_ASSERT_NOT_NULL(test, name);
	peer->addr = name;
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		name->len = lens[i];
		KUNIT_EXPECT_EQ(test, read_name_of_dgram_peer(&addr, &peer->sk), read[i]);
	}
}

static struct kunit_case peer_cases[] = {
	KUNIT_CASE(a_stream_to_a_path_has_it_as_its_remote_end),
	KUNIT_CASE(a_stream_to_an_abstract_name_has_it_as_its_remote_end),
	KUNIT_CASE(the_longest_abstract_name_is_complete),
	KUNIT_CASE(the_longest_path_is_complete_except_for_the_added_nul),
	KUNIT_CASE(a_socketpair_has_no_names_but_a_process),
	KUNIT_CASE(a_listening_unix_socket_has_neither_remote_end_nor_process),
	KUNIT_CASE(a_datagram_socket_has_the_name_of_its_peer),
	KUNIT_CASE(a_reconnected_datagram_socket_has_the_new_name),
	KUNIT_CASE(a_datagram_socketpair_has_no_names_but_a_process),
	KUNIT_CASE(a_peer_that_cannot_be_read_has_no_name),
	KUNIT_CASE(an_unreadable_name_is_unknown),
	KUNIT_CASE(a_partly_readable_name_is_unknown),
	KUNIT_CASE(an_invalid_length_of_a_name_does_no_harm),
	{}
};

static struct kunit_suite peer_suite = {
	.name = "sendtrace_peer",
	.init = peer_test_init,
	.test_cases = peer_cases,
};
kunit_test_suite(peer_suite);
