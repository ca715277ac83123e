// SPDX-License-Identifier: GPL-2.0
/* The address that a call gives: where it counts, and what the kernel makes of it. */
#include "../../kmod/given.c"

#include <net/af_unix.h>

#include "fixture.h"
#include "socket_fixture.h"

#define FROM_CALL SENDTRACE_EVENT_PEER_FROM_CALL
#define LATE	  SENDTRACE_EVENT_PEER_LATE
#define ASKED	  SENDTRACE_EVENT_PEER_ASKED
#define INIT_NET  SENDTRACE_EVENT_PEER_INIT_NET

/* Of the loopback, which every kernel has. */
#define INTERFACE 1

/**
 * struct given - what the case's calls are given
 * @at: user memory, of which the last bytes are the address
 * @peer: the socket, described
 */
struct given {
	void __user *at;
	struct st_peer peer;
};

static int given_test_init(struct kunit *test)
{
	struct given *given = kunit_kzalloc(test, sizeof(*given), GFP_KERNEL);

	if (!given)
		return -ENOMEM;
	st_test_use_user_memory(test);
	given->at = st_test_user_pages(test, PAGE_SIZE);
	given->at += PAGE_SIZE - sizeof(struct sockaddr_storage);
	memset(&given->peer, 0xaa, sizeof(given->peer));
	test->priv = given;
	return 0;
}

static void write_address(struct kunit *test, const struct st_addr *addr)
{
	const struct given *given = test->priv;

	KUNIT_ASSERT_EQ(
		test, copy_to_user(given->at, &addr->storage, sizeof(addr->storage)), 0);
}

/* The peer of a call whose address is at @at. */
static struct st_peer *sent_at(struct kunit *test, struct socket *sock,
			       const void __user *at, int len)
{
	struct given *given = test->priv;

	st_peer_of(sock, &given->peer);
	preempt_disable();
	st_given_read(sock, &given->peer, at, len);
	preempt_enable();
	return &given->peer;
}

static struct st_peer *sent_to(struct kunit *test, struct socket *sock,
			       const struct st_addr *to)
{
	const struct given *given = test->priv;

	write_address(test, to);
	return sent_at(test, sock, given->at, to->len);
}

static void expect_remote(struct kunit *test, const struct st_peer *peer,
			  const struct st_addr *want, u16 flags)
{
	KUNIT_EXPECT_EQ(test, peer->flags, flags);
	KUNIT_ASSERT_EQ(test, peer->remote.len, want->len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.any, &want->any, want->len), 0);
}

static void expect_unknown(struct kunit *test, const struct st_peer *peer, u16 flags)
{
	KUNIT_EXPECT_EQ(test, peer->flags, flags);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
}

static struct st_addr with_port(struct st_addr addr, u16 port)
{
	addr.in.sin_port = htons(port); /* the same offset as in sockaddr_in6 */
	return addr;
}

static struct st_addr link_local(u32 scope)
{
	struct st_addr addr = with_port(st_test_loopback6(), 7001);

	addr.in6.sin6_addr.s6_addr32[0] = htonl(0xfe800000);
	addr.in6.sin6_scope_id = scope;
	return addr;
}

/* Connected to a port where nobody listens. */
static struct socket *connected_udp(struct kunit *test, int family)
{
	struct st_addr to = family == AF_INET ? st_test_loopback() : st_test_loopback6();
	struct socket *sock = st_test_socket(test, family, SOCK_DGRAM, 0);

	to = with_port(to, 7009);
	st_test_connect(test, sock, &to);
	return sock;
}

/* ---- Where it counts ----------------------------------------------------------------- */

static void a_datagram_goes_to_the_address_of_the_call(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct st_addr to6 = with_port(st_test_loopback6(), 7001);

	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &to), &to,
		      FROM_CALL);
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &to6), &to6,
		      FROM_CALL);
	/* IPv4 on an IPv6 socket */
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &to), &to,
		      FROM_CALL);
}

static void a_connected_stream_ignores_the_address_of_the_call(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), to = with_port(st_test_loopback(), 7001);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	expect_remote(test, sent_to(test, sock, &to), &at, 0);
}

static void a_unix_seqpacket_socket_ignores_the_address_of_the_call(struct kunit *test)
{
	struct st_addr to = st_test_abstract("sendtrace-given", 15);
	struct socket *pair[2], *alone = st_test_socket(test, AF_UNIX, SOCK_SEQPACKET, 0);
	const struct st_peer *peer;

	st_test_pair(test, SOCK_SEQPACKET, pair);
	peer = sent_to(test, pair[0], &to);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(sa_family_t));
	KUNIT_EXPECT_EQ(test, peer->pid, task_tgid_nr(current));
	expect_unknown(test, sent_to(test, alone, &to), 0);
}

