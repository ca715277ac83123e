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
#include <linux/pid.h>
#include <linux/processor.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <net/af_unix.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <asm-generic/kprobes.h>

#include "peer.h"

/**
 * st_peer_clear() - describe a descriptor that is not a socket
 * @peer: to be set; the bytes of the addresses stay unchanged
 */
void st_peer_clear(struct st_peer *peer)
{
	peer->inode = 0;
	peer->pid = 0;
	peer->family = AF_UNSPEC;
	peer->type = 0;
	peer->protocol = 0;
	peer->from_call = false;
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

/*
 * A stream socket is or was connected if it has a destination port: tcp_disconnect()
 * clears the port, but not the address. Other sockets show it by their state
 * (ip4_datagram_connect(), __udp_disconnect()).
 */
static nokprobe_inline bool has_remote(const struct sock *sk)
{
	if (sk->sk_type == SOCK_STREAM || sk->sk_type == SOCK_SEQPACKET)
		return READ_ONCE(inet_sk(sk)->inet_dport);
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED;
}

static nokprobe_inline void peer_of_inet(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	__be32 remote = READ_ONCE(inet->inet_daddr);
	__be32 local = READ_ONCE(inet->inet_saddr);

	if (!local)
		local = READ_ONCE(inet->inet_rcv_saddr);
	set_in(&peer->local, local, READ_ONCE(inet->inet_sport));
	if (has_remote(sk))
		set_in(&peer->remote, remote, READ_ONCE(inet->inet_dport));
}

#if IS_ENABLED(CONFIG_IPV6)
static void peer_of_inet6(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct ipv6_pinfo *np = inet6_sk(sk);
	struct in6_addr remote = sk->sk_v6_daddr;
	struct in6_addr local = sk->sk_v6_rcv_saddr;
	int scope = READ_ONCE(sk->sk_bound_dev_if);

	/* IPV6_ADDRFORM may be turning it into an IPv4 socket concurrently. */
	if (np && !ipv6_addr_any(&np->saddr))
		local = np->saddr;
	set_in6(&peer->local, &local, READ_ONCE(inet->inet_sport), scope);
	if (has_remote(sk))
		set_in6(&peer->remote, &remote, READ_ONCE(inet->inet_dport), scope);
}
NOKPROBE_SYMBOL(peer_of_inet6);
#else
static void peer_of_inet6(const struct sock *sk, struct st_peer *peer)
{
	peer->local.len = 0;
}
#endif

/* ---- AF_UNIX ------------------------------------------------------------------ */

/*
 * Limits the length of a name to a sockaddr_un. A path of 108 bytes is one byte longer
 * than that, because of the NUL that the kernel adds (unix_mkname_bsd()).
 */
static u16 un_len(int len)
{
	return clamp_t(int, len, 0, sizeof(struct sockaddr_un));
}
NOKPROBE_SYMBOL(un_len);

/*
 * The name of a socket that cannot be freed while we look: our own, or one that ours is
 * permanently connected to. A name is set once and lives as long as its socket.
 */
static void set_un(struct st_addr *addr, const struct sock *sk)
{
	const struct unix_address *name;

	/* Pairs with the release in unix_bind_bsd() and its like. */
	name = smp_load_acquire(&unix_sk(sk)->addr);
	st_addr_set_len(addr, name ? un_len(name->len) :
				     offsetof(struct sockaddr_un, sun_path));
	addr->un.sun_family = AF_UNIX;
	if (name)
		memcpy(&addr->un, name->name, addr->len);
}
NOKPROBE_SYMBOL(set_un);

/*
 * A datagram socket's sk_peer_pid is the process that called socketpair(), for connect()
 * does not set it. It counts only while the peer is still the other end of that pair: if
 * the peer has no name, because connect() finds sockets only by their names, which they
 * keep. A peer with a name may be either.
 *
 * The lock of @sk is held, which makes its peer stay: unix_dgram_connect(),
 * unix_dgram_sendmsg() (when the peer is dead) and unix_release_sock() change it under the
 * lock, and @sk has a reference to it until then.
 */
static void name_dgram_peer(const struct sock *sk, struct st_peer *peer)
{
	const struct sock *remote = unix_sk(sk)->peer;

	if (!remote)
		return;
	set_un(&peer->remote, remote);
	if (peer->remote.len == offsetof(struct sockaddr_un, sun_path))
		peer->pid = pid_nr(READ_ONCE(sk->sk_peer_pid));
}
NOKPROBE_SYMBOL(name_dgram_peer);

/*
 * How often the lock of a datagram socket is tried: a microsecond or two. Not on RT, where it
 * is a sleeping lock, and whoever gives it up may have to wake somebody.
 */
#define LOCK_TRIES (IS_ENABLED(CONFIG_PREEMPT_RT) ? 0 : 32)

/*
 * Another thread may reconnect the socket at any time, and that may free the peer, without a
 * grace period of RCU: so it can be looked at only under the lock.
 *
 * To try the lock is safe in every handler, whatever is held there (5.10's return handler has
 * a raw spinlock): nothing waits. No interrupt takes this lock.
 */
static void peer_of_unix_dgram(struct sock *sk, struct st_peer *peer)
{
	const struct sock *remote = READ_ONCE(unix_sk(sk)->peer);
	int tries;

	if (!remote)
		return;
	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (spin_trylock(&unix_sk(sk)->lock)) {
			name_dgram_peer(sk, peer);
			spin_unlock(&unix_sk(sk)->lock);
			return;
		}
		cpu_relax();
	}
	peer->unnamed = remote;
}
NOKPROBE_SYMBOL(peer_of_unix_dgram);

