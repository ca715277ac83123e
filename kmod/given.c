// SPDX-License-Identifier: GPL-2.0
/*
 * The address that a call gives, and what the kernel makes of it: whether it is where the
 * call sends to is decided by the socket's kind, as in the sendmsg() functions that the
 * comments name.
 */
#include <linux/bpf-cgroup.h>
#include <linux/cgroup.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/uaccess.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "given.h"
#include "peer.h"

#if IS_ENABLED(CONFIG_CGROUP_BPF)
static bool has_program(struct sock *sk, int type)
{
	const struct cgroup *cgroup = sock_cgroup_ptr(&sk->sk_cgrp_data);
	const struct bpf_prog_array *programs;

	programs = rcu_dereference_sched(cgroup->bpf.effective[type]);
	return programs && READ_ONCE(programs->items[0].prog);
}
NOKPROBE_SYMBOL(has_program);

/*
 * A program of the socket's cgroup may change where a datagram goes (BPF_CGROUP_UDP4_SENDMSG).
 * The kernel lets it write over its own copy of the address, which nobody else sees.
 */
static bool may_be_redirected(struct sock *sk, const struct st_peer *peer)
{
	if (peer->type != SOCK_DGRAM)
		return false;
	if (peer->family == AF_INET || peer->family == AF_INET6)
		return has_program(sk, CGROUP_UDP4_SENDMSG) ||
		       has_program(sk, CGROUP_UDP6_SENDMSG);
	return ST_CAN_REDIRECT_UNIX && peer->family == AF_UNIX &&
	       has_program(sk, CGROUP_UNIX_SENDMSG);
}
NOKPROBE_SYMBOL(may_be_redirected);
#else
static bool may_be_redirected(struct sock *sk, const struct st_peer *peer)
{
	return false;
}
#endif

/* As the kernel takes it: without what follows the struct. 0.0.0.0 becomes another one. */
static u16 take_in(struct st_addr *given)
{
	if (given->len < sizeof(given->in))
		return SENDTRACE_EVENT_PEER_ASKED;
	st_addr_set_len(given, sizeof(given->in)); /* zeroes sin_zero */
	given->in.sin_family = AF_INET;
	return given->in.sin_addr.s_addr ? 0 : SENDTRACE_EVENT_PEER_ASKED;
}
NOKPROBE_SYMBOL(take_in);

/* The interface that is used where a link-local address names none (udpv6_sendmsg()). */
static int scope_of_socket(const struct sock *sk, const struct in6_addr *ip)
{
	int scope = READ_ONCE(sk->sk_bound_dev_if);
#if IS_ENABLED(CONFIG_IPV6)
	const struct ipv6_pinfo *np = inet6_sk(sk);

	if (!scope && np)
		scope = READ_ONCE(np->sticky_pktinfo.ipi6_ifindex);
	if (!scope && np)
		scope = ipv6_addr_is_multicast(ip) ? READ_ONCE(np->mcast_oif) :
						     READ_ONCE(np->ucast_oif);
#endif
	return scope;
}
NOKPROBE_SYMBOL(scope_of_socket);

/* The same for IPv6; of an address without sin6_scope_id (RFC 2133), too. */
static u16 take_in6(const struct sock *sk, struct st_addr *given)
{
	const struct in6_addr *ip = &given->in6.sin6_addr;
	int scope = 0;

	if (given->len < SIN6_LEN_RFC2133)
		return SENDTRACE_EVENT_PEER_ASKED;
	if (given->len >= sizeof(given->in6))
		scope = given->in6.sin6_scope_id;
	st_addr_set_len(given, sizeof(given->in6)); /* zeroes the scope */
	if (!scope && sk)
		scope = scope_of_socket(sk, ip);
	given->in6.sin6_family = AF_INET6;
	given->in6.sin6_scope_id = ipv6_iface_scope_id(ip, scope);
	return ipv6_addr_any(ip) || (ipv6_addr_v4mapped(ip) && !ip->s6_addr32[3]) ?
		       SENDTRACE_EVENT_PEER_ASKED :
		       0;
}
NOKPROBE_SYMBOL(take_in6);

/*
 * An address that sockets of this kind refuse stays as it was asked for: the call fails.
 * Family 0 is taken as IPv4 by IPv4 sockets, and as IPv6 by raw IPv6 sockets
 * (udp_sendmsg(), raw_sendmsg(), rawv6_sendmsg()).
 */
