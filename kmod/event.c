// SPDX-License-Identifier: GPL-2.0
/*
 * From the call to the record. Everything here runs in the calling thread, inside a
 * kretprobe's handler: preemption off, interrupts perhaps off too (5.10, arm64), other
 * probes' handlers not run. So: no lock, no allocation, no wake-up, no printk, and no
 * page fault that would wait. What needs more is deferred: finish_late().
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/pagemap.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "defer.h"
#include "event.h"
#include "peer.h"
#include "record.h"
#include "session.h"

static nokprobe_inline struct st_ring *this_ring(const struct st_session *session)
{
	return session->rings[smp_processor_id()];
}

static nokprobe_inline bool session_wants(const struct st_session *session, u32 event,
					  const struct st_caller *caller)
{
	const struct st_filter *filter = rcu_dereference_sched(session->filter);

	return (session->events & event) && session->reader != caller->pid &&
	       (!filter || st_filter_match(filter, caller));
}

static nokprobe_inline void identify(struct st_caller *caller)
{
	/* Preemption is off, so an exec() cannot free the leader under us. */
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
 * Sets who calls, and returns a bit for each session that records it, as in
 * st_running_mask. For the others it is counted as filtered.
 */
static nokprobe_inline unsigned long who_wants(u32 event, struct st_caller *caller)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	unsigned long wanted = 0;
	struct st_session *session;

	identify(caller);
	for (; mask; mask &= mask - 1) {
		session = st_running_of(mask);
		if (unlikely(!session))
			continue;
		if (session_wants(session, event, caller))
			wanted |= mask & -mask;
		else
			count_filtered(this_ring(session));
	}
	return wanted;
}

/* ---- Who it goes to ------------------------------------------------------------------ */

/*
 * A thread that shares its descriptors with no other need take no reference, as in any
 * system call: nobody else can close it. Where one is taken, the last is dropped later, by
 * task work.
 */
static nokprobe_inline void look_up_peer(unsigned int fd, struct st_peer *peer)
{
	struct fd f = fdget(fd);
	struct socket *sock = NULL;

	if (fd_file(f))
		sock = sock_from_file(fd_file(f));
	if (sock)
		st_peer_of(sock, peer);
	else
		st_peer_clear(peer);
	fdput(f);
}

/*
 * A socket that was not bound is given its address by the first send. Asked for again only
 * then, and believed only of the same socket. A function of its own, since many kernels zero
 * what it has on the stack (INIT_STACK_ALL_ZERO).
 */
static noinline void complete_local_address(struct st_call *call)
{
	struct st_peer now;

	look_up_peer(call->fd, &now);
	if (now.inode == call->peer.inode)
		call->peer.local = now.local;
}
NOKPROBE_SYMBOL(complete_local_address);

/* ---- The call begins ---------------------------------------------------------------- */

/* When, and on which socket. Somebody wants it. */
static nokprobe_inline void note_entry(struct st_call *call)
{
	st_name_end(&call->caller.comm);
	st_name_end(&call->caller.process);
	look_up_peer(call->fd, &call->peer);
	call->enter_time = ktime_get_ns();
}

/**
 * st_event_send_begins() - note a call of __sys_sendto(), if any session wants it
 * @call: filled in, if so; else nobody may look at it
 * @regs: those of its entry
 *
 *	int __sys_sendto(int fd, void __user *buff, size_t len, unsigned int flags,
 *			 struct sockaddr __user *addr, int addr_len)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: false if nobody wants it.
 */
bool st_event_send_begins(struct st_call *call, struct pt_regs *regs)
{
	unsigned long wanted = who_wants(SENDTRACE_EVENTS_SEND, &call->caller);

	if (!wanted)
		return false;
	call->wanted = wanted;
	call->fd = (int)regs_get_kernel_argument(regs, 0);
	call->buf = (void __user *)regs_get_kernel_argument(regs, 1);
	call->len = regs_get_kernel_argument(regs, 2);
	call->flags = (u32)regs_get_kernel_argument(regs, 3);
	call->addr = (void __user *)regs_get_kernel_argument(regs, 4);
	call->addr_len = (int)regs_get_kernel_argument(regs, 5);
	note_entry(call);
	return true;
}
NOKPROBE_SYMBOL(st_event_send_begins);

