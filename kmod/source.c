// SPDX-License-Identifier: GPL-2.0
/*
 * Who sent what was received. A connected socket knows it, and a message whose receiver asks for
 * the address has it. But recv(), read() and io_uring ask for none: then only the datagram
 * itself tells, and it is gone when the function returns.
 *
 * So a probe on the function that UDP gives a datagram back with notes its source, in a small
 * table. The thread finds it there when its call returns.
 */
#include <linux/atomic.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "peer.h"
#include "source.h"

/* ---- The table ----------------------------------------------------------------------- */

/*
 * A thread uses a slot from the moment when it gives its datagram back until its call returns:
 * microseconds, unless it is preempted. So there are far more than can be in use; a thread whose
 * set is full does without.
 */
struct st_source_set st_source_sets[ST_SOURCE_SETS];

/* A slot that has been in use for so long was left behind. */
#define STALE (2 * HZ)

/* No subscript: UBSAN would check the bound each time. */
static nokprobe_inline unsigned long *owner_of(struct st_source_set *set, int way)
{
	return set->owner + way;
}

static nokprobe_inline struct st_source_slot *slot_of(struct st_source_set *set, int way)
{
	return set->slot + way;
}

static nokprobe_inline bool seize(struct st_source_set *set, int way, unsigned long seen)
{
	return cmpxchg(owner_of(set, way), seen, ST_SOURCE_BUSY) == seen;
}

static nokprobe_inline void release(struct st_source_set *set, int way,
				    unsigned long owner)
{
	/* The slot is complete for who seizes it next, or was read before that one writes it. */
	smp_store_release(owner_of(set, way), owner);
}

/* A slot of its own is used again: it is of an earlier call. */
static nokprobe_inline bool seize_free(struct st_source_set *set, int way,
				       const void *owner)
{
	unsigned long seen = READ_ONCE(*owner_of(set, way));

	return (seen == ST_SOURCE_FREE || seen == (unsigned long)owner) &&
	       seize(set, way, seen);
}

/*
 * Its owner may use it again between the look at its time and the theft. Then that thread's
 * source is unknown: nobody is given a wrong one.
 */
static bool steal(struct st_source_set *set, int way, unsigned long now)
{
	unsigned long seen = READ_ONCE(*owner_of(set, way));

	return seen != ST_SOURCE_BUSY &&
	       time_after(now, READ_ONCE(slot_of(set, way)->time) + STALE) &&
	       seize(set, way, seen);
}
NOKPROBE_SYMBOL(steal);

/* Finds a slot to note something in, which is busy until release(); -1 if there is none. */
static noinline int seize_any(struct st_source_set *set, const void *owner,
			      unsigned long now)
{
	int way;

	for (way = 0; way < ST_SOURCE_WAYS; way++)
		if (seize_free(set, way, owner))
			return way;
	for (way = 0; way < ST_SOURCE_WAYS; way++)
		if (steal(set, way, now))
			return way;
	return -1;
}
NOKPROBE_SYMBOL(seize_any);

static noinline int seize_own(struct st_source_set *set, const void *owner)
{
	unsigned long own = (unsigned long)owner;
	int way;

	for (way = 0; way < ST_SOURCE_WAYS; way++)
		if (READ_ONCE(*owner_of(set, way)) == own && seize(set, way, own))
			return way;
	return -1;
}
NOKPROBE_SYMBOL(seize_own);

/**
 * st_source_forget_all() - forget what a thread has noted
 * @set: its set
 * @owner: the thread
 *
 * Context: the thread, preemption off; takes no lock.
 */
void st_source_forget_all(struct st_source_set *set, const void *owner)
{
	int way = seize_own(set, owner);

	while (way >= 0) {
		release(set, way, ST_SOURCE_FREE);
		way = seize_own(set, owner);
	}
}
NOKPROBE_SYMBOL(st_source_forget_all);

