/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every event's record consists of, and the usual one: with its whole payload. Inline, since
 * every recorded call pays for it.
 */
#ifndef _ST_WRITE_H
#define _ST_WRITE_H

#include <linux/smp.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm-generic/kprobes.h>

#include "bell.h"
#include "call.h"
#include "ring.h"
#include "session.h"

static nokprobe_inline u64 *st_write_address(u64 *to, const struct st_addr *addr)
{
	const u64 *from = addr->words;
	u64 *end = to + st_padded(addr->len) / sizeof(*to);

	while (to != end)
		*to++ = *from++;
	return end;
}

/*
 * Copies whole words; st_addr_set_len() has padded the last one. IPv4, the most frequent
 * case, is copied without a loop.
 */
static nokprobe_inline void st_write_addresses(u64 *to, const struct st_addr *local,
					       const struct st_addr *remote)
{
	const u32 ipv4 = 2 * sizeof(*to);

	if (unlikely(local->len != ipv4 || remote->len != ipv4)) {
		st_write_address(st_write_address(to, local), remote);
		return;
	}
	to[0] = local->words[0];
	to[1] = local->words[1];
	to[2] = remote->words[0];
	to[3] = remote->words[1];
}

/*
 * Sets the fields that are equal in all sessions' records: each once, none omitted.
 * st_ring_reserve() and st_ring_commit() set the rest of the header. Fields that are
 * adjacent in both structs are all read before they are written: then the compiler can
 * copy them together. Otherwise a write might change the next value to be read.
 */
static nokprobe_inline void st_write_socket(struct sendtrace_event *slot,
					    const struct st_peer *peer)
{
	u32 write_seq = peer->write_seq, copied_seq = peer->copied_seq;
	u16 family = peer->family, type = peer->type;
	u16 protocol = peer->protocol, unused = peer->unused;

	slot->inode = peer->inode;
	slot->peer_pid = peer->pid;
	slot->event_flags = peer->flags;
	slot->reserved = 0;
	slot->cookie = peer->cookie;
	slot->position = peer->position;
	slot->write_seq = write_seq;
	slot->copied_seq = copied_seq;
	slot->netns = peer->netns;
	slot->family = family;
	slot->sock_type = type;
	slot->protocol = protocol;
	slot->why = unused; /* the caller sets it */
	slot->local_len = peer->local.len;
	slot->peer_len = peer->remote.len;
}

/* The same for what is not of the socket. */
static nokprobe_inline void st_write_description(struct sendtrace_event *slot,
						 const struct st_call *call)
{
	u32 pid = call->caller.pid, tid = call->caller.tid;
	u32 uid = call->uid, fd = call->fd;
	u32 flags = call->flags, addr_len = call->addr_len;
	u16 id = call->id, nr_cmsgs = call->nr_cmsgs;

	slot->rec.header_size = sizeof(*slot);
	slot->rec.type = call->type;
	slot->enter_time = call->enter_time;
	slot->exit_time = call->exit_time;
	slot->len = call->len;
	slot->ret = call->ret;
	slot->pid = pid;
	slot->tid = tid;
	slot->uid = uid;
	slot->fd = fd;
	slot->flags = flags;
	slot->addr_len = addr_len;
	slot->cgroup = call->cgroup;
	slot->call = id;
	slot->nr_cmsgs = nr_cmsgs;
	if (likely(!nr_cmsgs))
		memset(slot->cmsgs, 0, sizeof(slot->cmsgs));
	else
		memcpy(slot->cmsgs, call->cmsgs, sizeof(slot->cmsgs));
	memcpy(slot->comm, &call->caller.comm, sizeof(slot->comm));
	memcpy(slot->process, &call->caller.process, sizeof(slot->process));
	st_write_socket(slot, &call->peer);
}

/* Bytes of a record without payload. */
static nokprobe_inline u32 st_write_fixed(const struct st_call *call)
{
	return sizeof(struct sendtrace_event) + st_padded(call->peer.local.len) +
	       st_padded(call->peer.remote.len);
}

/**
 * st_write_whole() - write the event of a call that returns, if nothing of it is cut
 * @session: the session whose ring is written
 * @call: the call, with its addresses and its memory
 * @sent: bytes of payload
 *
 * Context: the calling thread, preemption off.
 * Return: false if it is too long, not resident, or if the ring has no room: then nothing is
 * written, and st_record_call() decides what becomes of it.
 */
static nokprobe_inline bool st_write_whole(struct st_session *session,
					   const struct st_call *call, u64 sent)
{
	struct st_ring *ring = session->rings[smp_processor_id()];
	u32 fixed = st_write_fixed(call), len = sent, size;
	struct sendtrace_event *slot;

	if (unlikely(sent > session->inline_max) || unlikely(sent > session->snaplen))
		return false;
	size = fixed + st_padded(len);
	slot = st_ring_reserve(ring, size, call->exit_time);
	if (unlikely(!slot))
		return false;
	st_write_addresses((u64 *)(slot + 1), &call->peer.local, &call->peer.remote);
	if (unlikely(st_payload_copy((void *)slot + fixed, &call->payload, 0, len) < len))
		return false;
	st_write_description(slot, call);
	slot->frag_len = 0;
	slot->cap_len = len;
	slot->why = SENDTRACE_WHY_COMPLETE;
	st_count(ring->count.hits, 1);
	st_count(ring->count.captured, 1);
	st_count(ring->count.bytes, len);
	st_ring_commit(ring, &slot->rec, size, 1);
	st_bell_ring(&session->bell);
	return true;
}

#endif /* _ST_WRITE_H */
