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
#include "peer.h"
#include "syscall.h"
#include "tls_bio.h"
#include "tls_note.h"
#include "tls_open.h"

/* ---- At the entry: the socket that is known ---------------------------------------------- */

/*
 * Its bytes do not matter, and those of a receive are not there yet: all that they could tell is known.
 */
static bool note_known(struct st_tls_open *open, const void *what)
{
	struct socket *sock = (void *)what;

	if (!open->is_known || !st_peer_is_stream(&open->call.peer, sock) ||
	    !st_syscall_has_fd(open->call.fd))
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
