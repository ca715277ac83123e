// SPDX-License-Identifier: GPL-2.0
/*
 * The socket calls that are made inside a call of a TLS library: they tell its connection.
 *
 * Context: the handlers of the hooks: preemption off.
 */
#include <linux/ptrace.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <asm-generic/kprobes.h>

#include "call.h"
#include "compat.h"
#include "event.h"
#include "syscall.h"
#include "tls_bio.h"
#include "tls_note.h"
#include "tls_open.h"

/* ---- At the entry: the socket that is known ---------------------------------------------- */

/*
 * A stream of TCP may be connected again (connect(2), AF_UNSPEC), also to the same other end. While
 * another thread does so, any answer is right.
 */
static bool has_ends(const struct sock *sk, const struct st_peer *peer)
{
	const struct st_addr *remote = &peer->remote;
	u16 family = READ_ONCE(sk->sk_family);

	if (family == AF_UNIX)
		return true;
	/* The ports are at the same place in both families' addresses. */
	if (!remote->len || READ_ONCE(sk->sk_dport) != remote->in.sin_port ||
	    READ_ONCE(inet_sk(sk)->inet_sport) != peer->local.in.sin_port)
		return false;
	switch (family) {
	case AF_INET:
		return READ_ONCE(sk->sk_daddr) == remote->in.sin_addr.s_addr;
#if IS_ENABLED(CONFIG_IPV6)
	case AF_INET6:
		return ipv6_addr_equal(&sk->sk_v6_daddr, &remote->in6.sin6_addr);
#endif
	default:
		return false;
	}
}
NOKPROBE_SYMBOL(has_ends);

/*
 * Its bytes do not matter, and those of a receive are not there yet: all that they could tell is known.
 */
static bool note_known(struct st_tls_open *open, const void *what)
{
	const struct st_call *call = &open->call;
	struct socket *sock = (void *)what;
	const struct sock *sk = READ_ONCE(sock->sk);

	if (!open->is_known || call->peer.type != SOCK_STREAM || !sk ||
	    (u64)atomic64_read(&sk->sk_cookie) != call->peer.cookie ||
	    call->peer.inode != SOCK_INODE(sock)->i_ino || !has_ends(sk, &call->peer) ||
	    !st_syscall_has_fd(call->fd))
		return false;
	if (!open->candidates)
		open->candidates = 1;
	return true;
}
NOKPROBE_SYMBOL(note_known);

/**
 * st_tls_note_known() - a socket call begins: is it through the socket that is known?
 * @sock: the socket
 *
 * Most are, so that their returns need not be seen. A datagram may go somewhere else each time.
 *
 * Context: the function's entry; st_tls_is_watched().
 * Return: true if so: then it is noted.
 */
bool st_tls_note_known(struct socket *sock)
{
	return st_event_traces(sock) && st_tls_is_open() &&
	       st_tls_open_note(user_stack_pointer(task_pt_regs(current)), note_known,
				sock);
}
NOKPROBE_SYMBOL(st_tls_note_known);

/* ---- At the return: what was sent or received -------------------------------------------- */

/* The types of TLS records, and the major version: 3, or 254 of DTLS (RFC 8446, 9147). */
static bool begins_record(const struct st_call *call)
{
	u8 begin[SENDTRACE_ALIGN]; /* the copy is padded to that */

	if (call->ret < 2 || st_payload_copy(begin, &call->payload, 0, 2) < 2)
		return false;
	return begin[0] >= 20 && begin[0] <= 24 && (begin[1] == 3 || begin[1] == 254);
}
NOKPROBE_SYMBOL(begins_record);

/*
 * The kernel makes the records (kTLS), so what the library gives to the socket, or gets from it, is
 * text. The socket is held open until the function returns.
 */
static bool has_ktls(const struct st_call *call)
{
	const struct sock *sk = call->sock ? READ_ONCE(call->sock->sk) : NULL;
	const struct tcp_ulp_ops *ulp;

	if (!sk || sk->sk_protocol != IPPROTO_TCP || sk->sk_type != SOCK_STREAM ||
	    (sk->sk_family != AF_INET && sk->sk_family != AF_INET6))
		return false;
	ulp = READ_ONCE(inet_csk(sk)->icsk_ulp_ops);
	return ulp && ulp->name[0] == 't' && ulp->name[1] == 'l' && ulp->name[2] == 's' &&
	       !ulp->name[3];
}
NOKPROBE_SYMBOL(has_ktls);

static bool note_socket(struct st_tls_open *open, const void *what)
{
	const struct st_call *call = what;

	if (open->candidates && open->call.peer.inode == call->peer.inode)
		return false;
	if (++open->candidates > 1)
		return false;
	open->is_known = false;
	open->call.fd = call->fd;
	st_peer_copy(&open->call.peer, &call->peer);
	return true;
}
NOKPROBE_SYMBOL(note_socket);

/**
 * st_tls_note() - a socket call returns: is it one of a TLS library?
 * @call: complete; sessions may want it or not
 *
 * Context: the return handler of a hook; st_tls_is_watched().
 */
void st_tls_note(const struct st_call *call)
{
	if (call->async || !call->peer.inode ||
	    (call->type != SENDTRACE_RECORD_SEND &&
	     call->type != SENDTRACE_RECORD_RECV) ||
	    (!begins_record(call) && !has_ktls(call)) || st_tls_bio_note(call) ||
	    !st_tls_is_open())
		return;
	st_tls_open_note(user_stack_pointer(task_pt_regs(current)), note_socket, call);
}
NOKPROBE_SYMBOL(st_tls_note);
