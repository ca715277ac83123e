// SPDX-License-Identifier: GPL-2.0
/*
 * Writes records straight into the ring, payload included. Nothing here may sleep, lock,
 * or wait for a page: preemption is off from the reservation to the commit.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm-generic/kprobes.h>

#include "event.h"
#include "record.h"
#include "session.h"

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
 * An architecture may give up before the byte that faults, since it loads many at a time
 * (arch/arm64/lib/copy_from_user.S): what is left of that byte's page is taken one by one.
 * Returns how many there were.
 */
static u32 copy_to_the_fault(u8 *to, const u8 __user *from, u32 len)
{
	u32 most = min_t(u32, len, PAGE_SIZE - offset_in_page(from));
	u32 got = 0;

	while (got < most && !__copy_from_user_inatomic(to + got, from + got, 1))
		got++;
	return got;
}
NOKPROBE_SYMBOL(copy_to_the_fault);

/*
 * The kernel has just read these pages, so a copy that does not wait for a fault succeeds
 * but in the rarest case. Returns how much it got before a fault.
 */
static u32 put_payload(void *to, const void __user *from, u32 len)
{
	u32 got = 0;

	/* No mm: the thread is exiting, and what is mapped here is not its memory. */
	if (current->mm && access_ok(from, len)) {
		pagefault_disable();
		got = len - __copy_from_user_inatomic(to, from, len);
		if (unlikely(got < len))
			got += copy_to_the_fault(to + got, from + got, len - got);
		pagefault_enable();
	}
	memset(to + got, 0, padded(got) - got);
	return got;
}
NOKPROBE_SYMBOL(put_payload);

static void count_record(struct st_ring *ring, const struct sendtrace_event *event)
{
	st_count(ring->count.captured, 1);
	st_count(ring->count.bytes, event->frag_len + event->cap_len);
	if (event->why != SENDTRACE_WHY_COMPLETE)
		st_count(ring->count.cut, 1);
	if (event->why == SENDTRACE_WHY_FAULT)
		st_count(ring->count.faults, 1);
}
NOKPROBE_SYMBOL(count_record);

static u32 fixed_size(const struct sendtrace_event *event)
{
	return sizeof(*event) + padded(event->local_len) + padded(event->peer_len);
}
NOKPROBE_SYMBOL(fixed_size);

/*
 * Room for the event with its payload, or, where the ring is too full for that, without:
 * who sent how much to whom is worth more than nothing. @event's cap_len and why are
 * updated.
 */
static struct sendtrace_event *reserve(struct st_ring *ring,
				       struct sendtrace_event *event)
{
	u32 fixed = fixed_size(event);
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

static void commit(struct st_session *session, struct st_ring *ring,
		   struct sendtrace_event *slot, struct sendtrace_event *event)
{
	event->rec.size = fixed_size(event) + padded(event->cap_len);
	event->rec.seq = slot->rec.seq;
	event->rec.cpu = slot->rec.cpu;
	*slot = *event;
	count_record(ring, event);
	st_ring_commit(ring, &slot->rec, 1);
	st_bell_ring(&session->bell);
}
NOKPROBE_SYMBOL(commit);

/**
 * st_record_event() - write an event with the last part of its payload, or all of it
 * @session: in whose ring
 * @event: all but the record's header, the payload's lengths and why; a copy, since a
 *	session's own limits change it
 * @call: whose addresses and memory
 * @part: the part of the payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN, or, unless @part.must, ST_FAULTED.
 */
enum st_outcome st_record_event(struct st_session *session, struct sendtrace_event event,
				const struct st_call *call, struct st_part part)
{
	struct st_ring *ring = session->rings[smp_processor_id()];
	struct sendtrace_event *slot;
	void *at;
	u32 got;

	event.frag_len = part.offset;
	event.cap_len = part.len;
	event.why = part.why;
	slot = reserve(ring, &event);
	if (!slot) {
		st_count(ring->count.hits, 1);
		st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
		return ST_WRITTEN;
	}
	at = put(slot + 1, &call->peer.local.storage, event.local_len);
	at = put(at, &call->peer.remote.storage, event.peer_len);
	if (event.cap_len) {
		got = put_payload(at, call->buf + part.offset, event.cap_len);
		if (got < event.cap_len && !part.must)
			return ST_FAULTED;
		if (got < event.cap_len)
			event.why = SENDTRACE_WHY_FAULT;
		event.cap_len = got;
	}
	st_count(ring->count.hits, 1);
	commit(session, ring, slot, &event);
	return ST_WRITTEN;
}
NOKPROBE_SYMBOL(st_record_event);

/*
 * Without its payload. A fragment leaves that much room, for the event that will say what
 * became of it.
 */
#define LARGEST_EVENT \
	(sizeof(struct sendtrace_event) + 2 * sizeof(struct sockaddr_storage))

/**
 * st_record_fragment() - write a part of a payload that more will follow
 * @session: in whose ring
 * @rec: of the event: the time, which must be the same where the event follows at once
 * @call: whose memory
 * @part: the part of the payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN, ST_FAULTED, ST_FULL.
 */
enum st_outcome st_record_fragment(struct st_session *session,
				   const struct sendtrace_record *rec,
				   const struct st_call *call, struct st_part part)
{
	struct st_ring *ring = session->rings[smp_processor_id()];
	struct sendtrace_fragment *slot;

	slot = st_ring_reserve(ring, sizeof(*slot) + padded(part.len) + LARGEST_EVENT,
			       rec->time);
	if (!slot)
		return ST_FULL;
	if (put_payload(slot + 1, call->buf + part.offset, part.len) < part.len)
		return ST_FAULTED;
	slot->rec.size = sizeof(*slot) + padded(part.len);
	slot->rec.header_size = sizeof(*slot);
	slot->rec.type = SENDTRACE_RECORD_FRAGMENT;
	slot->offset = part.offset;
	slot->tid = task_pid_nr(current);
	slot->cap_len = part.len;
	st_ring_commit(ring, &slot->rec, 0);
	st_bell_ring(&session->bell);
	return ST_WRITTEN;
}
NOKPROBE_SYMBOL(st_record_fragment);
