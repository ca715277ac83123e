// SPDX-License-Identifier: GPL-2.0
/*
 * From the call to the record. Everything here runs in the calling thread, inside a
 * kretprobe's handler: preemption off, interrupts perhaps off too (5.10, arm64), other
 * probes' handlers not run. So: no lock, no allocation, no wake-up, no printk, and no
 * page fault that would wait.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <asm-generic/kprobes.h>

#include "event.h"
#include "peer.h"
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

/* ---- Writing it ------------------------------------------------------------------- */

static u32 padded(u32 len)
{
	return ALIGN(len, SENDTRACE_ALIGN);
}
NOKPROBE_SYMBOL(padded);

/* Copies and pads with zeroes; what is padding is never left as it was. */
static void *put(void *to, const void *from, u32 len)
{
	memcpy(to, from, len);
	memset(to + len, 0, padded(len) - len);
	return to + padded(len);
}
NOKPROBE_SYMBOL(put);

/*
 * The kernel has just read these pages, so a copy that does not wait for a fault succeeds
 * but in the rarest case. What it gets before a fault counts.
 */
static u32 put_payload(void *to, const void __user *from, u32 len)
{
	unsigned long left = len;

	if (current->mm && access_ok(from, len)) {
		pagefault_disable();
		left = __copy_from_user_inatomic(to, from, len);
		pagefault_enable();
	}
	len -= left;
	memset(to + len, 0, padded(len) - len);
	return len;
}
NOKPROBE_SYMBOL(put_payload);

static void count_record(struct st_ring *ring, const struct sendtrace_event *event)
{
	st_count(ring->count.captured, 1);
	st_count(ring->count.bytes, event->cap_len);
	if (event->why != SENDTRACE_WHY_COMPLETE)
		st_count(ring->count.cut, 1);
	if (event->why == SENDTRACE_WHY_FAULT)
		st_count(ring->count.faults, 1);
}
NOKPROBE_SYMBOL(count_record);

/*
 * Room for the event with its payload, or, where the ring is too full for that, without:
 * who sent how much to whom is worth more than nothing. @event's cap_len and why are
 * updated.
 */
static struct sendtrace_event *reserve(struct st_ring *ring,
				       struct sendtrace_event *event, u32 fixed)
{
	struct sendtrace_event *slot;

	slot = st_ring_reserve(ring, fixed + padded(event->cap_len), event->rec.time);
	if (!slot && event->cap_len) {
		event->cap_len = 0;
		event->why = SENDTRACE_WHY_RING_FULL;
		slot = st_ring_reserve(ring, fixed, event->rec.time);
	}
	return slot;
}
NOKPROBE_SYMBOL(reserve);

/* @event is this session's own copy from here on: its limits change it. */
static void record(struct st_session *session, struct sendtrace_event event, u64 sent,
		   const struct st_call *call)
{
	u32 fixed = sizeof(event) + padded(event.local_len) + padded(event.peer_len);
	struct st_ring *ring = this_ring(session);
	struct sendtrace_event *slot;
	void *at;
	u32 got;

	event.cap_len = min_t(u64, sent, session->payload_max);
	event.why = event.cap_len < sent ? session->payload_why : SENDTRACE_WHY_COMPLETE;

	st_count(ring->count.hits, 1);
	slot = reserve(ring, &event, fixed);
	if (!slot) {
		st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
		return;
	}
	at = put(slot + 1, &call->peer.local.storage, event.local_len);
	at = put(at, &call->peer.remote.storage, event.peer_len);
	if (event.cap_len) {
		got = put_payload(at, call->buf, event.cap_len);
		if (got < event.cap_len)
			event.why = SENDTRACE_WHY_FAULT;
		event.cap_len = got;
	}
	event.rec.size = fixed + padded(event.cap_len);
	event.rec.seq = slot->rec.seq;
	event.rec.cpu = slot->rec.cpu;
	*slot = event;
	count_record(ring, &event);
	st_ring_commit(ring, &slot->rec);
	st_bell_ring(&session->bell);
}
NOKPROBE_SYMBOL(record);

/*
 * A session that started after the call began is passed over: the call was wanted by
 * another one that had the same slot before it.
 */
static void record_for_all(const struct st_call *call,
			   const struct sendtrace_event *event, u64 sent)
{
	unsigned long mask = call->wanted;
	struct st_session *session;
	int slot;

	while ((session = st_next_running(&mask, &slot)))
		if (session->since <= call->enter_time)
			record(session, *event, sent, call);
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
	record_for_all(call, &event, ret < 0 ? call->len : ret);
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