/**
 * st_event_accept_begins() - note a call of __sys_accept4(), if any session wants it
 * @call: filled in, if so; else nobody may look at it
 * @regs: those of its entry
 *
 *	int __sys_accept4(int fd, struct sockaddr __user *upeer_sockaddr,
 *			  int __user *upeer_addrlen, int flags)	(net/socket.c)
 *
 * Context: the entry handler.
 * Return: false if nobody wants it.
 */
bool st_event_accept_begins(struct st_call *call, struct pt_regs *regs)
{
	unsigned long wanted = who_wants(SENDTRACE_EVENTS_ACCEPT, &call->caller);

	if (!wanted)
		return false;
	call->wanted = wanted;
	call->fd = (int)regs_get_kernel_argument(regs, 0);
	call->buf = NULL;
	call->len = 0;
	call->flags = (u32)regs_get_kernel_argument(regs, 3);
	call->addr = NULL;
	call->addr_len = 0;
	note_entry(call);
	return true;
}
NOKPROBE_SYMBOL(st_event_accept_begins);

/* ---- Long payloads ----------------------------------------------------------------- */

/*
 * The session of the lowest bit, where it still runs and wanted this call; not one that got
 * the bit since.
 */
static nokprobe_inline struct st_session *session_of(const struct st_call *call,
						     unsigned long mask)
{
	struct st_session *session = st_running_of(mask);

	return session && session->since <= call->enter_time ? session : NULL;
}

/*
 * One session's next chunk: a fragment, or, where that is the rest, the event itself. An
 * event that cannot have all it should ends where it is.
 */
static enum st_outcome write_chunk(struct st_deferred *late, struct st_session *session,
				   unsigned long bit, struct st_part part)
{
	u64 rest = st_record_wanted(session, late->sent) - part.offset;
	enum st_outcome outcome;

	part.time = ktime_get_ns();
	if (rest <= part.len) {
		part.len = rest;
		part.why = st_record_why(session, late->sent);
	} else {
		outcome = st_record_fragment(session, &late->call, &part);
		if (outcome == ST_WRITTEN || (outcome == ST_FAULTED && !part.must))
			return outcome;
		part.why = SENDTRACE_WHY_FAULT;
		if (outcome == ST_FULL) {
			part.why = SENDTRACE_WHY_RING_FULL;
			part.len = 0;
		}
	}
	outcome = st_record_event(session, &late->call, &part);
	if (outcome == ST_WRITTEN)
		late->call.wanted &= ~bit;
	return outcome;
}

/* Returns the sessions for which a page was not there. */
static unsigned long write_to(struct st_deferred *late, unsigned long sessions,
			      struct st_part part)
{
	unsigned long faulted = 0, bit;
	struct st_session *session;

	for (; sessions; sessions &= sessions - 1) {
		bit = sessions & -sessions;
		preempt_disable();
		session = session_of(&late->call, sessions);
		if (!session)
			late->call.wanted &= ~bit;
		else if (write_chunk(late, session, bit, part) == ST_FAULTED)
			faulted |= bit;
		preempt_enable();
		cond_resched();
	}
	return faulted;
}

/* The least of what the sessions can take at a time: they are kept in step. */
static u32 chunk_for(const struct st_deferred *late)
{
	unsigned long sessions = late->call.wanted;
	struct st_session *session;
	u32 chunk = ST_CHUNK_MAX;

	preempt_disable();
	for (; sessions; sessions &= sessions - 1) {
		session = session_of(&late->call, sessions);
		if (session)
			chunk = min(chunk, session->chunk_max);
	}
	preempt_enable();
	return chunk;
}

