// SPDX-License-Identifier: GPL-2.0
/*
 * Reads both addresses of a socket without waiting for a lock, because handlers may not.
 * getname() would wait (net/ipv4/af_inet.c, net/unix/af_unix.c).
 *
 * The price: the parts of an address are read one by one. While another thread connects
 * the same socket to another address, old and new parts may mix. A program that sends on
 * a socket while it reconnects it cannot know the destination either.
 */
#include <linux/net.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "peer.h"

/**
 * st_peer_clear() - describe a descriptor that is not a socket
 * @peer: to be set; the bytes of the addresses stay unchanged
 */
void st_peer_clear(struct st_peer *peer)
{
	peer->inode = 0;
	peer->cookie = 0;
	peer->position = 0;
	peer->write_seq = 0;
	peer->copied_seq = 0;
	peer->netns = 0;
	peer->pid = 0;
	peer->family = AF_UNSPEC;
	peer->type = 0;
	peer->protocol = 0;
	peer->flags = 0;
	peer->unnamed = NULL;
	peer->local.len = 0;
	peer->remote.len = 0;
}
NOKPROBE_SYMBOL(st_peer_clear);

/* ---- IPv4 and IPv6 ------------------------------------------------------------ */

static nokprobe_inline void set_in(struct st_addr *addr, __be32 ip, __be16 port)
{
	st_addr_set_len(addr, sizeof(addr->in));
	addr->in.sin_family = AF_INET;
	addr->in.sin_port = port;
	addr->in.sin_addr.s_addr = ip;
}

static void set_in6(struct st_addr *addr, const struct in6_addr *ip, __be16 port,
		    int scope)
{
	st_addr_set_len(addr, sizeof(addr->in6));
	addr->in6.sin6_family = AF_INET6;
	addr->in6.sin6_port = port;
	addr->in6.sin6_flowinfo = 0;
	addr->in6.sin6_addr = *ip;
	addr->in6.sin6_scope_id = ipv6_iface_scope_id(ip, scope);
}
NOKPROBE_SYMBOL(set_in6);

/**
 * st_peer_note_scope() - note whether an interface of the initial namespace is meant
 * @sk: the socket
 * @peer: with a destination; its flag SENDTRACE_EVENT_PEER_INIT_NET is set if so
 *
 * Interfaces have numbers of their own in each network namespace.
 *
 * Context: any; takes no lock.
 */
void st_peer_note_scope(const struct sock *sk, struct st_peer *peer)
{
	if (peer->remote.len == sizeof(peer->remote.in6) &&
	    peer->remote.in6.sin6_family == AF_INET6 && peer->remote.in6.sin6_scope_id &&
	    net_eq(sock_net(sk), &init_net))
		peer->flags |= SENDTRACE_EVENT_PEER_INIT_NET;
}
NOKPROBE_SYMBOL(st_peer_note_scope);

/*
 * What is sent is added to the datagram that is under way, whichever address the call gives
 * (udp_sendmsg(), udpv6_sendmsg()). Where it goes was decided by the call that began it.
 */
static void set_pending(const struct sock *sk, struct st_peer *peer, int family)
{
	const struct flowi *to = &inet_sk(sk)->cork.fl;
	struct in6_addr ip = to->u.ip6.daddr;

	peer->flags = 0;
	if (peer->family == AF_INET) {
		set_in(&peer->remote, to->u.ip4.daddr, to->u.ip4.fl4_dport);
	} else if (family == AF_INET) {
		ipv6_addr_set_v4mapped(to->u.ip4.daddr, &ip);
		set_in6(&peer->remote, &ip, to->u.ip4.fl4_dport, 0);
	} else {
		set_in6(&peer->remote, &ip, to->u.ip6.fl6_dport, to->u.ip6.flowi6_oif);
		st_peer_note_scope(sk, peer);
	}
}
NOKPROBE_SYMBOL(set_pending);

/**
 * st_peer_set_pending() - use the destination of the datagram that is under way
 * @sk: the socket
 * @peer: from st_peer_of(); changed only if there is such a datagram
 *
 * Only UDP has any, begun with UDP_CORK or MSG_MORE.
 *
 * Context: any; takes no lock.
 * Return: is there one?
 */
bool st_peer_set_pending(const struct sock *sk, struct st_peer *peer)
{
	int family;

	if ((peer->family != AF_INET && peer->family != AF_INET6) ||
	    sk->sk_type != SOCK_DGRAM ||
	    (sk->sk_protocol != IPPROTO_UDP && sk->sk_protocol != IPPROTO_UDPLITE))
		return false;
	family = READ_ONCE(udp_sk(sk)->pending);
	if (family)
		set_pending(sk, peer, family);
	return family;
}
NOKPROBE_SYMBOL(st_peer_set_pending);

/*
 * One-to-many SCTP chooses an association by its number, whatever it was connected to
 * (sctp_sendmsg()). The caller of a raw socket may write the IP header, destination included.
 */
