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
	st_name_set(&caller->comm, current->comm);
	if (leader == current)
		caller->process = caller->comm;
	else
		st_name_set(&caller->process, leader->comm);
}

/**
 * st_event_wanted() - which sessions record a call that is just being made
 * @event: one of SENDTRACE_EVENTS_*
 * @caller: set to who makes it
 *
 * For the others it is counted as filtered.
 *
 * Context: the entry handler.
 * Return: a bit for each session, as in st_running_mask.
 */
unsigned long st_event_wanted(u32 event, struct st_caller *caller)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	unsigned long wanted = 0;
	struct st_session *session;
	int slot;

	identify(caller);
	while ((session = st_next_running(&mask, &slot))) {
		if (session_wants(session, event, caller)) {
			wanted |= BIT(slot);
		} else {
			st_count(this_ring(session)->count.hits, 1);
			st_count(this_ring(session)->count.filtered, 1);
		}
	}
	return wanted;
}
NOKPROBE_SYMBOL(st_event_wanted);

/* ---- Who it goes to ------------------------------------------------------------------ */

static void look_up_peer(int fd, struct st_peer *peer)
{
	struct socket *sock;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock) {
		st_peer_clear(peer);
		return;
	}
	st_peer_of(sock, peer);
	sockfd_put(sock); /* the last reference is dropped later, by task work */
}
NOKPROBE_SYMBOL(look_up_peer);

/*
 * A socket that was not bound is given its address by the first send. Asked for again only
 * then, and believed only of the same socket.
 */
static nokprobe_inline void complete_local_address(struct st_call *call)
{
	struct st_peer now;

	if (!st_peer_is_unbound(&call->peer))
		return;
	look_up_peer(call->fd, &now);
	if (now.inode == call->peer.inode)
		call->peer.local = now.local;
}

/**
 * st_event_began() - note when a call began, and on which socket
 * @call: its descriptor is set, and somebody wants it
 *
 * Context: the entry handler.
 */
void st_event_began(struct st_call *call)
{
	look_up_peer(call->fd, &call->peer);
	call->enter_time = ktime_get_ns();
}
NOKPROBE_SYMBOL(st_event_began);

/* ---- Long payloads ----------------------------------------------------------------- */

/* Of the payload, a session wants so much. */
static nokprobe_inline u64 wanted_of(const struct st_session *session, u64 sent)
{
	return min_t(u64, sent, session->snaplen);
}

static nokprobe_inline u16 why_of(const struct st_session *session, u64 sent)
{
	return sent > session->snaplen ? SENDTRACE_WHY_SNAPLEN : SENDTRACE_WHY_COMPLETE;
}

/* A session that still runs and wanted this call; not one that got its slot since. */
static nokprobe_inline struct st_session *session_of(const struct st_call *call, int slot)
{
	struct st_session *session = rcu_dereference_sched(st_running[slot]);

	return session && session->since <= call->enter_time ? session : NULL;
}

/*
 * One session's next chunk: a fragment, or, where that is the rest, the event itself. An
 * event that cannot have all it should ends where it is.
 */
static enum st_outcome write_chunk(struct st_deferred *late, struct st_session *session,
				   int slot, struct st_part part)
{
	u64 rest = wanted_of(session, late->sent) - part.offset;
	enum st_outcome outcome;

	part.time = ktime_get_ns();
	if (rest <= part.len) {
		part.len = rest;
		part.why = why_of(session, late->sent);
	} else {
		outcome = st_record_fragment(session, &late->call, part);
		if (outcome == ST_WRITTEN || (outcome == ST_FAULTED && !part.must))
			return outcome;
		part.why = SENDTRACE_WHY_FAULT;
		if (outcome == ST_FULL) {
			part.why = SENDTRACE_WHY_RING_FULL;
			part.len = 0;
		}
	}
	outcome = st_record_event(session, &late->call, part);
	if (outcome == ST_WRITTEN)
		late->call.wanted &= ~BIT(slot);
	return outcome;
}

/* Returns the sessions for which a page was not there. */
static unsigned long write_to(struct st_deferred *late, unsigned long sessions,
			      struct st_part part)
{
	unsigned long faulted = 0;
	struct st_session *session;
	int slot;

	for (; sessions; sessions &= sessions - 1) {
		slot = __ffs(sessions);
		preempt_disable();
		session = session_of(&late->call, slot);
		if (!session)
			late->call.wanted &= ~BIT(slot);
		else if (write_chunk(late, session, slot, part) == ST_FAULTED)
			faulted |= BIT(slot);
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
		session = session_of(&late->call, __ffs(sessions));
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

/* @must: there is no later, so an event gets what can be copied now. */
static nokprobe_inline enum st_outcome
record_now(struct st_session *session, const struct st_call *call, u64 sent, bool must)
{
	u64 want = wanted_of(session, sent);
	struct st_part part = {
		.time = call->exit_time,
		.len = want,
		.why = why_of(session, sent),
		.must = must,
	};

	if (unlikely(want > session->inline_max)) {
		if (!must)
			return ST_FAULTED;
		part.len = session->inline_max;
		part.why = ST_CAN_DEFER ? SENDTRACE_WHY_NO_WORK : session->inline_why;
	}
	return st_record_event(session, call, part);
}

/* Returns the sessions that have to be served later. */
static unsigned long record_for(unsigned long sessions, const struct st_call *call,
				u64 sent, bool must)
{
	struct st_session *session;
	unsigned long late = 0;
	int slot;

	for (; sessions; sessions &= sessions - 1) {
		slot = __ffs(sessions);
		session = session_of(call, slot);
		if (session && record_now(session, call, sent, must) == ST_FAULTED)
			late |= BIT(slot);
	}
	return late;
}
NOKPROBE_SYMBOL(record_for);

/* The initial user namespace maps each uid to itself. */
static nokprobe_inline void call_ended(struct st_call *call, u16 type, int ret)
{
	call->exit_time = ktime_get_ns();
	call->ret = ret;
	call->type = type;
	call->tid = task_pid_nr(current);
	call->uid = __kuid_val(current_euid());
}

static nokprobe_inline void record_for_all(const struct st_call *call, u64 sent)
{
	unsigned long late;

	late = record_for(call->wanted, call, sent, !ST_CAN_DEFER);
	if (unlikely(late) && !defer(call, sent, late))
		record_for(late, call, sent, true);
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