/*
 * Tries to get a page that often. Once is enough, unless memory is so short that it goes
 * again before it is copied.
 */
#define FAULT_TRIES 4

/*
 * Called in the thread before it goes on, preemptible: see defer.c. Page faults are taken
 * between two tries, never between the reservation of a record and its commit, or one slow
 * page would hold up all that this CPU records.
 *
 * Only pages that the call itself has read are brought back. Of a call that failed they may
 * never have been touched: to read them in would make the traced program wait for what it
 * does not wait for by itself.
 */
static void finish_late(struct st_deferred *late)
{
	struct st_part part = {};
	unsigned long todo;
	int tries;

	while (late->call.wanted) {
		part.len = min_t(u64, chunk_for(late), late->sent - part.offset);
		part.must = false;
		todo = late->call.wanted;
		for (tries = 0; todo && tries < FAULT_TRIES; tries++) {
			/* Nothing would be different. */
			if (tries && (!current->mm || late->call.ret < 0))
				break;
			if (tries)
				fault_in_readable(late->call.buf + part.offset, part.len);
			todo = write_to(late, todo, part);
		}
		part.must = true;
		write_to(late, todo, part);
		part.offset += part.len;
	}
}

static bool defer(const struct st_call *call, u64 sent, unsigned long late)
{
	struct st_deferred *deferred = st_defer_get();

	if (!deferred)
		return false;
	deferred->call = *call;
	deferred->call.wanted = late;
	deferred->sent = sent;
	deferred->finish = finish_late;
	return st_defer_queue(deferred);
}
NOKPROBE_SYMBOL(defer);

/* ---- The call returns --------------------------------------------------------------- */

/*
 * Returns the sessions that have to be served later. @must: there is no later, so an event
 * gets what can be copied now.
 */
static nokprobe_inline unsigned long
record_for(unsigned long sessions, const struct st_call *call, u64 sent, bool must)
{
	struct st_session *session;
	unsigned long late = 0;

	for (; sessions; sessions &= sessions - 1) {
		session = session_of(call, sessions);
		if (session && st_record_call(session, call, sent, must) == ST_FAULTED)
			late |= sessions & -sessions;
	}
	return late;
}

static noinline void record_late(const struct st_call *call, u64 sent, unsigned long late)
{
	if (!defer(call, sent, late))
		record_for(late, call, sent, true);
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
}

static nokprobe_inline void record_for_all(const struct st_call *call, u64 sent)
{
	unsigned long late;

	late = record_for(call->wanted, call, sent, !ST_CAN_DEFER);
	if (unlikely(late))
		record_late(call, sent, late);
}

/**
 * st_event_sent() - record a send() or sendto() that returns
 * @call: filled in at its entry, wanted by somebody
 * @ret: bytes, or a negative errno
 *
 * Context: the return handler.
 */
void st_event_sent(struct st_call *call, int ret)
{
	/* Not at the entry: only now is it sure that the caller's page is there. */
	if (call->addr)
		st_peer_sent_to(&call->peer, call->addr, call->addr_len);
	if (unlikely(st_peer_is_unbound(&call->peer)))
		complete_local_address(call);
	call_ended(call, SENDTRACE_RECORD_SEND, ret);
	record_for_all(call, ret < 0 ? call->len : min_t(u64, ret, call->len));
}
NOKPROBE_SYMBOL(st_event_sent);

/**
 * st_event_accepted() - record an accept() or accept4() that returns
 * @call: filled in at its entry, wanted by somebody
 * @ret: the new descriptor, or a negative errno: then the listening socket is described
 *
 * Context: the return handler.
 */
void st_event_accepted(struct st_call *call, int ret)
{
	if (ret >= 0)
		look_up_peer(ret, &call->peer);
	call_ended(call, SENDTRACE_RECORD_ACCEPT, ret);
	record_for_all(call, 0);
}
NOKPROBE_SYMBOL(st_event_accepted);