static u16 take(const struct sock *sk, const struct st_peer *peer, struct st_addr *given)
{
	u16 family = given->any.sa_family;
	bool raw = peer->type == SOCK_RAW;

	if (peer->family == AF_INET && (family == AF_INET || family == AF_UNSPEC))
		return take_in(given);
	if (peer->family == AF_INET6 && family == AF_INET && !raw)
		return take_in(given);
	if (peer->family == AF_INET6 &&
	    (family == AF_INET6 || (family == AF_UNSPEC && raw)))
		return take_in6(sk, given);
	if (peer->family == AF_INET || peer->family == AF_INET6)
		return SENDTRACE_EVENT_PEER_ASKED;
	/* The frame has its own destination (packet_snd()). */
	if (peer->family == AF_PACKET && raw)
		return SENDTRACE_EVENT_PEER_ASKED;
	/* unix_validate_addr() */
	if (peer->family == AF_UNIX &&
	    (family != AF_UNIX || given->len <= offsetof(struct sockaddr_un, sun_path) ||
	     given->len > sizeof(given->un)))
		return SENDTRACE_EVENT_PEER_ASKED;
	return 0;
}
NOKPROBE_SYMBOL(take);

/* @sk is NULL at the return. */
static void use_given(const struct sock *sk, struct st_peer *peer, struct st_addr *given)
{
	/* No address for udpv6_sendmsg(). */
	if (given->any.sa_family == AF_UNSPEC && peer->family == AF_INET6 &&
	    peer->type == SOCK_DGRAM) {
		peer->flags &= SENDTRACE_EVENT_PEER_INIT_NET;
		return;
	}
	peer->flags &= ~SENDTRACE_EVENT_PEER_INIT_NET;
	peer->flags |= SENDTRACE_EVENT_PEER_FROM_CALL | take(sk, peer, given);
	peer->remote.len = given->len;
	memcpy(&peer->remote.storage, &given->storage, ALIGN(given->len, sizeof(u64)));
	peer->pid = 0; /* it belongs to the connected peer, not to this address */
}
NOKPROBE_SYMBOL(use_given);

/* Of a length that the kernel refuses (move_addr_to_kernel()), there is nothing to read. */
static bool is_refused(struct st_peer *peer, int addr_len)
{
	if (addr_len >= (int)sizeof(sa_family_t) &&
	    addr_len <= (int)sizeof(struct sockaddr_storage))
		return false;
	peer->remote.len = 0;
	peer->flags = 0;
	return true;
}
NOKPROBE_SYMBOL(is_refused);

/* Returns false if the address is not resident. @sk is NULL at the return. */
static bool read_given(const struct sock *sk, struct st_peer *peer,
		       const void __user *addr, int addr_len)
{
	struct st_addr given;

	if (is_refused(peer, addr_len))
		return true;
	st_addr_set_len(&given, addr_len);
	if (copy_from_user_nofault(&given.storage, addr, addr_len))
		return false;
	use_given(sk, peer, &given);
	return true;
}
NOKPROBE_SYMBOL(read_given);

/*
 * A connected stream ignores the address, and so does AF_UNIX's seqpacket, connected or not
 * (unix_seqpacket_sendmsg()). An address without any bytes is none for most sockets
 * (raw_sendmsg(), unix_dgram_sendmsg()); those that look at the pointer refuse it.
 */
static bool uses_address_of_call(const struct st_peer *peer, int addr_len)
{
	if (peer->type == SOCK_STREAM)
		return !peer->remote.len;
	if (peer->family == AF_UNIX && peer->type == SOCK_SEQPACKET)
		return false;
	return addr_len || peer->family == AF_INET6 ||
	       (peer->family == AF_INET && peer->type == SOCK_DGRAM);
}
NOKPROBE_SYMBOL(uses_address_of_call);

/* A stream that this call connects knows its peer at the return. */
static void judge_given(struct sock *sk, struct st_peer *peer)
{
	if (peer->type == SOCK_STREAM || may_be_redirected(sk, peer))
		peer->flags |= SENDTRACE_EVENT_PEER_ASKED;
	st_peer_note_scope(sk, peer);
}
NOKPROBE_SYMBOL(judge_given);

/**
 * st_given_read() - use the address that sendto() was given, if it is the destination
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 * @addr: the address, in the caller's memory
 * @addr_len: its length
 *
 * Called at the entry, because another thread may change the address while the call sleeps.
 * If its page is not resident, the destination is unknown until st_given_read_late(), and
 * the flag SENDTRACE_EVENT_PEER_LATE is set.
 *
 * Context: the calling task, preemption off; takes no lock.
 */
void st_given_read(struct socket *sock, struct st_peer *peer, const void __user *addr,
		   int addr_len)
{
	struct sock *sk = READ_ONCE(sock->sk);

	if (unlikely(!sk) || !uses_address_of_call(peer, addr_len))
		return;
	peer->unnamed = NULL; /* it does not go to the connected peer */
	/* Another thread may have begun a datagram after st_peer_of() looked. */
	if (st_peer_set_pending(sk, peer))
		return;
	if (!read_given(sk, peer, addr, addr_len)) {
		peer->remote.len = 0;
		peer->pid = 0;
		peer->flags |= SENDTRACE_EVENT_PEER_LATE;
	} else if (!(peer->flags & SENDTRACE_EVENT_PEER_FROM_CALL)) {
		return;
	}
	judge_given(sk, peer);
}
NOKPROBE_SYMBOL(st_given_read);

