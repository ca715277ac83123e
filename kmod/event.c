// SPDX-License-Identifier: GPL-2.0
/*
 * The story of a call, from its entry to its record. Everything here runs in the calling
 * thread, inside a kretprobe handler: preemption off, interrupts perhaps off too (5.10,
 * arm64), and the handlers of other probes do not run meanwhile. So: no lock that is waited
 * for, no allocation, no wake-up, no printk, and no page fault that would wait. What needs any
 * of these is left to task work (late.c).
 */
#include <linux/bitops.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/indirect_call_wrapper.h>
#include <linux/net.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "event.h"
#include "given.h"
#include "hook.h"
#include "late.h"
#include "peer.h"
#include "record.h"
#include "running.h"
#include "session.h"
#include "share.h"

static nokprobe_inline struct st_ring *this_ring(const struct st_session *session)
{
	return session->rings[smp_processor_id()];
}

static nokprobe_inline bool session_wants(const struct st_session *session, u32 event,
					  const struct st_caller *caller)
{
	const struct st_rules *rules = rcu_dereference_sched(session->rules);

	/* The tracer last: most calls of others do not match, and pay nothing for it. */
	return (session->events & event) && st_rules_match(rules, caller) &&
	       session->tracer != task_tgid(current);
}

static nokprobe_inline void identify(struct st_caller *caller)
{
	/* Preemption is off, so an exec() cannot free the leader meanwhile. */
	const struct task_struct *leader = current->group_leader;

	caller->pid = task_tgid_nr(current);
	st_name_read(&caller->comm, current->comm);
	st_name_read(&caller->process, leader->comm);
}

static nokprobe_inline void count_filtered(struct st_ring *ring)
{
	st_count(ring->count.hits, 1);
	st_count(ring->count.filtered, 1);
}

/*
 * Fills in the caller, and returns a bit for each session that records the call, as in
 * st_running_mask. The other sessions count it as filtered.
 */
static nokprobe_inline unsigned long who_wants(u32 event, struct st_caller *caller)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	unsigned long rest, wanted = 0;
	struct st_session *session;

	identify(caller);
	for (; mask; mask = rest) {
		rest = mask & (mask - 1);
		session = st_running_of(mask);
		if (unlikely(!session))
			continue;
		if (session_wants(session, event, caller))
			wanted |= mask ^ rest;
		else
			count_filtered(this_ring(session));
	}
	return wanted;
}

/* ---- The socket ---------------------------------------------------------------------- */

/*
 * Like any system call, takes no reference if the thread shares its descriptors with no
 * other: then no one else can close the file. If one is taken, and is the last to be
 * dropped, the kernel closes the file later, in task work.
 *
 * @given: a call that begins, whose address may be the destination; else NULL
 */
static nokprobe_inline void look_up_peer(unsigned int fd, struct st_peer *peer,
					 const struct st_call *given)
{
	struct fd f = fdget(fd);
	struct socket *sock = NULL;

	if (fd_file(f))
		sock = sock_from_file(fd_file(f));
	if (sock) {
		st_peer_of(sock, peer);
		if (given)
			st_given_read(sock, peer, given->addr, given->addr_len);
	} else {
		st_peer_clear(peer);
	}
	fdput(f);
}

/* Not inline, so that a call without an address pays for none of this. */
static noinline void look_up_destination(struct st_call *call)
{
	look_up_peer(call->fd, &call->peer, call);
}
NOKPROBE_SYMBOL(look_up_destination);

/* A stream that was not connected at the entry, and a call with an address. */
static nokprobe_inline bool asks_to_connect(const struct st_peer *peer)
{
	return peer->type == SOCK_STREAM && peer->flags & SENDTRACE_EVENT_PEER_ASKED;
}

/*
 * The first send of an unbound socket gives it a local address, and one that connects (TCP
 * fast open) a peer. So the addresses are read again then, unless the descriptor has become
 * another socket. Not inline: many kernels zero the local variables of a function
 * (INIT_STACK_ALL_ZERO), and few calls need these.
 */