/* As SCTP's: of IPv4, with a peer's port from its latest connect(). */
static void a_one_to_many_socket_uses_the_address_of_the_call(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 5002);
	struct socket *sock = connected_udp(test, AF_INET);
	static const struct st_addr none;
	const struct st_peer *peer;

	sock->type = SOCK_SEQPACKET;
	sock->sk->sk_type = SOCK_SEQPACKET;
	peer = sent_to(test, sock, &to);
	expect_remote(test, peer, &to, FROM_CALL);
	expect_unknown(test, sent_to(test, sock, &none), 0);
	sock->sk->sk_type = SOCK_DGRAM;
	sock->type = SOCK_DGRAM;
}

/* MSG_FASTOPEN; without it, nothing is sent. */
static void an_unconnected_stream_is_asked_to_go_to_the_address(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback6(), 7001);
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_STREAM, 0);

	expect_remote(test, sent_to(test, sock, &to), &to, FROM_CALL | ASKED);
}

static void the_process_of_a_connected_peer_is_not_that_of_the_address(struct kunit *test)
{
	struct st_addr to = st_test_abstract("sendtrace-given", 15);
	struct socket *pair[2];
	struct st_peer *peer;

	st_test_pair(test, SOCK_DGRAM, pair);
	peer = sent_to(test, pair[0], &to);
	expect_remote(test, peer, &to, FROM_CALL);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
}

/* st_peer_of() found the lock of the socket taken: the peer would be named late. */
static void
a_peer_without_a_name_yet_gives_way_to_the_address_of_the_call(struct kunit *test)
{
	struct st_addr at = st_test_abstract("sendtrace-given", 15);
	struct st_addr to = st_test_abstract("sendtrace-other", 15);
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);
	struct given *given = test->priv;

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	write_address(test, &to);
	unix_state_lock(sock->sk);
	st_peer_of(sock, &given->peer);
	unix_state_unlock(sock->sk);
	KUNIT_EXPECT_NOT_NULL(test, given->peer.unnamed);
	preempt_disable();
	st_given_read(sock, &given->peer, given->at, to.len);
	preempt_enable();
	KUNIT_EXPECT_NULL(test, given->peer.unnamed);
	expect_remote(test, &given->peer, &to, FROM_CALL);
}

/* unix_dgram_sendmsg() and raw_sendmsg() look at the length, udp_sendmsg() at the pointer. */
static void an_address_without_bytes_is_none_or_refused(struct kunit *test)
{
	struct st_addr none = { .len = 0 }, to = st_test_loopback();
	struct st_addr to6 = st_test_loopback6();
	struct socket *raw = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct socket *raw6 = st_test_socket(test, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	struct socket *pair[2];

	st_test_connect(test, raw, &to);
	expect_remote(test, sent_to(test, raw, &none), &to, 0);
	st_test_pair(test, SOCK_DGRAM, pair);
	KUNIT_EXPECT_EQ(test, sent_to(test, pair[0], &none)->remote.len,
			sizeof(sa_family_t));
	expect_unknown(test, sent_to(test, connected_udp(test, AF_INET), &none), 0);
	st_test_connect(test, raw6, &to6);
	expect_unknown(test, sent_to(test, raw6, &none), 0);
}

/* A datagram that another thread has begun since the socket was described. */
static void a_datagram_under_way_ignores_the_address_of_the_call(struct kunit *test)
{
	struct st_addr first = with_port(st_test_loopback(), 7001), name = first;
	struct st_addr to = with_port(st_test_loopback(), 7002);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct msghdr msg = {
		.msg_name = &name.any,
		.msg_namelen = name.len,
		.msg_flags = MSG_MORE,
	};
	struct kvec head = { .iov_base = "head", .iov_len = 4 };
	struct given *given = test->priv;

	write_address(test, &to);
	st_peer_of(sock, &given->peer);
	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &head, 1, 4), 4);
	st_given_read(sock, &given->peer, given->at, to.len);
	expect_remote(test, &given->peer, &first, 0);
}

/* ---- When it is read -------------------------------------------------------------------- */

static void an_address_that_is_not_resident_is_read_late_and_flagged(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct given *given = test->priv;
	struct st_peer *peer;

	peer = sent_at(test, connected_udp(test, AF_INET), given->at, to.len);
	expect_unknown(test, peer, LATE);
	write_address(test, &to);
	st_given_read_late(peer, given->at, to.len);
	expect_remote(test, peer, &to, FROM_CALL | LATE);
}

static void an_address_that_can_never_be_read_is_unknown(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	const void __user *bad[] = {
		(const void __user *)8,
		(const void __force __user *)&to.in,
	};
	struct socket *sock = connected_udp(test, AF_INET);
	struct st_peer *peer;
	int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		peer = sent_at(test, sock, bad[i], to.len);
		expect_unknown(test, peer, LATE);
		st_given_read_late(peer, bad[i], to.len);
		expect_unknown(test, peer, 0);
	}
}

