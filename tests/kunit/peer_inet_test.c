// SPDX-License-Identifier: GPL-2.0
/* IPv4 and IPv6: compares the results of peer with those of getname(). */
#include <net/ipv6.h>
#include <net/sock.h>

#include "fixture.h"
#include "socket_fixture.h"

static void expect_both_ends(struct kunit *test, struct socket *sock)
{
	const struct st_peer *peer = st_test_describe(test, sock);

	KUNIT_EXPECT_EQ(test, peer->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, peer->family, sock->sk->sk_family);
	KUNIT_EXPECT_EQ(test, peer->type, sock->type);
	KUNIT_EXPECT_EQ(test, peer->protocol, sock->sk->sk_protocol);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(peer));
	st_test_expect_local(test, sock, &peer->local);
	st_test_expect_remote(test, sock, &peer->remote);
}

/* Connects to a listener at @to, and checks the sockets of both ends. */
static void expect_tcp(struct kunit *test, struct st_addr at, int client_family,
		       struct st_addr to)
{
	struct socket *listener = st_test_listener(test, SOCK_STREAM, &at);
	struct socket *client = st_test_socket(test, client_family, SOCK_STREAM, 0);

	to.in.sin_port = at.in.sin_port; /* the same offset as in sockaddr_in6 */
	st_test_connect(test, client, &to);
	expect_both_ends(test, client);
	expect_both_ends(test, st_test_accept(test, listener));
}

/* ---- TCP ------------------------------------------------------------------------------- */

static void tcp_over_ipv4_has_both_ends(struct kunit *test)
{
	expect_tcp(test, st_test_loopback(), AF_INET, st_test_loopback());
}

static void tcp_over_ipv6_has_both_ends(struct kunit *test)
{
	expect_tcp(test, st_test_loopback6(), AF_INET6, st_test_loopback6());
}

static void tcp_over_a_mapped_address_has_both_ends(struct kunit *test)
{
	expect_tcp(test, st_test_loopback(), AF_INET6, st_test_mapped_loopback());
}

static void a_mapped_address_is_ipv6(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), to = st_test_mapped_loopback();
	struct socket *client = st_test_socket(test, AF_INET6, SOCK_STREAM, 0);
	const struct st_peer *peer;

	st_test_listener(test, SOCK_STREAM, &at);
	to.in6.sin6_port = at.in.sin_port;
	st_test_connect(test, client, &to);
	peer = st_test_describe(test, client);
	KUNIT_EXPECT_EQ(test, peer->family, AF_INET6);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_v4mapped(&peer->remote.in6.sin6_addr));
	KUNIT_EXPECT_TRUE(test, ipv6_addr_v4mapped(&peer->local.in6.sin6_addr));
}

static void a_listening_socket_has_no_remote_end(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *listener = st_test_listener(test, SOCK_STREAM, &at);
	const struct st_peer *peer = st_test_describe(test, listener);

	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	st_test_expect_local(test, listener, &peer->local);
}

static void a_disconnected_tcp_socket_has_no_remote_end(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *client = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	struct st_addr nowhere = { .len = sizeof(struct sockaddr_in) };

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, client, &at);
	KUNIT_EXPECT_NE(test, st_test_describe(test, client)->remote.len, 0);
	st_test_connect(test, client, &nowhere);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, client)->remote.len, 0);
}

static void
a_socket_that_was_never_used_has_no_addresses_but_its_family(struct kunit *test)
{
	const struct st_peer *peer =
		st_test_describe(test, st_test_socket(test, AF_INET6, SOCK_STREAM, 0));

	KUNIT_EXPECT_EQ(test, peer->local.len, sizeof(struct sockaddr_in6));
	KUNIT_EXPECT_TRUE(test, ipv6_addr_any(&peer->local.in6.sin6_addr));
	KUNIT_EXPECT_EQ(test, peer->local.in6.sin6_port, 0);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
}

/* ---- UDP and raw ---------------------------------------------------------------------------- */

