// SPDX-License-Identifier: GPL-2.0
/*
 * Writes records, including the payload, directly into the ring. Nothing here may sleep,
 * take a lock or wait for a page: preemption is off from the reservation to the commit.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "record.h"
#include "write.h"

/*
 * Reserves room for the event with its payload or, if the ring is too full, without it:
 * the event alone still shows who sent how much to whom. Then @len is 0 on return.
 */
static nokprobe_inline struct sendtrace_event *reserve(struct st_ring *ring, u32 fixed,
						       u32 *len, u64 time)
{
	struct sendtrace_event *slot;

	slot = st_ring_reserve(ring, fixed + st_padded(*len), time);
	if (unlikely(!slot) && *len) {
		*len = 0;
		slot = st_ring_reserve(ring, fixed, time);
	}
	return slot;
}

/* A call that failed sent nothing, so nothing of it is cut. */
static nokprobe_inline void count_captured(struct st_ring *ring,
					   const struct st_call *call, u32 bytes, u16 why)
{
	st_count(ring->count.hits, 1);
	st_count(ring->count.captured, 1);
	st_count(ring->count.bytes, bytes);
	if (unlikely(call->peer.flags & SENDTRACE_EVENT_EARLY))
		st_count(ring->count.early, 1);
	if (likely(why == SENDTRACE_WHY_COMPLETE) || call->ret < 0)
		return;
	st_count(ring->count.cut, 1);
	if (why == SENDTRACE_WHY_FAULT)
		st_count(ring->count.faults, 1);
}

static nokprobe_inline enum st_outcome lose(struct st_ring *ring)
{
	st_count(ring->count.hits, 1);
	st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
	return ST_WRITTEN;
}

/* Why bytes of it could not be read. */
static u16 why_unread(const struct st_call *call)
{
	if (call->ret < 0)
		return SENDTRACE_WHY_FAILED;
	return call->payload.kind == ST_PAYLOAD_NONE ? SENDTRACE_WHY_NOT_COPIED :
						       SENDTRACE_WHY_FAULT;
}
NOKPROBE_SYMBOL(why_unread);

static nokprobe_inline enum st_outcome
write_event(struct st_session *session, const struct st_call *call, struct st_part part)
{
	const struct st_addr *local = &call->peer.local, *remote = &call->peer.remote;
	u32 fixed = sizeof(struct sendtrace_event) + st_padded(local->len) +
		    st_padded(remote->len);
	struct st_ring *ring = session->rings[smp_processor_id()];
	struct sendtrace_event *slot;
	u32 len = part.len, got = 0;

	slot = reserve(ring, fixed, &len, part.time);
	if (unlikely(!slot))
		return lose(ring);
	if (unlikely(len < part.len))
		part.why = SENDTRACE_WHY_RING_FULL;
	st_write_addresses((u64 *)(slot + 1), local, remote);
	if (len)
		got = st_payload_copy((void *)slot + fixed, &call->payload, part.offset,
				      len);
	if (unlikely(got < len)) {
		if (!part.must)
			return ST_FAULTED;
		part.why = why_unread(call);
	}
	st_write_description(slot, call);
	slot->frag_len = part.offset;
	slot->cap_len = got;
	slot->why = part.why;
	count_captured(ring, call, part.offset + got, part.why);
	st_ring_commit(ring, &slot->rec, fixed + st_padded(got), 1);
	st_bell_ring(&session->bell);
	return ST_WRITTEN;
}

/**
 * st_record_call() - write the event of a call that returns, with its whole payload
 * @session: the session whose ring is written
 * @call: the call, with its addresses and its memory
 * @sent: bytes of payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN; ST_TOO_LONG if the payload is longer than a handler copies; ST_FAULTED
 * if it is not resident.
 */
enum st_outcome st_record_call(struct st_session *session, const struct st_call *call,
			       u64 sent)
{
	u64 want = st_record_wanted(session, sent);
	struct st_part part = {
		.time = call->exit_time,
		.len = want,
		.why = st_record_why(session, sent),
	};

	if (unlikely(want > session->inline_max))
		return ST_TOO_LONG;
	return write_event(session, call, part);
}
NOKPROBE_SYMBOL(st_record_call);

/**
 * st_record_event() - write an event with the last part of its payload
 * @session: the session whose ring is written
 * @call: the call, with its addresses and its memory
 * @part: the last part of the payload; the earlier ones were written as fragments
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN or, unless @part->must, ST_FAULTED.
 */
enum st_outcome st_record_event(struct st_session *session, const struct st_call *call,
				const struct st_part *part)
{
	return write_event(session, call, *part);
}
NOKPROBE_SYMBOL(st_record_event);

/* Why no more than @most bytes are copied, where nothing can be copied later. */
static u16 why_at_once(const struct st_session *session, u32 most)
{
	return most < session->inline_max ? SENDTRACE_WHY_INLINE_BOUND :
					    session->inline_why;
}
NOKPROBE_SYMBOL(why_at_once);