static void what_was_read_at_the_entry_is_not_read_again(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct st_addr forged = with_port(st_test_loopback(), 7666);
	struct given *given = test->priv;
	struct st_peer *peer = sent_to(test, connected_udp(test, AF_INET), &to);

	write_address(test, &forged);
	st_given_read_late(peer, given->at, to.len);
	expect_remote(test, peer, &to, FROM_CALL);
}

/* ---- What the kernel makes of it ----------------------------------------------------- */

static void an_address_of_an_invalid_length_is_unknown(struct kunit *test)
{
	static const int lens[] = { INT_MIN, -1, 0, 1, 129, INT_MAX };
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct socket *sock = connected_udp(test, AF_INET);
	struct given *given = test->priv;
	int i;

	write_address(test, &to);
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		expect_unknown(test, sent_at(test, sock, given->at, lens[i]), 0);
}

static void an_address_is_cut_to_what_the_kernel_uses(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001), longer = to;
	struct st_addr to6 = with_port(st_test_loopback6(), 7001), longer6 = to6;

	longer.len = sizeof(longer.storage);
	memset(longer.in.sin_zero, 0x77, sizeof(longer.storage) - 8);
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &longer), &to,
		      FROM_CALL);
	longer6.len = sizeof(longer6.storage);
	memset(&longer6.in6 + 1, 0x77, sizeof(longer6.storage) - sizeof(longer6.in6));
	longer6.in6.sin6_scope_id = 7; /* ignored: no link-local address */
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &longer6), &to6,
		      FROM_CALL);
	longer6.len = SIN6_LEN_RFC2133;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &longer6), &to6,
		      FROM_CALL);
}

static void an_address_that_is_too_short_is_only_asked_for(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct st_addr to6 = with_port(st_test_loopback6(), 7001);
	struct st_addr un = { .len = sizeof(sa_family_t), .un.sun_family = AF_UNIX };
	struct socket *sock = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);

	to.len = sizeof(to.in) - 1;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &to), &to,
		      FROM_CALL | ASKED);
	to6.len = SIN6_LEN_RFC2133 - 1;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &to6), &to6,
		      FROM_CALL | ASKED);
	expect_remote(test, sent_to(test, sock, &un), &un, FROM_CALL | ASKED);
	un.len = sizeof(un.un) + 1;
	expect_remote(test, sent_to(test, sock, &un), &un, FROM_CALL | ASKED);
}

static void an_address_of_a_family_that_is_refused_is_only_asked_for(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct st_addr to6 = with_port(st_test_loopback6(), 7001);
	struct socket *raw6 = st_test_socket(test, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);
	struct socket *un = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);

	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &to6), &to6,
		      FROM_CALL | ASKED);
	expect_remote(test, sent_to(test, raw6, &to), &to, FROM_CALL | ASKED);
	expect_remote(test, sent_to(test, un, &to), &to, FROM_CALL | ASKED);
}

static void family_0_is_ipv4_for_ipv4_and_ipv6_for_raw_ipv6(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001), shown = to;
	struct st_addr to6 = with_port(st_test_loopback6(), 0), shown6 = to6;
	struct socket *raw6 = st_test_socket(test, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6);

	to.in.sin_family = AF_UNSPEC;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &to), &shown,
		      FROM_CALL);
	to6.in6.sin6_family = AF_UNSPEC;
	expect_remote(test, sent_to(test, raw6, &to6), &shown6, FROM_CALL);
}

static void family_0_is_no_address_for_udp_over_ipv6(struct kunit *test)
{
	struct st_addr connected = with_port(st_test_loopback6(), 7009), to = connected;
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);

	to.in6.sin6_family = AF_UNSPEC;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &to), &connected,
		      0);
	expect_unknown(test, sent_to(test, sock, &to), 0);
}

static void the_unspecified_address_is_only_asked_for(struct kunit *test)
{
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct st_addr to6 = with_port(st_test_loopback6(), 7001);
	struct st_addr mapped = with_port(st_test_mapped_loopback(), 7001);

	to.in.sin_addr.s_addr = 0;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET), &to), &to,
		      FROM_CALL | ASKED);
	to6.in6.sin6_addr = in6addr_any;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &to6), &to6,
		      FROM_CALL | ASKED);
	mapped.in6.sin6_addr.s6_addr32[3] = 0;
	expect_remote(test, sent_to(test, connected_udp(test, AF_INET6), &mapped),
		      &mapped, FROM_CALL | ASKED);
}

static void a_destination_beside_a_header_is_only_asked_for(struct kunit *test)
{
	struct st_addr to = st_test_loopback();
	struct socket *raw = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_RAW);

	expect_remote(test, sent_to(test, raw, &to), &to, FROM_CALL | ASKED);
}

