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

static struct st_ring *this_ring(const struct st_session *session)
{
	return session->rings[smp_processor_id()];
}
NOKPROBE_SYMBOL(this_ring);

static bool session_wants(const struct st_session *session, u32 event,
			  const struct st_caller *caller)
{
	const struct st_filter *filter = rcu_dereference_sched(session->filter);

	return (session->events & event) && session->reader != caller->pid &&
	       (!filter || st_filter_match(filter, caller));
}
NOKPROBE_SYMBOL(session_wants);

/**
 * st_event_wanted() - which sessions record a call that is just being made
 * @event: one of SENDTRACE_EVENTS_*
 *
 * For the others it is counted as filtered.
 *
 * Context: the entry handler.
 * Return: a bit for each session, as in st_running_mask.
 */
unsigned long st_event_wanted(u32 event)
{
	unsigned long mask = READ_ONCE(st_running_mask);
	struct st_caller caller = {
		.pid = task_tgid_nr(current),
		.comm = current->comm,
		/* Preemption is off, so an exec() cannot free the leader under us. */
		.process = current->group_leader->comm,
	};
	unsigned long wanted = 0;
	struct st_session *session;
	int slot;

	while ((session = st_next_running(&mask, &slot))) {
		if (session_wants(session, event, &caller)) {
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
static void complete_local_address(struct st_call *call)
{
	struct st_peer now;

	if (!st_peer_is_unbound(&call->peer))
		return;
	look_up_peer(call->fd, &now);
	if (now.inode == call->peer.inode)
		call->peer.local = now.local;
}
NOKPROBE_SYMBOL(complete_local_address);

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

/* ---- What every session's record says --------------------------------------------- */

static void describe_caller(struct sendtrace_event *event)
{
	event->pid = task_tgid_nr(current);
	event->tid = task_pid_nr(current);
	event->uid = from_kuid_munged(&init_user_ns, current_euid());
	strscpy_pad(event->comm, current->comm, sizeof(event->comm));
	strscpy_pad(event->process, current->group_leader->comm, sizeof(event->process));
}
NOKPROBE_SYMBOL(describe_caller);

static void describe_call(struct sendtrace_event *event, const struct st_call *call,
			  int ret)
{
	event->rec.header_size = sizeof(*event);
	event->rec.time = ktime_get_ns();
	event->enter_time = call->enter_time;
	event->exit_time = event->rec.time;
	event->len = call->len;
	event->ret = ret;
	event->fd = call->fd;
	event->flags = call->flags;
	event->addr_len = call->addr_len;
}
NOKPROBE_SYMBOL(describe_call);

static void describe_peer(struct sendtrace_event *event, const struct st_peer *peer)
{
	event->inode = peer->inode;
	event->peer_pid = peer->pid;
	event->event_flags = peer->from_call ? SENDTRACE_EVENT_PEER_FROM_CALL : 0;
	event->family = peer->family;
	event->sock_type = peer->type;
	event->protocol = peer->protocol;
	event->local_len = peer->local.len;
	event->peer_len = peer->remote.len;
}
NOKPROBE_SYMBOL(describe_peer);

/* ---- Long payloads ----------------------------------------------------------------- */

/* Of the payload, a session wants so much. */
static u64 wanted_of(const struct st_session *session, u64 sent)
{
	return min_t(u64, sent, session->snaplen);
}
NOKPROBE_SYMBOL(wanted_of);

static u16 why_of(const struct st_session *session, u64 sent)
{
	return sent > session->snaplen ? SENDTRACE_WHY_SNAPLEN : SENDTRACE_WHY_COMPLETE;
}
NOKPROBE_SYMBOL(why_of);

/* A session that still runs and wanted this call; not one that got its slot since. */
static struct st_session *session_of(const struct st_call *call, int slot)
{
	struct st_session *session = rcu_dereference_sched(st_running[slot]);

	return session && session->since <= call->enter_time ? session : NULL;
}
NOKPROBE_SYMBOL(session_of);

/*
 * One session's next chunk: a fragment, or, where that is the rest, the event itself. An
 * event that cannot have all it should ends where it is.
 */
static enum st_outcome write_chunk(struct st_deferred *late, struct st_session *session,
				   int slot, struct st_part part)
{
	u64 rest = wanted_of(session, late->sent) - part.offset;
	enum st_outcome outcome;

	late->event.rec.time = ktime_get_ns();
	if (rest <= part.len) {
		part.len = rest;
		part.why = why_of(session, late->sent);
	} else {
		outcome =
			st_record_fragment(session, &late->event.rec, &late->call, part);
		if (outcome == ST_WRITTEN || (outcome == ST_FAULTED && !part.must))
			return outcome;
		part.why = SENDTRACE_WHY_FAULT;
		if (outcome == ST_FULL) {
			part.why = SENDTRACE_WHY_RING_FULL;
			part.len = 0;
		}
	}
	outcome = st_record_event(session, late->event, &late->call, part);
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
			if (tries && current->mm && late->event.ret >= 0)
				fault_in_readable(late->call.buf + part.offset, part.len);
			todo = write_to(late, todo, part);
		}
		part.must = true;
		write_to(late, todo, part);
		part.offset += part.len;
	}
}

static bool defer(const struct st_call *call, const struct sendtrace_event *event,
		  u64 sent, unsigned long late)
{
	struct st_deferred *deferred = st_defer_get();

	if (!deferred)
		return false;
	deferred->call = *call;
	deferred->call.wanted = late;
	deferred->event = *event;
	deferred->sent = sent;
	deferred->finish = finish_late;
	return st_defer_queue(deferred);
}
NOKPROBE_SYMBOL(defer);

/* ---- The call returns --------------------------------------------------------------- */

/* @must: there is no later, so an event gets what can be copied now. */
static enum st_outcome record_now(struct st_session *session, const struct st_call *call,
				  const struct sendtrace_event *event, u64 sent,
				  bool must)
{
	u64 want = wanted_of(session, sent);
	struct st_part part = {
		.len = want,
		.why = why_of(session, sent),
		.must = must,
	};

	if (want > session->inline_max) {
		if (!must)
			return ST_FAULTED;
		part.len = session->inline_max;
		part.why = ST_CAN_DEFER ? SENDTRACE_WHY_NO_WORK : session->inline_why;
	}
	return st_record_event(session, *event, call, part);
}
NOKPROBE_SYMBOL(record_now);

/* Returns the sessions that have to be served later. */
static unsigned long record_for(unsigned long sessions, const struct st_call *call,
				const struct sendtrace_event *event, u64 sent, bool must)
{
	struct st_session *session;
	unsigned long late = 0;
	int slot;

	for (; sessions; sessions &= sessions - 1) {
		slot = __ffs(sessions);
		session = session_of(call, slot);
		if (session && record_now(session, call, event, sent, must) == ST_FAULTED)
			late |= BIT(slot);
	}
	return late;
}
NOKPROBE_SYMBOL(record_for);

static void record_for_all(const struct st_call *call,
			   const struct sendtrace_event *event, u64 sent)
{
	unsigned long late;

	late = record_for(call->wanted, call, event, sent, !ST_CAN_DEFER);
	if (late && !defer(call, event, sent, late))
		record_for(late, call, event, sent, true);
}
NOKPROBE_SYMBOL(record_for_all);

/**
 * st_event_sent() - record a send() or sendto() that returns
 * @call: filled in at its entry, wanted by somebody
 * @ret: bytes, or a negative errno
 *
 * Context: the return handler.
 */
void st_event_sent(struct st_call *call, int ret)
{
	struct sendtrace_event event = { .rec.type = SENDTRACE_RECORD_SEND };

	/* Not at the entry: only now is it sure that the caller's page is there. */
	if (call->addr)
		st_peer_sent_to(&call->peer, call->addr, call->addr_len);
	complete_local_address(call);
	describe_call(&event, call, ret);
	describe_caller(&event);
	describe_peer(&event, &call->peer);
	record_for_all(call, &event, ret < 0 ? call->len : min_t(u64, ret, call->len));
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
	struct sendtrace_event event = { .rec.type = SENDTRACE_RECORD_ACCEPT };

	if (ret >= 0)
		look_up_peer(ret, &call->peer);
	describe_call(&event, call, ret);
	describe_caller(&event);
	describe_peer(&event, &call->peer);
	record_for_all(call, &event, 0);
}
NOKPROBE_SYMBOL(st_event_accepted);
