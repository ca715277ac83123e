// SPDX-License-Identifier: GPL-2.0
/* The end of a call: its record, for every session that wants it. */
#include <linux/bitops.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "deliver.h"
#include "late.h"
#include "pool.h"
#include "record.h"
#include "running.h"
#include "session.h"
#include "tls_note.h"
#include "tls_open.h"
#include "write.h"

/* For the sessions that could not be served at the return. */
static noinline void record_late(const struct st_call *call, u64 sent, unsigned long late)
{
	if (!st_late_record(call, sent, late))
		st_record_now(call, late, sent, SENDTRACE_WHY_NO_WORK);
}
NOKPROBE_SYMBOL(record_late);

/*
 * Nothing can be copied later: io_uring tells its caller that the buffer is free before task
 * work runs, and pages are released when the function has returned.
 */
static noinline void record_only_now(const struct st_call *call, u64 sent)
{
	u16 why = SENDTRACE_WHY_INLINE_BOUND;

	if (call->payload.kind == ST_PAYLOAD_NONE)
		why = SENDTRACE_WHY_NOT_COPIED;
	else if (call->async)
		why = SENDTRACE_WHY_ASYNC;
	st_record_now(call, call->wanted, sent, why);
}
NOKPROBE_SYMBOL(record_only_now);

/* By RCU, like current's css_set: preemption is off. */
static nokprobe_inline u64 cgroup_of_current(void)
{
#ifdef CONFIG_CGROUPS
	return rcu_dereference_sched(current->cgroups)->dfl_cgrp->kn->id;
#else
	return 0;
#endif
}

/* TCP: the socket was described before it took these bytes. Others have no sequence number. */
static nokprobe_inline void note_sent(struct st_call *call)
{
	struct st_peer *peer = &call->peer;

	if (peer->write_seq && call->type == SENDTRACE_RECORD_SEND && call->ret > 0) {
		peer->write_seq += call->ret;
		peer->position += call->ret;
	}
}

/* The initial user namespace maps each uid to itself. */
static nokprobe_inline void call_ended(struct st_call *call)
{
	call->exit_time = ktime_get_ns();
	call->cgroup = cgroup_of_current();
	call->caller.tid = task_pid_nr(current);
	call->uid = __kuid_val(current_euid());
}

/*
 * So many sessions record any payload now, and the others only a short one, so that all of
 * them together copy at most ST_IRQS_OFF_MAX twice.
 */
#define NOW_SESSIONS (ST_IRQS_OFF_MAX / ST_INLINE_MAX)
#define SHORT_MAX    (ST_IRQS_OFF_MAX / ST_MAX_RUNNING)

/* Also what is too long, not resident, or finds the ring full. */
static noinline void record_for_many(const struct st_call *call, u64 sent)
{
	unsigned long sessions = call->wanted, late = 0;
	struct st_session *session;
	unsigned int nr = 0;

	for (; sessions; sessions &= sessions - 1, nr++) {
		session = st_record_session_of(call, sessions);
		if (unlikely(!session))
			continue;
		if (unlikely(nr >= NOW_SESSIONS &&
			     st_payload_effort(&call->payload, sent) > SHORT_MAX) ||
		    unlikely(st_record_call(session, call, sent) != ST_WRITTEN))
			late |= sessions & -sessions;
	}
	if (unlikely(late))
		record_late(call, sent, late);
}
NOKPROBE_SYMBOL(record_for_many);