/* Return: how many bytes were copied, or could have been. */
static u32 write_share(struct st_session *session, const struct st_call *call, u64 sent,
		       u32 share, u16 why)
{
	u64 want = st_record_wanted(session, sent);
	u32 most = min(share, st_payload_lasts(&call->payload) ? session->inline_max :
								 session->chunk_max);
	struct st_part part = {
		.time = call->exit_time,
		.len = min_t(u64, want, most),
		.why = st_record_why(session, sent),
		.must = true,
	};

	if (want > most)
		part.why = why ?: why_at_once(session, most);
	write_event(session, call, part);
	return part.len;
}
NOKPROBE_SYMBOL(write_share);

/*
 * The sessions are served one after the other with preemption off, perhaps interrupts too, so
 * they share what may be copied in that time. Each may use an equal part of what is left. Many
 * little buffers take longer than their bytes do, so all see the same part of these.
 */
static void write_shares(const struct st_call *call, unsigned long sessions, u64 sent,
			 u32 budget, u16 why)
{
	struct st_session *session;
	u32 effort, within, share;

	if (!sessions)
		return;
	effort = max(budget, ST_IRQS_OFF_MAX) / hweight_long(sessions);
	within = st_payload_within(&call->payload, budget, effort);
	for (; sessions; sessions &= sessions - 1) {
		session = st_record_session_of(call, sessions);
		share = min_t(u32, within, budget / hweight_long(sessions));
		if (session)
			budget -= write_share(session, call, sent, share, why);
	}
}
NOKPROBE_SYMBOL(write_shares);

/**
 * st_record_at_once() - write a call to all sessions, where nothing can be copied later
 * @call: the call, with its addresses and its memory
 * @sent: bytes of payload
 * @budget: bytes of payload that all sessions together may copy
 *
 * Context: the calling thread, preemption off.
 */
void st_record_at_once(const struct st_call *call, u64 sent, u32 budget)
{
	write_shares(call, call->wanted, sent, budget, 0);
}
NOKPROBE_SYMBOL(st_record_at_once);

/**
 * st_record_now() - write a call to sessions whose record cannot wait for task work
 * @call: the call, with its addresses and its memory
 * @sessions: a bit for each of them
 * @sent: bytes of payload; ST_IRQS_OFF_MAX are copied at most
 * @why: enum sendtrace_why of what is cut
 *
 * Context: the calling thread, preemption off.
 */
void st_record_now(const struct st_call *call, unsigned long sessions, u64 sent, u16 why)
{
	u32 budget = call->payload.kind == ST_PAYLOAD_NONE ? 0 : ST_IRQS_OFF_MAX;

	write_shares(call, sessions, sent, budget, why);
}
NOKPROBE_SYMBOL(st_record_now);

/**
 * st_record_failed() - write the event of a call that failed, with a prefix of its payload
 * @session: the session whose ring is written
 * @call: the call, with its addresses and its memory
 * @most: bytes of payload at most; SENDTRACE_FAILED_MAX is a further limit
 * @why: enum sendtrace_why if bytes are missing
 *
 * A receive has none: what its buffer holds was not received.
 *
 * What is not resident is missing, too: the call may never have touched it, and the traced
 * program must not wait for pages that it does not wait for untraced.
 *
 * Context: the calling thread, preemption off.
 */
void st_record_failed(struct st_session *session, const struct st_call *call, u32 most,
		      u16 why)
{
	struct st_part part = { .time = call->exit_time, .must = true };
	u64 asked = call->type == SENDTRACE_RECORD_RECV ? 0 : call->len;

	most = min3(most, (u32)SENDTRACE_FAILED_MAX, session->inline_max);
	part.len = min_t(u64, st_record_wanted(session, asked), most);
	if (part.len < asked)
		part.why = why;
	write_event(session, call, part);
}
NOKPROBE_SYMBOL(st_record_failed);

/*
 * The largest event without payload. A fragment leaves that much room free, for the event
 * that reports how the payload ended.
 */
#define LARGEST_EVENT \
	(sizeof(struct sendtrace_event) + 2 * sizeof(struct sockaddr_storage))

/**
 * st_record_fragment() - write a part of a payload that is not the last one
 * @session: the session whose ring is written
 * @call: the call whose memory is copied
 * @part: the part of the payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN, ST_FAULTED, ST_FULL.
 */
enum st_outcome st_record_fragment(struct st_session *session, const struct st_call *call,
				   const struct st_part *part)
{
	struct st_ring *ring = session->rings[smp_processor_id()];
	u32 size = sizeof(struct sendtrace_fragment) + st_padded(part->len);
	struct sendtrace_fragment *slot;

	slot = st_ring_reserve(ring, size + LARGEST_EVENT, part->time);
	if (!slot)
		return ST_FULL;
	if (st_payload_copy(slot + 1, &call->payload, part->offset, part->len) <
	    part->len)
		return ST_FAULTED;
	slot->rec.header_size = sizeof(*slot);
	slot->rec.type = SENDTRACE_RECORD_FRAGMENT;
	slot->offset = part->offset;
	slot->tid = task_pid_nr(current);
	slot->cap_len = part->len;
	st_ring_commit(ring, &slot->rec, size, 0);
	st_bell_ring(&session->bell);
	return ST_WRITTEN;
}
NOKPROBE_SYMBOL(st_record_fragment);