static void copy_source(struct st_addr *to, const struct st_source *from)
{
	bool is_ipv4 = from->in.sin_family == AF_INET;

	to->len = is_ipv4 ? sizeof(from->in) : sizeof(from->in6);
	to->words[0] = from->words[0];
	to->words[1] = from->words[1];
	if (is_ipv4)
		return;
	to->words[2] = from->words[2];
	to->words[3] = from->words[3];
}
NOKPROBE_SYMBOL(copy_source);

/*
 * Sets @from to what the thread has noted since st_source_expect(), and forgets it. Returns
 * false if that is nothing, or of another socket.
 */
static bool take_noted(const void *owner, const struct sock *sk, struct st_addr *from)
{
	struct st_source_set *set = st_source_set_of(owner);
	int way = seize_own(set, owner);
	bool found;

	if (way < 0)
		return false;
	found = slot_of(set, way)->sk == sk;
	if (found)
		copy_source(from, &slot_of(set, way)->from);
	release(set, way, ST_SOURCE_FREE);
	return found;
}
NOKPROBE_SYMBOL(take_noted);

/*
 * The same in the usual case: of IPv4, and in the first slot. Returns false if it is another case,
 * and has done nothing then.
 */
static nokprobe_inline bool take_first(struct st_source_set *set, const struct sock *sk,
				       struct st_peer *peer)
{
	const struct st_source_slot *slot = set->slot;
	unsigned long own = (unsigned long)current;

	if (READ_ONCE(*owner_of(set, 0)) != own || !seize(set, 0, own))
		return false;
	if (unlikely(slot->sk != sk || slot->from.in.sin_family != AF_INET)) {
		release(set, 0, own);
		return false;
	}
	peer->remote.len = sizeof(slot->from.in);
	peer->remote.words[0] = slot->from.words[0];
	peer->remote.words[1] = slot->from.words[1];
	peer->flags = 0;
	release(set, 0, ST_SOURCE_FREE);
	return true;
}

/* ---- What a datagram tells ------------------------------------------------------------- */

static nokprobe_inline void note_in(struct st_source *from, __be32 ip, __be16 port)
{
	from->in = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = ip,
	};
}

#if IS_ENABLED(CONFIG_IPV6)
static void note_in6(struct st_source *from, const struct in6_addr *ip, __be16 port,
		     int interface)
{
	/* Padded, as an address of struct st_addr is. */
	from->words[3] = 0;
	from->in6.sin6_family = AF_INET6;
	from->in6.sin6_port = port;
	from->in6.sin6_flowinfo = 0;
	from->in6.sin6_addr = *ip;
	from->in6.sin6_scope_id = ipv6_iface_scope_id(ip, interface);
}
NOKPROBE_SYMBOL(note_in6);

static void note_of_inet6(struct st_source *from, const struct sk_buff *skb, bool is_ipv4)
{
	__be16 port = udp_hdr(skb)->source;
	struct in6_addr mapped;

	if (!is_ipv4) {
		note_in6(from, &ipv6_hdr(skb)->saddr, port, inet6_iif(skb));
		return;
	}
	ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, &mapped);
	note_in6(from, &mapped, port, 0);
}
NOKPROBE_SYMBOL(note_of_inet6);
#endif

/*
 * Sets what recvfrom() would tell (udp_recvmsg(), udpv6_recvmsg()). Returns false if it is of
 * another protocol. Takes no lock.
 */
static bool note_of_skb(struct st_source *from, const struct sock *sk,
			const struct sk_buff *skb)
{
	bool is_ipv4 = skb->protocol == htons(ETH_P_IP);

	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
		if (is_ipv4)
			note_in(from, ip_hdr(skb)->saddr, udp_hdr(skb)->source);
		return is_ipv4;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		note_of_inet6(from, skb, is_ipv4);
		return true;
#endif
	default:
		return false;
	}
}
NOKPROBE_SYMBOL(note_of_skb);