static void a_connected_udp_socket_has_both_ends(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), at6 = st_test_loopback6();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *sock6 = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_listener(test, SOCK_DGRAM, &at6);
	st_test_connect(test, sock, &at);
	expect_both_ends(test, sock);
	st_test_connect(test, sock6, &at6);
	expect_both_ends(test, sock6);
}

static void an_unconnected_udp_socket_has_no_remote_end(struct kunit *test)
{
	struct st_addr at = st_test_loopback();
	struct socket *sock = st_test_listener(test, SOCK_DGRAM, &at);
	const struct st_peer *peer = st_test_describe(test, sock);

	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
	st_test_expect_local(test, sock, &peer->local);
}

static void a_disconnected_udp_socket_has_no_remote_end(struct kunit *test)
{
	struct st_addr at = st_test_loopback6();
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);
	struct st_addr nowhere = { .len = sizeof(struct sockaddr_in6) };

	st_test_listener(test, SOCK_DGRAM, &at);
	st_test_connect(test, sock, &at);
	KUNIT_EXPECT_NE(test, st_test_describe(test, sock)->remote.len, 0);
	st_test_connect(test, sock, &nowhere);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->remote.len, 0);
}

static void a_udp_socket_is_connected_even_to_port_zero(struct kunit *test)
{
	struct st_addr to = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	const struct st_peer *peer;

	st_test_connect(test, sock, &to);
	peer = st_test_describe(test, sock);
	KUNIT_EXPECT_EQ(test, peer->remote.len, sizeof(struct sockaddr_in));
	KUNIT_EXPECT_EQ(test, peer->remote.in.sin_addr.s_addr, to.in.sin_addr.s_addr);
}

static void a_socket_bound_to_a_multicast_group_has_its_address(struct kunit *test)
{
	struct st_addr group = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);

	group.in.sin_addr.s_addr = cpu_to_be32(INADDR_ALLHOSTS_GROUP);
	st_test_bind(test, sock, &group);
	st_test_expect_local(test, sock, &st_test_describe(test, sock)->local);
}

static void a_raw_socket_is_connected_by_its_address(struct kunit *test)
{
	struct st_addr to = st_test_loopback();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	const struct st_peer *peer;

	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->remote.len, 0);
	st_test_connect(test, sock, &to);
	peer = st_test_describe(test, sock);
	KUNIT_EXPECT_EQ(test, peer->protocol, IPPROTO_ICMP);
	KUNIT_EXPECT_EQ(test, peer->remote.in.sin_addr.s_addr, to.in.sin_addr.s_addr);
}

static void
a_raw_socket_whose_caller_writes_headers_may_send_elsewhere(struct kunit *test)
{
	struct st_addr to = st_test_loopback(), to6 = st_test_loopback6();
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct socket *sock6 = st_test_socket(test, AF_INET6, SOCK_RAW, IPPROTO_RAW);
	struct socket *icmp = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_ICMP);

	st_test_connect(test, sock, &to);
	st_test_connect(test, sock6, &to6);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock)->flags,
			SENDTRACE_EVENT_PEER_ASKED);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, sock6)->flags,
			SENDTRACE_EVENT_PEER_ASKED);
	KUNIT_EXPECT_EQ(test, st_test_describe(test, icmp)->flags, 0);
}

/* ---- A datagram under way --------------------------------------------------------------------- */

static void send_part(struct kunit *test, struct socket *sock, const struct st_addr *to,
		      int flags)
{
	struct st_addr copy = *to;
	struct msghdr msg = {
		.msg_name = to->len ? &copy.any : NULL,
		.msg_namelen = to->len,
		.msg_flags = flags,
	};
	struct kvec part = { .iov_base = "part", .iov_len = 4 };

	KUNIT_ASSERT_EQ(test, kernel_sendmsg(sock, &msg, &part, 1, part.iov_len), 4);
}

