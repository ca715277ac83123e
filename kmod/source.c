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
#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/net.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
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
 * slots are all taken does without.
 */
#define SLOT_BITS 8
#define SLOTS	  (1U << SLOT_BITS)
/* Neighbours in which a thread looks for a slot. */
#define CHAIN	  4
/* A slot that has been in use for so long was left behind. */
#define STALE_NS  (2ULL * NSEC_PER_SEC)

#define FREE 0UL
/* Somebody reads or writes it: only with preemption off, and nobody waits. */
#define BUSY 1UL

/**
 * struct slot - the source of a datagram that a thread has received
 * @owner: the thread, only to be compared; FREE or BUSY
 * @sk: the socket; likewise
 * @time: when it was noted; CLOCK_MONOTONIC
 * @len: bytes of the address
 * @in: the address, of IPv4
 * @in6: likewise, of IPv6
 */
struct slot {
	unsigned long owner;
	const struct sock *sk;
	u64 time;
	u16 len;
	union {
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
} ____cacheline_aligned_in_smp;

static struct slot slots[SLOTS];

static nokprobe_inline struct slot *slot_of(const void *owner, int i)
{
	return &slots[(hash_ptr(owner, SLOT_BITS) + i) % SLOTS];
}

static nokprobe_inline bool seize(struct slot *slot, unsigned long seen)
{
	return cmpxchg(&slot->owner, seen, BUSY) == seen;
}

/* A slot of its own is used again: it is of an earlier call. */
static nokprobe_inline struct slot *seize_free(const void *owner)
{
	struct slot *slot;
	unsigned long seen;
	int i;

	for (i = 0; i < CHAIN; i++) {
		slot = slot_of(owner, i);
		seen = READ_ONCE(slot->owner);
		if ((seen == FREE || seen == (unsigned long)owner) && seize(slot, seen))
			return slot;
	}
	return NULL;
}

/*
 * Its owner may use it again between the look at its time and the theft. Then that thread's
 * source is unknown: nobody is given a wrong one.
 */
static struct slot *steal(const void *owner, u64 now)
{
	struct slot *slot;
	unsigned long seen;
	int i;

	for (i = 0; i < CHAIN; i++) {
		slot = slot_of(owner, i);
		seen = READ_ONCE(slot->owner);
		if (seen != BUSY && READ_ONCE(slot->time) + STALE_NS < now &&
		    seize(slot, seen))
			return slot;
	}
	return NULL;
}
NOKPROBE_SYMBOL(steal);

/**
 * st_source_note() - note where a datagram came from, for the call that receives it
 * @owner: the thread
 * @sk: the socket that received it
 * @from: the source, of IPv4 or IPv6
 * @now: the time; CLOCK_MONOTONIC
 *
 * Context: the thread, preemption off; takes no lock.
 * Return: true, or false if there is no room.
 */
bool st_source_note(const void *owner, const struct sock *sk, const struct st_addr *from,
		    u64 now)
{
	struct slot *slot = seize_free(owner) ?: steal(owner, now);

	if (unlikely(!slot))
		return false;
	slot->sk = sk;
	WRITE_ONCE(slot->time, now);
	slot->len = from->len;
	if (from->len == sizeof(slot->in))
		slot->in = from->in;
	else
		slot->in6 = from->in6;
	/* The slot is complete for who seizes it. */
	smp_store_release(&slot->owner, (unsigned long)owner);
	return true;
}
NOKPROBE_SYMBOL(st_source_note);

/* Is it of this call? Tasks and sockets are freed, and others get their memory. */
static bool take_out(const struct slot *slot, const struct sock *sk, u64 since,
		     struct st_addr *from)
{
	if (slot->sk != sk || slot->time < since)
		return false;
	st_addr_set_len(from, slot->len);
	if (slot->len == sizeof(slot->in))
		from->in = slot->in;
	else
		from->in6 = slot->in6;
	return true;
}
NOKPROBE_SYMBOL(take_out);

/**
 * st_source_take() - find what st_source_note() noted in a call, and forget it
 * @owner: the thread
 * @sk: the socket
 * @since: when the call began: what was noted before is not of this call
 * @from: set to the source, if it is found
 *
 * Context: the thread, preemption off; takes no lock.
 * Return: true if it was found.
 */
bool st_source_take(const void *owner, const struct sock *sk, u64 since,
		    struct st_addr *from)
{
	bool found = false;
	struct slot *slot;
	int i;