/* The slot's time is for who looks for one that was left behind. */
static nokprobe_inline struct st_source *
begin_slot(struct st_source_set *set, int way, const struct sock *sk, unsigned long now)
{
	struct st_source_slot *slot = slot_of(set, way);

	slot->sk = sk;
	WRITE_ONCE(slot->time, now);
	return &slot->from;
}

static noinline void note_any(struct st_source_set *set, const struct sock *sk,
			      const struct sk_buff *skb)
{
	unsigned long now = jiffies, owner = ST_SOURCE_FREE;
	int way = seize_any(set, current, now);

	if (way < 0)
		return;
	if (note_of_skb(begin_slot(set, way, sk, now), sk, skb))
		owner = (unsigned long)current;
	release(set, way, owner);
}
NOKPROBE_SYMBOL(note_any);

static nokprobe_inline bool is_of_ipv4(const struct sock *sk, const struct sk_buff *skb)
{
	return READ_ONCE(sk->sk_family) == AF_INET && skb->protocol == htons(ETH_P_IP);
}

/**
 * st_source_note() - note the source of a datagram that is received
 * @set: the thread's
 * @regs: the registers at the entry of skb_consume_udp()
 *
 *	void skb_consume_udp(struct sock *sk, struct sk_buff *skb, int len)	(net/ipv4/udp.c)
 *
 * Of a datagram that is only looked at (MSG_PEEK), too. The usual case calls nothing, so that no
 * register has to be saved.
 *
 * Context: the function's entry, the thread that receives; preemption off.
 */
void st_source_note(struct st_source_set *set, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 1);

	if (unlikely(sk->sk_kern_sock))
		return;
	if (unlikely(!is_of_ipv4(sk, skb) || !seize_free(set, 0, current))) {
		note_any(set, sk, skb);
		return;
	}
	note_in(begin_slot(set, 0, sk, jiffies), ip_hdr(skb)->saddr,
		udp_hdr(skb)->source);
	release(set, 0, (unsigned long)current);
}
NOKPROBE_SYMBOL(st_source_note);

/* ---- The source of a call -------------------------------------------------------------- */

static nokprobe_inline bool is_inet(const struct st_peer *peer)
{
	return peer->family == AF_INET || peer->family == AF_INET6;
}

static nokprobe_inline void set_in(struct st_addr *addr, __be32 ip, __be16 port)
{
	st_addr_set_len(addr, sizeof(addr->in));
	addr->in = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = ip,
	};
}

static nokprobe_inline void set_in6(struct st_addr *addr, const struct in6_addr *ip,
				    __be16 port, int interface)
{
	st_addr_set_len(addr, sizeof(addr->in6));
	addr->in6 = (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = port,
		.sin6_addr = *ip,
		.sin6_scope_id = ipv6_iface_scope_id(ip, interface),
	};
}

/* Whom a socket is connected to, not where a datagram goes that it collects (st_peer_of()). */
static nokprobe_inline void set_connected(const struct sock *sk, struct st_peer *peer)
{
	const struct inet_sock *inet = inet_sk(sk);

	peer->flags = 0;
	peer->remote.len = 0;
	if (READ_ONCE(sk->sk_state) != TCP_ESTABLISHED)
		return;
	if (peer->family == AF_INET)
		set_in(&peer->remote, READ_ONCE(inet->inet_daddr),
		       READ_ONCE(inet->inet_dport));
#if IS_ENABLED(CONFIG_IPV6)
	else
		set_in6(&peer->remote, &sk->sk_v6_daddr, READ_ONCE(inet->inet_dport),
			READ_ONCE(sk->sk_bound_dev_if));
#endif
}

static nokprobe_inline void set_unknown(const struct sock *sk, struct st_peer *peer)
{
	if (!sk || !is_inet(peer) || peer->type == SOCK_STREAM)
		return;
	/* A one-to-many socket of SCTP is connected to nobody. */
	if (peer->type == SOCK_SEQPACKET) {
		peer->remote.len = 0;
		return;
	}
	set_connected(sk, peer);
	st_peer_note_scope(sk, peer);
}