static void go_elsewhere(const struct sock *sk, struct st_peer *peer)
{
	if (sk->sk_type == SOCK_SEQPACKET)
		peer->remote.len = 0;
	else if (sk->sk_type != SOCK_RAW)
		st_peer_set_pending(sk, peer);
	else if (st_inet_hdrincl(sk))
		peer->flags |= SENDTRACE_EVENT_PEER_ASKED;
}
NOKPROBE_SYMBOL(go_elsewhere);

/*
 * A stream socket is or was connected if it has a destination port: tcp_disconnect()
 * clears the port, but not the address. Other sockets show it by their state
 * (ip4_datagram_connect(), __udp_disconnect()). What UDP has not sent yet is queued: a quick
 * test, for most sockets are not special. Written out for both, since each instruction counts.
 */
static nokprobe_inline void remote_of_inet(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	__be32 remote = READ_ONCE(inet->inet_daddr);
	u16 type = sk->sk_type;

	if (type == SOCK_STREAM) {
		if (READ_ONCE(inet->inet_dport))
			set_in(&peer->remote, remote, READ_ONCE(inet->inet_dport));
		return;
	}
	if (READ_ONCE(sk->sk_state) == TCP_ESTABLISHED)
		set_in(&peer->remote, remote, READ_ONCE(inet->inet_dport));
	if (unlikely(type != SOCK_DGRAM || skb_queue_len_lockless(&sk->sk_write_queue)))
		go_elsewhere(sk, peer);
}

static nokprobe_inline void local_of_inet(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	__be32 local = READ_ONCE(inet->inet_saddr);

	if (!local)
		local = READ_ONCE(inet->inet_rcv_saddr);
	set_in(&peer->local, local, READ_ONCE(inet->inet_sport));
}

#if IS_ENABLED(CONFIG_IPV6)
static void local_of_inet6(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr local = sk->sk_v6_rcv_saddr;

	/* IPV6_ADDRFORM may be turning it into an IPv4 socket concurrently. */
	if (np && !ipv6_addr_any(&np->saddr))
		local = np->saddr;
	set_in6(&peer->local, &local, READ_ONCE(inet->inet_sport),
		READ_ONCE(sk->sk_bound_dev_if));
}
NOKPROBE_SYMBOL(local_of_inet6);

static void remote_of_inet6(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct in6_addr remote = sk->sk_v6_daddr;
	int scope = READ_ONCE(sk->sk_bound_dev_if);
	bool stream = sk->sk_type == SOCK_STREAM;

	if (stream ? READ_ONCE(inet->inet_dport) != 0 :
		     READ_ONCE(sk->sk_state) == TCP_ESTABLISHED) {
		set_in6(&peer->remote, &remote, READ_ONCE(inet->inet_dport), scope);
		st_peer_note_scope(sk, peer);
	}
	if (!stream)
		go_elsewhere(sk, peer);
}
NOKPROBE_SYMBOL(remote_of_inet6);
#else
static void local_of_inet6(const struct sock *sk, struct st_peer *peer)
{
	peer->local.len = 0;
}

static void remote_of_inet6(const struct sock *sk, struct st_peer *peer)
{
}
#endif

/* ---- What identifies a socket, and the place in its stream ---------------------------- */

static nokprobe_inline bool is_tcp(const struct sock *sk, u16 family)
{
	return sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP &&
	       (family == AF_INET || family == AF_INET6);
}

/* Bytes that were sent, each once, and those that wait to be sent. */
static void place_in_stream(const struct sock *sk, struct st_peer *peer)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 write_seq = READ_ONCE(tp->write_seq);

	peer->write_seq = write_seq;
	peer->copied_seq = READ_ONCE(tp->copied_seq);
	peer->position = READ_ONCE(tp->bytes_sent) - READ_ONCE(tp->bytes_retrans) +
			 (u32)(write_seq - READ_ONCE(tp->snd_nxt));
}
NOKPROBE_SYMBOL(place_in_stream);

/**
 * st_peer_note_received() - let the position be that of what was received
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 *
 * Context: any; takes no lock.
 */
void st_peer_note_received(struct socket *sock, struct st_peer *peer)
{
	const struct sock *sk = READ_ONCE(sock->sk);
	const struct tcp_sock *tp;

	if (!sk || !is_tcp(sk, peer->family))
		return;
	tp = tcp_sk(sk);
	peer->position = READ_ONCE(tp->bytes_received) -
			 (u32)(READ_ONCE(tp->rcv_nxt) - peer->copied_seq);
}
NOKPROBE_SYMBOL(st_peer_note_received);

static nokprobe_inline void identify(const struct sock *sk, struct st_peer *peer)
{
	peer->netns = sock_net(sk)->ns.inum;
	peer->position = 0;
	peer->write_seq = 0;
	peer->copied_seq = 0;
	if (is_tcp(sk, peer->family))
		place_in_stream(sk, peer);
}

/* ---- Any socket ---------------------------------------------------------------- */

/* @told: the remote end of IPv4 and IPv6 is not read */
static nokprobe_inline void set_ends(struct sock *sk, struct st_peer *peer, bool told)
{
	switch (peer->family) {
	case AF_INET:
		local_of_inet(sk, peer);
		if (!told)
			remote_of_inet(sk, peer);
		break;
	case AF_INET6:
		local_of_inet6(sk, peer);
		if (!told)
			remote_of_inet6(sk, peer);
		break;
	case AF_UNIX:
		st_peer_of_unix(sk, peer);
		break;
	default:
		peer->local.len = 0;
	}
}