/**
 * st_given_note() - use the address that a message has, if it is the destination
 * @sock: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 * @addr: the address, in the kernel's memory
 * @addr_len: its length
 *
 * Context: the calling task, preemption off; takes no lock.
 */
void st_given_note(struct socket *sock, struct st_peer *peer, const void *addr,
		   int addr_len)
{
	struct sock *sk = READ_ONCE(sock->sk);
	struct st_addr given;

	if (unlikely(!sk) || !uses_address_of_call(peer, addr_len))
		return;
	peer->unnamed = NULL; /* it does not go to the connected peer */
	if (st_peer_set_pending(sk, peer) || is_refused(peer, addr_len))
		return;
	st_addr_set_len(&given, addr_len);
	memcpy(&given.storage, addr, addr_len);
	use_given(sk, peer, &given);
	if (peer->flags & SENDTRACE_EVENT_PEER_FROM_CALL)
		judge_given(sk, peer);
}
NOKPROBE_SYMBOL(st_given_note);

/**
 * st_given_read_late() - read at the return what was not resident at the entry
 * @peer: as st_given_read() left it
 * @addr: the address, in the caller's memory
 * @addr_len: its length
 *
 * Context: the calling task, page faults enabled or disabled; takes no lock.
 */
void st_given_read_late(struct st_peer *peer, const void __user *addr, int addr_len)
{
	if (!(peer->flags & SENDTRACE_EVENT_PEER_LATE))
		return;
	if (!read_given(NULL, peer, addr, addr_len) || !peer->remote.len)
		peer->flags = 0;
}
NOKPROBE_SYMBOL(st_given_read_late);

/*
 * What connect() makes of an address. AF_UNSPEC: the socket is to be disconnected. Whatever
 * the socket's peer was, it is not where this call goes.
 */
static void use_target(const struct sock *sk, struct st_peer *peer,
		       struct st_addr *target)
{
	peer->flags = SENDTRACE_EVENT_PEER_FROM_CALL;
	if (target->any.sa_family != AF_UNSPEC)
		peer->flags |= take(sk, peer, target);
	peer->remote.len = target->len;
	memcpy(&peer->remote.storage, &target->storage, ALIGN(target->len, sizeof(u64)));
	if (sk)
		st_peer_note_scope(sk, peer);
}
NOKPROBE_SYMBOL(use_target);

static void forget_peer(struct st_peer *peer)
{
	peer->unnamed = NULL;
	peer->pid = 0;
	peer->flags = 0;
	peer->remote.len = 0;
}
NOKPROBE_SYMBOL(forget_peer);

/**
 * st_given_connect() - use the address that connect() was given
 * @sk: the socket that @peer describes; NULL at the return
 * @peer: from st_peer_of(), just now, or as an earlier call left it
 * @addr: the address, in the caller's memory
 * @addr_len: its length
 *
 * If its page is not resident, the flag SENDTRACE_EVENT_PEER_LATE is set: then it is to be
 * called again when the call returns.
 *
 * Context: the calling task, preemption off; takes no lock.
 */
void st_given_connect(const struct sock *sk, struct st_peer *peer,
		      const void __user *addr, int addr_len)
{
	struct st_addr target;
	u32 late = peer->flags & SENDTRACE_EVENT_PEER_LATE;

	forget_peer(peer);
	if (is_refused(peer, addr_len))
		return;
	st_addr_set_len(&target, addr_len);
	if (!copy_from_user_nofault(&target.storage, addr, addr_len)) {
		use_target(sk, peer, &target);
		peer->flags |= late;
	} else if (sk) {
		peer->flags = SENDTRACE_EVENT_PEER_LATE;
	}
}
NOKPROBE_SYMBOL(st_given_connect);

/**
 * st_given_connect_kernel() - the same for an address in the kernel's memory
 * @sk: the socket that @peer describes
 * @peer: from st_peer_of(), just now
 * @addr: the address
 * @addr_len: its length
 *
 * Context: the calling task, preemption off; takes no lock.
 */
void st_given_connect_kernel(const struct sock *sk, struct st_peer *peer,
			     const void *addr, int addr_len)
{
	struct st_addr target;

	forget_peer(peer);
	if (is_refused(peer, addr_len))
		return;
	st_addr_set_len(&target, addr_len);
	memcpy(&target.storage, addr, addr_len);
	use_target(sk, peer, &target);
}
NOKPROBE_SYMBOL(st_given_connect_kernel);