/* The same; most receives know more. */
static noinline void set_without_source(const struct sock *sk, struct st_peer *peer)
{
	set_unknown(sk, peer);
}
NOKPROBE_SYMBOL(set_without_source);

/**
 * st_source_unknown() - let @remote be what the socket alone tells of whom it receives from
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of_receiver() or st_peer_of(), just now
 *
 * Enough for a call that received nothing.
 *
 * Context: a handler; takes no lock.
 */
void st_source_unknown(struct socket *sock, struct st_peer *peer)
{
	set_without_source(READ_ONCE(sock->sk), peer);
}
NOKPROBE_SYMBOL(st_source_unknown);

/*
 * Only the process that a pair was made by is known without a name, so that of the
 * sender of a name is not.
 */
static void set_name(struct st_peer *peer, const struct sockaddr *name, int len)
{
	len = min_t(int, len, sizeof(peer->remote.storage));
	st_addr_set_len(&peer->remote, len);
	/* The usual length is copied without a loop. */
	if (likely(len == sizeof(peer->remote.in)))
		memcpy(&peer->remote.in, name, sizeof(peer->remote.in));
	else
		memcpy(&peer->remote.storage, name, len);
	peer->unnamed = NULL;
	if (peer->type == SOCK_DGRAM)
		peer->pid = 0;
}
NOKPROBE_SYMBOL(set_name);

static nokprobe_inline bool is_datagram(const struct st_peer *peer)
{
	return peer->type == SOCK_DGRAM && is_inet(peer);
}

/* A name that the kernel tells the caller is exact, and so is what was noted of a datagram. */
static noinline void set_any(const struct sock *sk, struct st_peer *peer,
			     const struct sockaddr *name, int len)
{
	if (name)
		set_name(peer, name, len);
	else if (!is_datagram(peer) || !take_noted(current, sk, &peer->remote))
		set_without_source(sk, peer);
	peer->flags = 0;
	st_peer_note_scope(sk, peer);
}
NOKPROBE_SYMBOL(set_any);

/* The usual name, of IPv4. */
static nokprobe_inline void set_name_in(struct st_peer *peer, const struct sockaddr *name)
{
	peer->remote.len = sizeof(peer->remote.in);
	memcpy(&peer->remote.in, name, sizeof(peer->remote.in));
	peer->flags = 0;
}

/**
 * st_source_set() - let @remote be who sent what a call has received
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of_receiver() or st_peer_of(), just now
 * @name: the source as the kernel tells the caller, in the kernel's memory; or NULL
 * @len: its length; 0 if there is none
 *
 * A stream has one source. A datagram's name is exact, and so is what was noted of it; the
 * socket's peer may be another, if it was connected when the datagram was there already. The
 * usual case calls nothing, so that no register has to be saved.
 *
 * Context: the return handler, the thread that received, after st_source_expect() if it
 * receives datagrams; takes no lock.
 */
void st_source_set(struct socket *sock, struct st_peer *peer, const struct sockaddr *name,
		   int len)
{
	const struct sock *sk = READ_ONCE(sock->sk);
	struct st_source_set *set = st_source_set_of(current);

	if (len <= 0)
		name = NULL;
	/* Nothing is noted of a family but IPv4 and IPv6, so it is not asked for. */
	if (peer->type == SOCK_DGRAM && !name && likely(take_first(set, sk, peer)))
		return;
	if (!sk || peer->type == SOCK_STREAM)
		return;
	if (name && is_datagram(peer))
		st_source_forget(set, current);
	if (likely(name && len == sizeof(struct sockaddr_in) && is_datagram(peer)))
		set_name_in(peer, name);
	else
		set_any(sk, peer, name, len);
}
NOKPROBE_SYMBOL(st_source_set);