/* The first who asks for a socket's number gives it one. */
static noinline void peer_with_cookie(struct socket *sock, struct st_peer *peer)
{
	u32 cookie[2];

	sock_diag_save_cookie(sock->sk, cookie);
	st_peer_of(sock, peer);
}
NOKPROBE_SYMBOL(peer_with_cookie);

static noinline void peer_released(struct socket *sock, struct st_peer *peer)
{
	st_peer_clear(peer);
	peer->inode = SOCK_INODE(sock)->i_ino;
	peer->type = sock->type;
}
NOKPROBE_SYMBOL(peer_released);

/* @receives: who sends a datagram to it is told otherwise */
static nokprobe_inline void describe(struct socket *sock, struct st_peer *peer,
				     bool receives)
{
	struct sock *sk = READ_ONCE(sock->sk);
	u64 cookie;

	if (unlikely(!sk)) {
		peer_released(sock, peer);
		return;
	}
	cookie = atomic64_read(&sk->sk_cookie);
	if (unlikely(!cookie)) {
		peer_with_cookie(sock, peer);
		return;
	}
	peer->cookie = cookie;
	peer->inode = SOCK_INODE(sock)->i_ino;
	peer->pid = 0;
	peer->flags = 0;
	peer->family = READ_ONCE(sk->sk_family);
	peer->type = sock->type;
	peer->protocol = sk->sk_protocol;
	identify(sk, peer);
	peer->unnamed = NULL;
	peer->remote.len = 0;
	set_ends(sk, peer, receives && peer->type != SOCK_STREAM);
}

/**
 * st_peer_of() - describe a socket and both its ends
 * @sock: its file must stay open: the caller holds or has borrowed a reference
 * @peer: to be filled in; an unknown address has the length 0
 *
 * Of families other than IPv4, IPv6 and AF_UNIX only the number is recorded.
 *
 * Context: any task context; waits for no lock.
 */
void st_peer_of(struct socket *sock, struct st_peer *peer)
{
	describe(sock, peer, false);
}
NOKPROBE_SYMBOL(st_peer_of);

/**
 * st_peer_of_receiver() - the same for a socket that something was received on
 * @sock: likewise
 * @peer: likewise; but of IPv4 and IPv6, only a stream has a remote end yet. That of others is
 *	set by what follows: st_source_set() or st_source_unknown()
 *
 * Context: any task context; waits for no lock.
 */
void st_peer_of_receiver(struct socket *sock, struct st_peer *peer)
{
	describe(sock, peer, true);
}
NOKPROBE_SYMBOL(st_peer_of_receiver);

/**
 * st_peer_complete() - add what a socket knows only when the call returns
 * @peer: the socket at the call's entry
 * @now: the same socket at its return
 *
 * The first send of an unbound socket gives it a local address, and one that connects (TCP
 * fast open) a peer.
 *
 * Context: any.
 */
void st_peer_complete(struct st_peer *peer, const struct st_peer *now)
{
	peer->local = now->local;
	if (st_peer_asks_to_connect(peer) && now->remote.len) {
		peer->remote = now->remote;
		peer->flags = now->flags;
	}
}
NOKPROBE_SYMBOL(st_peer_complete);

static nokprobe_inline bool has_ends(const struct sock *sk, const struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct st_addr *local = &peer->local, *remote = &peer->remote;

	/* The ports are at the same place in both families' addresses. */
	if (!local->len || READ_ONCE(inet->inet_sport) != local->in.sin_port ||
	    !remote->len || READ_ONCE(inet->inet_dport) != remote->in.sin_port)
		return false;
	switch (peer->family) {
	case AF_INET:
		return READ_ONCE(inet->inet_daddr) == remote->in.sin_addr.s_addr;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		return ipv6_addr_equal(&sk->sk_v6_daddr, &remote->in6.sin6_addr);
#endif
	default:
		return false;
	}
}

/**
 * st_peer_is_stream() - does a description still hold for a stream socket?
 * @peer: from st_peer_of(), some time ago
 * @sock: any socket; its file must stay open
 *
 * A stream of TCP may be connected again (connect(2), AF_UNSPEC), also to the same other end, so
 * both ends are compared. While another thread does so, any answer is right.
 *
 * Context: any task context; waits for no lock.
 * Return: false if it is another socket, no stream, or has another end.
 */
bool st_peer_is_stream(const struct st_peer *peer, struct socket *sock)
{
	const struct sock *sk = READ_ONCE(sock->sk);

	if (peer->type != SOCK_STREAM || !sk ||
	    (u64)atomic64_read(&sk->sk_cookie) != peer->cookie ||
	    SOCK_INODE(sock)->i_ino != peer->inode ||
	    READ_ONCE(sk->sk_family) != peer->family)
		return false;
	return peer->family == AF_UNIX || has_ends(sk, peer);
}
NOKPROBE_SYMBOL(st_peer_is_stream);