/* Begins a datagram to @to on a socket connected elsewhere, and ends it again. */
static void expect_pending(struct kunit *test, struct socket *sock,
			   const struct st_addr *to, const struct st_addr *shown)
{
	static const struct st_addr none;
	const struct st_peer *peer = st_test_describe(test, sock);
	struct st_addr connected = peer->remote;

	send_part(test, sock, to, MSG_MORE);
	peer = st_test_describe(test, sock);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
	KUNIT_ASSERT_EQ(test, peer->remote.len, shown->len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.any, &shown->any, shown->len), 0);
	send_part(test, sock, &none, 0);
	peer = st_test_describe(test, sock);
	KUNIT_ASSERT_EQ(test, peer->remote.len, connected.len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.any, &connected.any, connected.len),
			0);
}

static struct st_addr with_port(struct st_addr addr, u16 port)
{
	addr.in.sin_port = htons(port); /* the same offset as in sockaddr_in6 */
	return addr;
}

static void a_datagram_under_way_has_the_address_that_began_it(struct kunit *test)
{
	struct st_addr elsewhere = with_port(st_test_loopback(), 7002);
	struct st_addr to = with_port(st_test_loopback(), 7001);
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *connected = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *lite = st_test_socket(test, AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

	to.in.sin_addr.s_addr = cpu_to_be32(INADDR_LOOPBACK + 1);
	st_test_connect(test, connected, &elsewhere);
	expect_pending(test, sock, &to, &to);
	expect_pending(test, connected, &to, &to);
	expect_pending(test, lite, &to, &to);
}

static void a_datagram_under_way_over_ipv6_has_its_address(struct kunit *test)
{
	struct st_addr elsewhere = with_port(st_test_loopback6(), 7002);
	struct st_addr to = with_port(st_test_loopback6(), 7001);
	struct st_addr mapped = with_port(st_test_mapped_loopback(), 7003);
	struct st_addr to4 = with_port(st_test_loopback(), 7003);
	struct socket *sock = st_test_socket(test, AF_INET6, SOCK_DGRAM, 0);

	st_test_connect(test, sock, &elsewhere);
	expect_pending(test, sock, &to, &to);
	expect_pending(test, sock, &mapped, &mapped);
	expect_pending(test, sock, &to4, &mapped);
}

/* What the kernel made of it. */
static void a_datagram_under_way_to_no_address_goes_to_loopback(struct kunit *test)
{
	struct st_addr any = with_port(st_test_loopback(), 7001);
	struct st_addr any6 = with_port(st_test_loopback6(), 7001);
	struct st_addr shown = any, shown6 = any6;

	any.in.sin_addr.s_addr = 0;
	any6.in6.sin6_addr = in6addr_any;
	expect_pending(test, st_test_socket(test, AF_INET, SOCK_DGRAM, 0), &any, &shown);
	expect_pending(test, st_test_socket(test, AF_INET6, SOCK_DGRAM, 0), &any6,
		       &shown6);
}

/* ---- Who still gets a local port ---------------------------------------------------------------- */

static void only_a_socket_without_a_local_port_is_unbound(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), at6 = st_test_loopback6();
	struct socket *udp = st_test_socket(test, AF_INET, SOCK_DGRAM, 0);
	struct socket *tcp6 = st_test_socket(test, AF_INET6, SOCK_STREAM, 0);

	KUNIT_EXPECT_TRUE(test, st_peer_is_unbound(st_test_describe(test, udp)));
	KUNIT_EXPECT_TRUE(test, st_peer_is_unbound(st_test_describe(test, tcp6)));
	st_test_bind(test, udp, &at);
	st_test_bind(test, tcp6, &at6);
	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(st_test_describe(test, udp)));
	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(st_test_describe(test, tcp6)));
}

static void a_socket_without_ports_is_never_unbound(struct kunit *test)
{
	struct socket *raw = st_test_socket(test, AF_INET, SOCK_RAW, IPPROTO_ICMP);
	struct socket *un = st_test_socket(test, AF_UNIX, SOCK_DGRAM, 0);

	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(st_test_describe(test, raw)));
	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(st_test_describe(test, un)));
	st_peer_clear(test->priv);
	KUNIT_EXPECT_FALSE(test, st_peer_is_unbound(test->priv));
}

/* ---- Other families ------------------------------------------------------------------------------ */