/* ---- The scope ---------------------------------------------------------------------------- */

static void a_link_local_address_has_the_scope_that_it_names(struct kunit *test)
{
	struct st_addr to = link_local(INTERFACE);
	struct socket *sock = connected_udp(test, AF_INET6);

	expect_remote(test, sent_to(test, sock, &to), &to, FROM_CALL | INIT_NET);
	sock->sk->sk_bound_dev_if = INTERFACE + 1;
	expect_remote(test, sent_to(test, sock, &to), &to, FROM_CALL | INIT_NET);
}

static void else_it_has_the_scope_of_the_socket(struct kunit *test)
{
	struct st_addr to = link_local(0), group = link_local(0), shown = link_local(3);
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);
	struct ipv6_pinfo *np = inet6_sk(sock->sk);

	expect_remote(test, sent_to(test, sock, &to), &to, FROM_CALL);
	np->ucast_oif = 3;
	np->mcast_oif = 4;
	expect_remote(test, sent_to(test, sock, &to), &shown, FROM_CALL | INIT_NET);
	group.in6.sin6_addr.s6_addr32[0] = htonl(0xff020000);
	KUNIT_EXPECT_EQ(test, sent_to(test, sock, &group)->remote.in6.sin6_scope_id, 4);
	np->sticky_pktinfo.ipi6_ifindex = 5;
	KUNIT_EXPECT_EQ(test, sent_to(test, sock, &to)->remote.in6.sin6_scope_id, 5);
	sock->sk->sk_bound_dev_if = 6;
	KUNIT_EXPECT_EQ(test, sent_to(test, sock, &to)->remote.in6.sin6_scope_id, 6);
	/* The old struct has no scope, as has an address of the whole internet. */
	to.len = SIN6_LEN_RFC2133;
	KUNIT_EXPECT_EQ(test, sent_to(test, sock, &to)->remote.in6.sin6_scope_id, 6);
	to = st_test_loopback6();
	KUNIT_EXPECT_EQ(test, sent_to(test, sock, &to)->remote.in6.sin6_scope_id, 0);
	sock->sk->sk_bound_dev_if = 0;
}

static void the_scope_of_another_namespace_is_not_ours(struct kunit *test)
{
	struct st_addr to = link_local(INTERFACE);
	struct socket *sock = connected_udp(test, AF_INET6);
	struct net *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	write_pnet(&sock->sk->sk_net, other);
	expect_remote(test, sent_to(test, sock, &to), &to, FROM_CALL);
	write_pnet(&sock->sk->sk_net, &init_net);
}

static struct kunit_case given_cases[] = {
	KUNIT_CASE(a_datagram_goes_to_the_address_of_the_call),
	KUNIT_CASE(a_connected_stream_ignores_the_address_of_the_call),
	KUNIT_CASE(a_unix_seqpacket_socket_ignores_the_address_of_the_call),
	KUNIT_CASE(a_peer_without_a_name_yet_gives_way_to_the_address_of_the_call),
	KUNIT_CASE(a_one_to_many_socket_uses_the_address_of_the_call),
	KUNIT_CASE(an_unconnected_stream_is_asked_to_go_to_the_address),
	KUNIT_CASE(the_process_of_a_connected_peer_is_not_that_of_the_address),
	KUNIT_CASE(an_address_without_bytes_is_none_or_refused),
	KUNIT_CASE(a_datagram_under_way_ignores_the_address_of_the_call),
	KUNIT_CASE(an_address_that_is_not_resident_is_read_late_and_flagged),
	KUNIT_CASE(an_address_that_can_never_be_read_is_unknown),
	KUNIT_CASE(what_was_read_at_the_entry_is_not_read_again),
	KUNIT_CASE(an_address_of_an_invalid_length_is_unknown),
	KUNIT_CASE(an_address_is_cut_to_what_the_kernel_uses),
	KUNIT_CASE(an_address_that_is_too_short_is_only_asked_for),
	KUNIT_CASE(an_address_of_a_family_that_is_refused_is_only_asked_for),
	KUNIT_CASE(family_0_is_ipv4_for_ipv4_and_ipv6_for_raw_ipv6),
	KUNIT_CASE(family_0_is_no_address_for_udp_over_ipv6),
	KUNIT_CASE(the_unspecified_address_is_only_asked_for),
	KUNIT_CASE(a_destination_beside_a_header_is_only_asked_for),
	KUNIT_CASE(a_link_local_address_has_the_scope_that_it_names),
	KUNIT_CASE(else_it_has_the_scope_of_the_socket),
	KUNIT_CASE(the_scope_of_another_namespace_is_not_ours),
	{}
};

static struct kunit_suite given_suite = {
	.name = "sendtrace_given",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.init = given_test_init,
	.test_cases = given_cases,
};
kunit_test_suite(given_suite);