static noinline void complete_addresses(struct st_call *call)
{
	struct st_peer now;

	look_up_peer(call->fd, &now, NULL);
	if (now.inode != call->peer.inode)
		return;
	call->peer.local = now.local;
	if (asks_to_connect(&call->peer) && now.remote.len) {
		call->peer.remote = now.remote;
		call->peer.flags = now.flags;
	}
}
NOKPROBE_SYMBOL(complete_addresses);

/* ---- The call begins ---------------------------------------------------------------- */

/**
 * st_event_send_begins() - read the arguments of __sys_sendto()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int __sys_sendto(int fd, void __user *buff, size_t len, unsigned int flags,
 *			 struct sockaddr __user *addr, int addr_len)	(net/socket.c)
 *
 * Context: the entry handler.
 */
void st_event_send_begins(struct st_call *call, struct pt_regs *regs)
{
	call->fd = (int)regs_get_kernel_argument(regs, 0);
	call->payload.buf = (void __user *)regs_get_kernel_argument(regs, 1);
	call->len = regs_get_kernel_argument(regs, 2);
	call->flags = (u32)regs_get_kernel_argument(regs, 3);
	call->addr = (void __user *)regs_get_kernel_argument(regs, 4);
	call->addr_len = (int)regs_get_kernel_argument(regs, 5);
}
NOKPROBE_SYMBOL(st_event_send_begins);

/**
 * st_event_accept_begins() - read the arguments of __sys_accept4()
 * @call: the call
 * @regs: the registers at its entry
 *
 *	int __sys_accept4(int fd, struct sockaddr __user *upeer_sockaddr,
 *			  int __user *upeer_addrlen, int flags)	(net/socket.c)
 *
 * Context: the entry handler.
 */
void st_event_accept_begins(struct st_call *call, struct pt_regs *regs)
{
	call->fd = (int)regs_get_kernel_argument(regs, 0);
	call->payload.buf = NULL;
	call->len = 0;
	call->flags = (u32)regs_get_kernel_argument(regs, 3);
	call->addr = NULL;
	call->addr_len = 0;
}
NOKPROBE_SYMBOL(st_event_accept_begins);

/*
 * Not inline, so that a call that no session records does not save the registers that this
 * needs: the processes that are not traced pay for every instruction before it.
 */
static noinline int note_call(struct st_call *call, struct pt_regs *regs)
{
	INDIRECT_CALL_1(call->hook->begin, st_event_send_begins, call, regs);
	st_name_end(&call->caller.comm);
	st_name_end(&call->caller.process);
	if (unlikely(call->addr))
		look_up_destination(call);
	else
		look_up_peer(call->fd, &call->peer, NULL);
	call->enter_time = ktime_get_ns();
	return !st_share_take(call->hook->share, &call->account);
}
NOKPROBE_SYMBOL(note_call);

/**
 * st_event_begin() - note a call, if any session records it
 * @call: filled in if so; else its content is undefined
 * @hook: the hook that saw it
 * @regs: the registers at the function's entry
 *
 * Context: the entry handler.
 * Return: what the entry handler returns: 0, or 1 if no session records the call, or if its user
 * has too many calls already.
 */
int st_event_begin(struct st_call *call, const struct st_hook *hook, struct pt_regs *regs)
{
	unsigned long wanted;

	call->hook = hook;
	wanted = who_wants(hook->events, &call->caller);
	if (likely(!wanted))
		return 1;
	call->wanted = wanted;
	return note_call(call, regs);
}
NOKPROBE_SYMBOL(st_event_begin);

/* ---- The call returns --------------------------------------------------------------- */

/* For the sessions that could not be served at the return. */
static noinline void record_late(const struct st_call *call, u64 sent, unsigned long late)
{
	if (!st_late_record(call, sent, late))
		st_record_now(call, late, sent);
}
NOKPROBE_SYMBOL(record_late);

/* The initial user namespace maps each uid to itself. */
static nokprobe_inline void call_ended(struct st_call *call, u16 type, int ret)
{
	call->exit_time = ktime_get_ns();
	call->ret = ret;
	call->type = type;
	call->caller.tid = task_pid_nr(current);
	call->uid = __kuid_val(current_euid());
	st_share_give(call->hook->share, &call->account);
}

