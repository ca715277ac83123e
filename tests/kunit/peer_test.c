// SPDX-License-Identifier: GPL-2.0
/* AF_UNIX: both ends of its sockets. */
#include "../../kmod/peer.c"
#include "../../kmod/peer_unix.c"

#include <linux/kthread.h>
#include <net/net_namespace.h>

#include "fixture.h"
#include "socket_fixture.h"

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
	peer = st_test_describe(test, sock);
	KUNIT_ASSERT_EQ(test, peer->local.len, sizeof(at.un));
	KUNIT_EXPECT_EQ(test, memcmp(&peer->local.un, &at.un, sizeof(at.un)), 0);
}

static void a_socketpair_has_no_names_but_a_process(struct kunit *test)
{
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_pair(test, SOCK_STREAM, pair);
	peer = st_test_describe(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->local.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.un.sun_family, AF_UNIX);
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

static void a_listening_unix_socket_has_neither_remote_end_nor_process(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-listener", 18);
	struct socket *listener = st_test_listener(test, SOCK_SEQPACKET, &at);
	const struct st_peer *peer = st_test_describe(test, listener);

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
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->remote.len, 0);
	st_test_connect(test, sock, &at);
	peer = st_test_describe(test, sock);
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
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->remote.len, one.len);
	st_test_connect(test, sock, &two);
	st_test_expect_remote(test, sock, &st_test_describe(test, sock)->remote);
	st_test_connect(test, sock, &nowhere);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->remote.len, 0);
}

static void a_datagram_socketpair_has_no_names_but_a_process(struct kunit *test)
{
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = st_test_describe(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->remote.un.sun_family, AF_UNIX);
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

static void a_reconnected_end_of_a_socketpair_has_no_process(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-other", 15);
	struct st_addr nowhere = { .len = sizeof(sa_family_t) };
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_pair(test, SOCK_DGRAM, pair);
	st_test_connect(test, pair[0], &at);
	peer = st_test_describe(test, pair[0]);
	st_test_expect_remote(test, pair[0], &peer->remote);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
	st_test_connect(test, pair[1], &nowhere);
	peer = st_test_describe(test, pair[1]);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
}

/* It cannot be told from a socket that was found by that name, and connected to later. */
static void an_end_of_a_socketpair_with_a_name_has_no_process(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-end", 13);
	struct socket *pair[2];
	const struct st_peer *peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	st_test_bind(test, pair[1], &at);
	peer = st_test_describe(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->remote.len, at.len);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, pair[1])->pid,
			task_tgid_nr(current));
}

/* As if another thread was about to connect the socket to another one. */
static struct st_peer *peer_of_locked(struct kunit *test, struct socket *sock)
{
	unix_state_lock(sock->sk);
	st_peer_of(sock, test->priv);
	unix_state_unlock(sock->sk);
	return test->priv;
}

static void a_peer_that_may_be_replaced_just_now_is_named_later(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-locked", 16);
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct socket *listener = st_test_listener(test, SOCK_DGRAM, &at);
	struct st_peer *peer;

	st_test_connect(test, sock, &at);
	KUNIT_EXPECT_NULL(test, st_test_describe(test, sock)->unnamed);
	peer = peer_of_locked(test, sock);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	KUNIT_EXPECT_PTR_EQ(test, peer->unnamed, (const struct sock *)listener->sk);
	st_peer_name_late(sock, peer);
	st_test_expect_remote(test, sock, &peer->remote);
}

static void an_end_of_a_socketpair_has_its_process_later(struct kunit *test)
{
	struct socket *pair[2];
	struct st_peer *peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = peer_of_locked(test, pair[0]);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
	st_peer_name_late(pair[0], peer);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
}

static void a_peer_that_was_replaced_meanwhile_is_unknown(struct kunit *test)
{
	struct st_addr one = st_test_abstract("sendtrace-one", 13);
	struct st_addr two = st_test_abstract("sendtrace-two", 13);
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct socket *other = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct st_addr nowhere = { .len = sizeof(sa_family_t) };
	struct st_peer *peer;

	st_test_listener(test, SOCK_DGRAM, &one);
	st_test_listener(test, SOCK_DGRAM, &two);
	st_test_connect(test, sock, &one);
	st_test_connect(test, other, &one);
	peer = peer_of_locked(test, sock);
	st_peer_name_late(other, peer);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	st_test_connect(test, sock, &two);
	st_peer_name_late(sock, peer);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	st_test_connect(test, sock, &nowhere);
	st_peer_name_late(sock, peer);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
}

#define RECONNECTIONS 400

struct reconnector {
	struct socket *sock;
	struct st_addr at[2];
	int connections;
	bool done;
};

/* Each peer is freed as soon as the socket has the next one. No assertion: not KUnit's thread. */
static int reconnect(void *arg)
{
	struct reconnector *to = arg;
	struct socket *peer, *last = NULL;
	struct st_addr at;
	int i;

	for (i = 0; i < RECONNECTIONS; i++) {
		at = to->at[i % 2];
		if (sock_create_kern(&init_net, AF_UNIX, SOCK_DGRAM, 0, &peer))
			break;
		if (!kernel_bind(peer, &at.any, at.len) &&
		    !kernel_connect(to->sock, &at.any, at.len, 0))
			to->connections++;
		if (last)
			sock_release(last);
		last = peer;
	}
	if (last)
		sock_release(last);
	smp_store_release(&to->done, true);
	return 0;
}

static bool is_at(const struct st_peer *peer, const struct st_addr *at)
{
	return peer->remote.len == at->len &&
	       memcmp(&peer->remote.un, &at->un, at->len) == 0;
}

/* The debug kernel reports any look at a peer that was freed. */
static void a_peer_that_another_thread_replaces_has_a_whole_name(struct kunit *test)
{
	struct reconnector *to = kunit_kzalloc(test, sizeof(*to), GFP_KERNEL);
	const struct st_peer *peer;
	int named = 0, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, to);
	to->sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	to->at[0] = st_test_abstract("sendtrace-before", 16);
	to->at[1] = st_test_abstract("sendtrace-after-that", 20);
	KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(reconnect, to, "reconnect")));
	do {
		preempt_disable();
		peer = st_test_describe(test, to->sock);
		preempt_enable();
		named += peer->remote.len > 0;
		wrong += peer->remote.len && !is_at(peer, &to->at[0]) &&
			 !is_at(peer, &to->at[1]);
		cond_resched();
	} while (!smp_load_acquire(&to->done));
	KUNIT_EXPECT_EQ(test, to->connections, RECONNECTIONS);
	KUNIT_EXPECT_GT(test, named, 0);
	KUNIT_EXPECT_EQ(test, wrong, 0);
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
	KUNIT_CASE(a_reconnected_end_of_a_socketpair_has_no_process),
	KUNIT_CASE(an_end_of_a_socketpair_with_a_name_has_no_process),
	KUNIT_CASE(a_peer_that_may_be_replaced_just_now_is_named_later),
	KUNIT_CASE(an_end_of_a_socketpair_has_its_process_later),
	KUNIT_CASE(a_peer_that_was_replaced_meanwhile_is_unknown),
	KUNIT_CASE(a_peer_that_another_thread_replaces_has_a_whole_name),
	{}
};

static struct kunit_suite peer_suite = {
	.name = "sendtrace_peer",
	.init = st_test_peer_init,
	.test_cases = peer_cases,
};
kunit_test_suite(peer_suite);