	for (i = 0; i < CHAIN && !found; i++) {
		slot = slot_of(owner, i);
		if (READ_ONCE(slot->owner) != (unsigned long)owner ||
		    !seize(slot, (unsigned long)owner))
			continue;
		found = take_out(slot, sk, since, from);
		/* It was read before the next owner writes it. */
		smp_store_release(&slot->owner, FREE);
	}
	return found;
}
NOKPROBE_SYMBOL(st_source_take);

/* ---- What a datagram tells ------------------------------------------------------------- */

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

static nokprobe_inline void set_mapped(struct st_addr *addr, __be32 ip, __be16 port)
{
	struct in6_addr mapped;

	ipv6_addr_set_v4mapped(ip, &mapped);
	set_in6(addr, &mapped, port, 0);
}

/**
 * st_source_of_skb() - where a UDP datagram came from
 * @sk: the socket that has received it
 * @skb: the datagram
 * @from: set to what recvfrom() would tell (udp_recvmsg(), udpv6_recvmsg())
 *
 * Context: any; takes no lock.
 * Return: true, or false if it is of another protocol.
 */
bool st_source_of_skb(const struct sock *sk, const struct sk_buff *skb,
		      struct st_addr *from)
{
	__be16 port = udp_hdr(skb)->source;
	bool is_ipv4 = skb->protocol == htons(ETH_P_IP);

	switch (READ_ONCE(sk->sk_family)) {
	case AF_INET:
		if (is_ipv4)
			set_in(from, ip_hdr(skb)->saddr, port);
		return is_ipv4;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		if (is_ipv4)
			set_mapped(from, ip_hdr(skb)->saddr, port);
		else
			set_in6(from, &ipv6_hdr(skb)->saddr, port, inet6_iif(skb));
		return true;
#endif
	default:
		return false;
	}
}
NOKPROBE_SYMBOL(st_source_of_skb);

/* Not on the stack: many kernels would zero it in every call (INIT_STACK_ALL_ZERO). */
static DEFINE_PER_CPU(struct st_addr, noted);

/**
 * st_source_begins() - note the source of a datagram that is received
 * @call: not used
 * @regs: the registers at the entry of skb_consume_udp()
 *
 *	void skb_consume_udp(struct sock *sk, struct sk_buff *skb, int len)	(net/ipv4/udp.c)
 *
 * Of a datagram that is only looked at (MSG_PEEK), too.
 *
 * Context: the handler of a probe, the thread that receives.
 * Return: false: it is no call of its own.
 */
bool st_source_begins(struct st_call *call, struct pt_regs *regs)
{
	const struct sock *sk = (void *)regs_get_kernel_argument(regs, 0);
	const struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 1);
	struct st_addr *from = this_cpu_ptr(&noted);

	if (!sk->sk_kern_sock && st_source_of_skb(sk, skb, from))
		st_source_note(current, sk, from, ktime_get_ns());
	return false;
}
NOKPROBE_SYMBOL(st_source_begins);

/* ---- The source of a call -------------------------------------------------------------- */

static nokprobe_inline bool is_inet(const struct st_peer *peer)
{
	return peer->family == AF_INET || peer->family == AF_INET6;
}

/* Whom a socket is connected to; st_peer_of() tells where a datagram goes that it collects. */
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

/**
 * st_source_unknown() - let @remote be what the socket alone tells of whom it receives from
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 *
 * Enough for a call that received nothing.
 *
 * Context: a handler; takes no lock.
 */
void st_source_unknown(struct socket *sock, struct st_peer *peer)
{
	set_unknown(READ_ONCE(sock->sk), peer);
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
	memcpy(&peer->remote.storage, name, len);
	peer->unnamed = NULL;
	if (peer->type == SOCK_DGRAM)
		peer->pid = 0;
}
NOKPROBE_SYMBOL(set_name);

/**
 * st_source_set() - let @remote be who sent what a call has received
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 * @since: when the call began
 * @name: the source as the kernel tells the caller, in the kernel's memory; or NULL
 * @len: its length; 0 if there is none
 *
 * A stream has one source. A datagram's name is exact, and so is what was noted of it; the
 * socket's peer may be another, if it was connected when the datagram was there already.
 *
 * Context: the return handler, the thread that received; takes no lock.
 */
void st_source_set(struct socket *sock, struct st_peer *peer, u64 since,
		   const struct sockaddr *name, int len)
{
	const struct sock *sk = READ_ONCE(sock->sk);

	set_unknown(sk, peer);
	if (!sk || peer->type == SOCK_STREAM)
		return;
	/* Even if there is a name: so its slot is free again. */
	if (is_inet(peer) && peer->type == SOCK_DGRAM)
		st_source_take(current, sk, since, &peer->remote);
	if (name && len > 0)
		set_name(peer, name, len);
	peer->flags = 0;
	st_peer_note_scope(sk, peer);
}
NOKPROBE_SYMBOL(st_source_set);