/*
 * So many sessions record any payload now, and the others only a short one, so that all of
 * them together copy at most ST_IRQS_OFF_MAX twice.
 */
#define NOW_SESSIONS (ST_IRQS_OFF_MAX / ST_INLINE_MAX)
#define SHORT_MAX    (ST_IRQS_OFF_MAX / ST_MAX_RUNNING)

static nokprobe_inline void record_for_all(const struct st_call *call, u64 sent)
{
	unsigned long sessions = call->wanted, late = 0;
	struct st_session *session;
	unsigned int nr = 0;

	if (!ST_CAN_DEFER) {
		st_record_at_once(call, sent, st_session_at_once_max());
		return;
	}
	for (; sessions; sessions &= sessions - 1, nr++) {
		session = st_record_session_of(call, sessions);
		if (unlikely(!session))
			continue;
		if (unlikely(nr >= NOW_SESSIONS && sent > SHORT_MAX) ||
		    unlikely(st_record_call(session, call, sent) != ST_WRITTEN))
			late |= sessions & -sessions;
	}
	if (unlikely(late))
		record_late(call, sent, late);
}

/*
 * Will the call be made again, by the caller or by the kernel? A datagram that EAGAIN refuses
 * is often dropped instead.
 */
static bool comes_again(const struct st_call *call)
{
	u16 type = call->peer.type;

	switch (-call->ret) {
	case EINTR:
	case ERESTARTSYS:
	case ERESTARTNOINTR:
	case ERESTARTNOHAND:
	case ERESTART_RESTARTBLOCK:
		return true;
	case EAGAIN:
		return type == SOCK_STREAM || type == SOCK_SEQPACKET;
	default:
		return false;
	}
}
NOKPROBE_SYMBOL(comes_again);

/*
 * Nothing was sent, so little of the payload is copied, and nothing late: a slow client's
 * server may be refused thousands of times a second, for the same megabyte.
 */
static noinline void record_failed(const struct st_call *call)
{
	unsigned long sessions = call->wanted;
	u16 why = SENDTRACE_WHY_AGAIN;
	struct st_session *session;
	u32 most = 0;

	if (!comes_again(call)) {
		most = min(ST_IRQS_OFF_MAX, st_session_at_once_max()) /
		       hweight_long(sessions);
		why = SENDTRACE_WHY_FAILED;
	}
	for (; sessions; sessions &= sessions - 1) {
		session = st_record_session_of(call, sessions);
		if (session)
			st_record_failed(session, call, most, why);
	}
}
NOKPROBE_SYMBOL(record_failed);

/**
 * st_event_sent() - record a send() or sendto() that returns
 * @call: filled in at its entry, wanted by at least one session
 * @value: what the function returned: an int, bytes or a negative errno
 *
 * Context: the return handler.
 */
void st_event_sent(struct st_call *call, long value)
{
	int ret = (int)value;

	if (unlikely(st_peer_is_unbound(&call->peer)) ||
	    unlikely(asks_to_connect(&call->peer)))
		complete_addresses(call);
	if (unlikely(call->peer.flags))
		st_given_read_late(&call->peer, call->addr, call->addr_len);
	call_ended(call, SENDTRACE_RECORD_SEND, ret);
	if (unlikely(ret < 0))
		record_failed(call);
	else if (ST_CAN_DEFER && unlikely(call->peer.unnamed))
		record_late(call, min_t(u64, ret, call->len), call->wanted);
	else
		record_for_all(call, min_t(u64, ret, call->len));
}
NOKPROBE_SYMBOL(st_event_sent);

/**
 * st_event_accepted() - record an accept() or accept4() that returns
 * @call: filled in at its entry, wanted by at least one session
 * @value: what the function returned: an int, the new descriptor or a negative errno; if it
 *	failed, the listening socket is described
 *
 * Context: the return handler.
 */
void st_event_accepted(struct st_call *call, long value)
{
	int ret = (int)value;

	if (ret >= 0)
		look_up_peer(ret, &call->peer, NULL);
	call_ended(call, SENDTRACE_RECORD_ACCEPT, ret);
	record_for_all(call, 0);
}
NOKPROBE_SYMBOL(st_event_accepted);