/**
 * st_peer_name_late() - name the peer that st_peer_of() could not name without waiting
 * @sock: a socket; its file must stay open
 * @peer: from st_peer_of(), with @unnamed set
 *
 * The name stays unknown if that was another socket, or if it has another peer by now. The
 * peer is the same one if it is at the same address; that a new one was put there since the
 * call began cannot be seen.
 *
 * Context: may sleep.
 */
void st_peer_name_late(struct socket *sock, struct st_peer *peer)
{
	struct sock *sk = READ_ONCE(sock->sk);

	if (!sk || SOCK_INODE(sock)->i_ino != peer->inode)
		return;
	spin_lock(&unix_sk(sk)->lock);
	if (unix_sk(sk)->peer == peer->unnamed)
		name_dgram_peer(sk, peer);
	spin_unlock(&unix_sk(sk)->lock);
}

/*
 * sk_peer_pid is set once for a connected socket. For a listening socket it is the listener
 * itself; the next listen() replaces it and could free it while we read it.
 */
static u32 unix_peer_pid(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return 0;
	return pid_nr(READ_ONCE(sk->sk_peer_pid));
}
NOKPROBE_SYMBOL(unix_peer_pid);

static void peer_of_unix(struct sock *sk, struct st_peer *peer)
{
	struct sock *remote;

	set_un(&peer->local, sk);
	if (sk->sk_type == SOCK_DGRAM) {
		peer_of_unix_dgram(sk, peer);
		return;
	}
	peer->pid = unix_peer_pid(sk);
	/* Never reconnected, and not freed: the socket's file is open. */
	remote = READ_ONCE(unix_sk(sk)->peer);
	if (remote)
		set_un(&peer->remote, remote);
}
NOKPROBE_SYMBOL(peer_of_unix);

/* ---- Any socket ---------------------------------------------------------------- */

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
	struct sock *sk = READ_ONCE(sock->sk);

	if (unlikely(!sk)) { /* released */
		st_peer_clear(peer);
		peer->inode = SOCK_INODE(sock)->i_ino;
		peer->type = sock->type;
		return;
	}
	peer->inode = SOCK_INODE(sock)->i_ino;
	peer->pid = 0;
	peer->family = READ_ONCE(sk->sk_family);
	peer->type = sock->type;
	peer->protocol = sk->sk_protocol;
	peer->from_call = false;
	peer->unnamed = NULL;
	peer->remote.len = 0;
	switch (peer->family) {
	case AF_INET:
		peer_of_inet(sk, peer);
		break;
	case AF_INET6:
		peer_of_inet6(sk, peer);
		break;
	case AF_UNIX:
		peer_of_unix(sk, peer);
		break;
	default:
		peer->local.len = 0;
	}
}
NOKPROBE_SYMBOL(st_peer_of);

static bool uses_address_of_call(const struct st_peer *peer)
{
	bool stream = peer->type == SOCK_STREAM || peer->type == SOCK_SEQPACKET;

	return !stream || !peer->remote.len;
}
NOKPROBE_SYMBOL(uses_address_of_call);

/**
 * st_peer_sent_to() - use the address that sendto() was given, if it is the destination
 * @peer: from st_peer_of()
 * @addr: the address, in the caller's memory
 * @addr_len: its length
 *
 * A datagram goes to the address of the call, even on a connected socket. A connected
 * stream ignores that address.
 *
 * Context: the calling task, page faults enabled or disabled; takes no lock.
 */
void st_peer_sent_to(struct st_peer *peer, const void __user *addr, int addr_len)
{
	struct st_addr given;

	if (!addr || addr_len < (int)sizeof(sa_family_t) ||
	    addr_len > (int)sizeof(given.storage) || !uses_address_of_call(peer))
		return;
	if (copy_from_user_nofault(&given.storage, addr, addr_len))
		return;
	given.len = addr_len;
	if (given.any.sa_family == AF_UNSPEC) {
		/* For udpv6_sendmsg() this is no address, for udp_sendmsg() AF_INET. */
		if (peer->family != AF_INET)
			return;
		given.any.sa_family = AF_INET;
	}
	st_addr_set_len(&peer->remote, given.len);
	memcpy(&peer->remote.storage, &given.storage, given.len);
	peer->from_call = true;
	peer->pid = 0; /* it belongs to the connected peer, not to this address */
}
NOKPROBE_SYMBOL(st_peer_sent_to);
