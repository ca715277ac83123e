// SPDX-License-Identifier: GPL-2.0
/*
 * Writes records straight into the ring, payload included. Nothing here may sleep, lock,
 * or wait for a page: preemption is off from the reservation to the commit.
 */
#include <linux/kasan-checks.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm-generic/kprobes.h>

#include "event.h"
#include "record.h"
#include "session.h"

static nokprobe_inline u32 padded(u32 len)
{
	return ALIGN(len, SENDTRACE_ALIGN);
}

/* By words, the last of which is padded: st_addr_set_len(). */
static nokprobe_inline void *put_address(void *to, const struct st_addr *addr)
{
	const u64 *from = addr->words;
	u64 *word = to;
	u64 *end = to + padded(addr->len);

	while (word != end)
		*word++ = *from++;
	return end;
}

/*
 * arm64 gives up before the byte that faults, since it loads up to 64 at a time, twice
 * (arch/arm64/lib/copy_from_user.S): the rest is taken one by one. Not where there is no
 * need for it: each attempt on a page of broken memory counts (x86, queue_task_work() in
 * arch/x86/kernel/cpu/mce/core.c). Returns how many there were.
 */
static nokprobe_inline u32 copy_to_the_fault(u8 *to, const u8 __user *from, u32 len)
{
	u32 most = min_t(u32, len, 128);
	u32 got = 0;

	while (got < most && !raw_copy_from_user(to + got, from + got, 1))
		got++;
	return got;
}

/*
 * The kernel has just read these pages, so a copy that does not wait for a fault succeeds
 * but in the rarest case. Pads with zeroes; what is padding is never left as it was.
 *
 * Raw: __copy_from_user_inatomic() would ask whether @to lies in a stack, or in an object
 * of the heap that is too small (HARDENED_USERCOPY), which takes as long as a short
 * payload; it lies in pages of the ring, where so much was reserved.
 *
 * Returns how much it got before a fault.
 */
static u32 put_payload(void *to, const void __user *from, u32 len)
{
	u32 got = 0;

	if (len % SENDTRACE_ALIGN)
		*(u64 *)(to + padded(len) - SENDTRACE_ALIGN) = 0;
	/* No mm: the thread is exiting, and what is mapped here is not its memory. */
	if (likely(current->mm) && access_ok(from, len)) {
		kasan_check_write(to, len);
		pagefault_disable();
		got = len - raw_copy_from_user(to, from, len);
		if (IS_ENABLED(CONFIG_ARM64) && unlikely(got < len))
			got += copy_to_the_fault(to + got, from + got, len - got);
		pagefault_enable();
	}
	if (unlikely(got < len))
		memset(to + got, 0, padded(got) - got);
	return got;
}
NOKPROBE_SYMBOL(put_payload);

/*
 * Room for the event with its payload, or, where the ring is too full for that, without:
 * who sent how much to whom is worth more than nothing. @part is updated.
 */
static nokprobe_inline struct sendtrace_event *reserve(struct st_ring *ring, u32 fixed,
						       struct st_part *part)
{
	struct sendtrace_event *slot;

	slot = st_ring_reserve(ring, fixed + padded(part->len), part->time);
	if (unlikely(!slot) && part->len) {
		part->len = 0;
		part->why = SENDTRACE_WHY_RING_FULL;
		slot = st_ring_reserve(ring, fixed, part->time);
	}
	return slot;
}

/*
 * All that is the same in every session's record; each field once, none left out.
 * st_ring_reserve() has set the rest of the header.
 */
static nokprobe_inline void describe(struct sendtrace_event *slot,
				     const struct st_call *call)
{
	const struct st_peer *peer = &call->peer;

	slot->rec.header_size = sizeof(*slot);
	slot->rec.type = call->type;
	slot->enter_time = call->enter_time;
	slot->exit_time = call->exit_time;
	slot->len = call->len;
	slot->ret = call->ret;
	slot->inode = peer->inode;
	slot->pid = call->caller.pid;
	slot->tid = call->tid;
	slot->uid = call->uid;
	slot->fd = call->fd;
	slot->flags = call->flags;
	slot->addr_len = call->addr_len;
	slot->peer_pid = peer->pid;
	slot->event_flags = peer->from_call ? SENDTRACE_EVENT_PEER_FROM_CALL : 0;
	slot->reserved = 0;
	slot->family = peer->family;
	slot->sock_type = peer->type;
	slot->protocol = peer->protocol;
	slot->local_len = peer->local.len;
	slot->peer_len = peer->remote.len;
	memcpy(slot->comm, &call->caller.comm, sizeof(slot->comm));
	memcpy(slot->process, &call->caller.process, sizeof(slot->process));
}

/* And what the session has made of the payload. */
static nokprobe_inline void conclude(struct st_ring *ring, struct sendtrace_event *slot,
				     const struct st_part *part, u32 got)
{
	slot->frag_len = part->offset;
	slot->cap_len = got;
	slot->why = part->why;
	st_count(ring->count.hits, 1);
	st_count(ring->count.captured, 1);
	st_count(ring->count.bytes, part->offset + got);
	if (likely(part->why == SENDTRACE_WHY_COMPLETE))
		return;
	st_count(ring->count.cut, 1);
	if (part->why == SENDTRACE_WHY_FAULT)
		st_count(ring->count.faults, 1);
}

/**
 * st_record_event() - write an event with the last part of its payload, or all of it
 * @session: in whose ring
 * @call: what it is about, whose addresses and memory
 * @part: the part of the payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN, or, unless @part.must, ST_FAULTED.
 */
enum st_outcome st_record_event(struct st_session *session, const struct st_call *call,
				struct st_part part)
{
	const struct st_addr *local = &call->peer.local, *remote = &call->peer.remote;
	u32 fixed =
		sizeof(struct sendtrace_event) + padded(local->len) + padded(remote->len);
	struct st_ring *ring = session->rings[smp_processor_id()];
	struct sendtrace_event *slot;
	void *at;
	u32 got;

	slot = reserve(ring, fixed, &part);
	if (unlikely(!slot)) {
		st_count(ring->count.hits, 1);
		st_ring_lose(ring, SENDTRACE_LOST_RING_FULL);
		return ST_WRITTEN;
	}
	at = put_address(put_address(slot + 1, local), remote);
	got = part.len ? put_payload(at, call->buf + part.offset, part.len) : 0;
	if (unlikely(got < part.len)) {
		if (!part.must)
			return ST_FAULTED;
		part.why = SENDTRACE_WHY_FAULT;
	}
	describe(slot, call);
	conclude(ring, slot, &part, got);
	slot->rec.size = fixed + padded(got);
	st_ring_commit(ring, &slot->rec, 1);
	st_bell_ring(&session->bell);
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
 * @call: whose memory
 * @part: the part of the payload
 *
 * Context: the calling thread, preemption off.
 * Return: ST_WRITTEN, ST_FAULTED, ST_FULL.
 */
enum st_outcome st_record_fragment(struct st_session *session, const struct st_call *call,
				   struct st_part part)
{
	struct st_ring *ring = session->rings[smp_processor_id()];
	struct sendtrace_fragment *slot;

	slot = st_ring_reserve(ring, sizeof(*slot) + padded(part.len) + LARGEST_EVENT,
			       part.time);
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