static void another_family_has_only_its_number(struct kunit *test)
{
	struct socket *sock = st_test_socket(test, AF_NETLINK, SOCK_RAW, 0);
	const struct st_peer *peer = st_test_describe(test, sock);

	KUNIT_EXPECT_EQ(test, peer->family, AF_NETLINK);
	KUNIT_EXPECT_EQ(test, peer->type, SOCK_RAW);
	KUNIT_EXPECT_EQ(test, peer->local.len, 0);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
}

static void a_socket_that_is_not_set_up_has_no_family(struct kunit *test)
{
	struct socket *sock = sock_alloc();
	const struct st_peer *peer;

	KUNIT_ASSERT_NOT_NULL(test, sock);
	sock->type = SOCK_STREAM;
	peer = st_test_describe(test, sock);
	KUNIT_EXPECT_EQ(test, peer->family, AF_UNSPEC);
	KUNIT_EXPECT_EQ(test, peer->type, SOCK_STREAM);
	KUNIT_EXPECT_EQ(test, peer->inode, SOCK_INODE(sock)->i_ino);
	KUNIT_EXPECT_EQ(test, peer->local.len, 0);
	sock_release(sock);
}

static void a_descriptor_that_is_not_a_socket_has_nothing(struct kunit *test)
{
	struct st_peer *peer = test->priv;

	st_peer_clear(peer);
	KUNIT_EXPECT_EQ(test, peer->inode, 0);
	KUNIT_EXPECT_EQ(test, peer->pid, 0);
	KUNIT_EXPECT_EQ(test, peer->family, AF_UNSPEC);
	KUNIT_EXPECT_EQ(test, peer->type, 0);
	KUNIT_EXPECT_EQ(test, peer->protocol, 0);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
	KUNIT_EXPECT_EQ(test, peer->local.len, 0);
	KUNIT_EXPECT_EQ(test, peer->remote.len, 0);
}

static struct kunit_case peer_inet_cases[] = {
	KUNIT_CASE(tcp_over_ipv4_has_both_ends),
	KUNIT_CASE(tcp_over_ipv6_has_both_ends),
	KUNIT_CASE(tcp_over_a_mapped_address_has_both_ends),
	KUNIT_CASE(a_mapped_address_is_ipv6),
	KUNIT_CASE(a_listening_socket_has_no_remote_end),
	KUNIT_CASE(a_disconnected_tcp_socket_has_no_remote_end),
	KUNIT_CASE(a_socket_that_was_never_used_has_no_addresses_but_its_family),
	KUNIT_CASE(a_connected_udp_socket_has_both_ends),
	KUNIT_CASE(an_unconnected_udp_socket_has_no_remote_end),
	KUNIT_CASE(a_disconnected_udp_socket_has_no_remote_end),
	KUNIT_CASE(a_udp_socket_is_connected_even_to_port_zero),
	KUNIT_CASE(a_socket_bound_to_a_multicast_group_has_its_address),
	KUNIT_CASE(a_raw_socket_is_connected_by_its_address),
	KUNIT_CASE(a_raw_socket_whose_caller_writes_headers_may_send_elsewhere),
	KUNIT_CASE(a_datagram_under_way_has_the_address_that_began_it),
	KUNIT_CASE(a_datagram_under_way_over_ipv6_has_its_address),
	KUNIT_CASE(a_datagram_under_way_to_no_address_goes_to_loopback),
	KUNIT_CASE(only_a_socket_without_a_local_port_is_unbound),
	KUNIT_CASE(a_socket_without_ports_is_never_unbound),
	KUNIT_CASE(another_family_has_only_its_number),
	KUNIT_CASE(a_socket_that_is_not_set_up_has_no_family),
	KUNIT_CASE(a_descriptor_that_is_not_a_socket_has_nothing),
	{}
};

static struct kunit_suite peer_inet_suite = {
	.name = "sendtrace_peer_inet",
	.init = st_test_peer_init,
	.test_cases = peer_inet_cases,
};
kunit_test_suite(peer_inet_suite);