/* Most often one session wants a call, and gets all of it. */
static nokprobe_inline void record_for_all(const struct st_call *call, u64 sent)
{
	unsigned long sessions = call->wanted;
	struct st_session *session;

	if (unlikely(call->async) || unlikely(!st_payload_lasts(&call->payload))) {
		record_only_now(call, sent);
		return;
	}
	if (!ST_CAN_DEFER) {
		st_record_at_once(call, sent, st_session_at_once_max());
		return;
	}
	if (unlikely(!sessions || sessions & (sessions - 1))) {
		record_for_many(call, sent);
		return;
	}
	session = st_record_session_of(call, sessions);
	if (likely(session) && unlikely(!st_write_whole(session, call, sent)))
		record_for_many(call, sent);
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
 * How much of a call that failed each session copies, one after the other: an equal part of what
 * all may, of the bytes and of the buffers.
 */
static u32 most_of_failed(const struct st_call *call)
{
	u32 sessions = hweight_long(call->wanted);
	u32 share = min(ST_IRQS_OFF_MAX, st_session_at_once_max()) / sessions;

	return st_payload_within(&call->payload, min_t(u32, share, SENDTRACE_FAILED_MAX),
				 ST_IRQS_OFF_MAX / sessions);
}
NOKPROBE_SYMBOL(most_of_failed);

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
		most = most_of_failed(call);
		why = SENDTRACE_WHY_FAILED;
	}
	for (; sessions; sessions &= sessions - 1) {
		session = st_record_session_of(call, sessions);
		if (session)
			st_record_failed(session, call, most, why);
	}
}
NOKPROBE_SYMBOL(record_failed);

static void finish_failed(struct st_deferred *deferred)
{
	preempt_disable();
	record_failed(&deferred->call);
	preempt_enable();
}

/* System calls that make several calls here. io_uring's and those of splice() never wait. */
#define MAKE_SEVERAL                                          \
	(SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDMMSG) |        \
	 SENDTRACE_CALL_BIT(SENDTRACE_CALL_RECVMMSG) |        \
	 SENDTRACE_CALL_BIT(SENDTRACE_CALL_IO_SUBMIT_WRITE) | \
	 SENDTRACE_CALL_BIT(SENDTRACE_CALL_IO_SUBMIT_READ))

/*
 * Once one of them waits for task work, those after it have to wait, too, or they would
 * overtake it. One does so all the same if no object is left for it (pool.c): its record says
 * so. To finish the waiting ones first would take a time that nothing bounds: a handler cannot
 * wait for their pages, and there may be a thousand of them.
 */
static nokprobe_inline bool must_wait(const struct st_call *call)
{
	/* The mask changes nothing: with it, UBSAN does not check the shift in every call. */
	return ST_CAN_DEFER &&
	       unlikely(SENDTRACE_CALL_BIT(call->id % 64) & MAKE_SEVERAL) &&
	       st_pool_is_waiting();
}

static noinline void deliver_failed(struct st_call *call)
{
	if (must_wait(call)) {
		if (st_late_after(call, finish_failed))
			return;
		call->peer.flags |= SENDTRACE_EVENT_EARLY;
	}
	record_failed(call);
}
NOKPROBE_SYMBOL(deliver_failed);

static noinline void deliver_waiting(struct st_call *call, u64 sent)
{
	if (st_late_record(call, sent, call->wanted))
		return;
	call->peer.flags |= SENDTRACE_EVENT_EARLY;
	st_record_now(call, call->wanted, sent, SENDTRACE_WHY_NO_WORK);
}
NOKPROBE_SYMBOL(deliver_waiting);

/**
 * st_deliver() - record a call that returns
 * @call: complete but for what only its return tells
 * @type: enum sendtrace_record_type
 * @ret: what it returned: bytes or another success, or a negative errno
 * @payload: bytes of payload, if it did not fail
 *
 * Context: a handler, the calling thread.
 */
void st_deliver(struct st_call *call, u16 type, long ret, u64 payload)
{
	/* First, so that these need not be kept while the clock is read. */
	call->ret = ret;
	call->type = type;
	call_ended(call);
	if (unlikely(st_tls_is_watched()))
		st_tls_note(call);
	if (unlikely(!call->wanted))
		return;
	note_sent(call);
	if (unlikely(call->ret < 0))
		deliver_failed(call);
	else if (must_wait(call))
		deliver_waiting(call, payload);
	else if (ST_CAN_DEFER && unlikely(call->peer.unnamed) && call->fd >= 0 &&
		 st_payload_lasts(&call->payload))
		record_late(call, payload, call->wanted);
	else
		record_for_all(call, payload);
}
NOKPROBE_SYMBOL(st_deliver);
