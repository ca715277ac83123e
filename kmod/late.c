// SPDX-License-Identifier: GPL-2.0
/*
 * Long payloads, and payloads with pages that are not resident: copied in chunks by task
 * work, when the thread may sleep and fault. Also all that is recorded of a datagram whose
 * destination could not be named without waiting for a lock.
 */
#include <linux/file.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/timekeeping.h>
#include <asm-generic/kprobes.h>

#include "compat.h"
#include "late.h"
#include "peer.h"
#include "pool.h"
#include "record.h"
#include "session.h"

/*
 * Writes one session's next chunk: a fragment, or the event itself if the chunk is the rest.
 * If a fragment cannot be written, the event ends there.
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

/* Returns the sessions for which a page was not resident. */
static unsigned long write_to(struct st_deferred *late, unsigned long sessions,
			      struct st_part part)
{
	unsigned long faulted = 0, bit;
	struct st_session *session;

	for (; sessions; sessions &= sessions - 1) {
		bit = sessions & -sessions;
		preempt_disable();
		session = st_record_session_of(&late->call, sessions);
		if (!session)
			late->call.wanted &= ~bit;
		else if (write_chunk(late, session, bit, part) == ST_FAULTED)
			faulted |= bit;
		preempt_enable();
		cond_resched();
	}
	return faulted;
}

/* The smallest of the sessions' chunks, because all sessions advance together. */
static u32 chunk_for(const struct st_deferred *late)
{
	unsigned long sessions = late->call.wanted;
	struct st_session *session;
	u32 chunk = ST_CHUNK_MAX;

	preempt_disable();
	for (; sessions; sessions &= sessions - 1) {
		session = st_record_session_of(&late->call, sessions);
		if (session)
			chunk = min(chunk, session->chunk_max);
	}
	preempt_enable();
	return chunk;
}

/* The descriptor may be closed by now, or be another file: then the name stays unknown. */
static void name_peer(struct st_call *call)
{
	struct socket *sock = NULL;
	struct fd f;

	/* An exiting thread has no descriptors any more. */
	if (!current->files)
		return;
	f = fdget(call->fd);
	if (fd_file(f))
		sock = sock_from_file(fd_file(f));
	if (sock)
		st_peer_name_late(sock, &call->peer);
	fdput(f);
}

/*
 * How often a page is faulted in. Once is enough, unless memory is so short that the page is
 * evicted again before it is copied.
 */
#define FAULT_TRIES 4

/*
 * Runs in the calling thread before it returns to user mode, preemptible (pool.c). Pages are
 * faulted in between two tries, never between the reservation of a record and its commit: one
 * slow page would delay every record of this CPU.
 *
 * Only pages that the call itself has read are faulted in: calls that failed, which may never
 * have touched them, do not come here.
 */
static void finish_late(struct st_deferred *late)
{
	struct st_part part = {};
	unsigned long todo;
	int tries;

	if (late->call.peer.unnamed)
		name_peer(&late->call);
	while (late->call.wanted) {
		part.len = min_t(u64, chunk_for(late), late->sent - part.offset);
		part.must = false;
		todo = late->call.wanted;
		for (tries = 0; todo && tries < FAULT_TRIES; tries++) {
			/* A second try would change nothing. */
			if (tries && !current->mm)
				break;
			if (tries)
				st_payload_fault_in(&late->call.payload, part.offset,
						    part.len);
			todo = write_to(late, todo, part);
		}
		part.must = true;
		write_to(late, todo, part);
		part.offset += part.len;
	}
}

/* Bytes of a payload that the session records that records most of it. */
static u64 most_wanted(const struct st_call *call, u64 sent, unsigned long sessions)
{
	struct st_session *session;
	u64 most = 0;

	for (; sessions; sessions &= sessions - 1) {
		session = st_record_session_of(call, sessions);
		if (session)
			most = max(most, st_record_wanted(session, sent));
	}
	return most;
}
NOKPROBE_SYMBOL(most_wanted);

/* The kernel frees its array of buffers when the function has returned. */
static bool keep_buffers(struct st_deferred *late, u64 len)
{
	struct st_payload *payload = &late->call.payload;
	struct iovec *room;

	if (payload->kind != ST_PAYLOAD_IOVEC)
		return true;
	room = st_pool_room(late, st_payload_pieces(payload, len));
	if (room)
		st_payload_keep(payload, room, len);
	return room;
}
NOKPROBE_SYMBOL(keep_buffers);

/**
 * st_late_record() - let task work record a call, before its thread goes on
 * @call: a call that returns and did not fail
 * @sent: bytes of payload
 * @sessions: a bit for each session that waits for its record
 *
 * Context: the return handler.
 * Return: true, or false if it cannot be done: no object is free, or no room for the payload's
 * buffers, or the thread is exiting.
 */
bool st_late_record(const struct st_call *call, u64 sent, unsigned long sessions)
{
	struct st_deferred *deferred = st_pool_get();

	if (!deferred)
		return false;
	deferred->call = *call;
	deferred->call.wanted = sessions;
	deferred->sent = sent;
	deferred->finish = finish_late;
	if (!keep_buffers(deferred, most_wanted(call, sent, sessions))) {
		st_pool_put(deferred);
		return false;
	}
	return st_pool_queue(deferred);
}
NOKPROBE_SYMBOL(st_late_record);

/**
 * st_late_after() - finish a call that failed after those that this thread has left to task work
 * @call: a call that returns; SENDTRACE_FAILED_MAX bytes of its payload stay readable
 * @finish: records it; called in the thread's own context, where it may sleep
 *
 * Context: the return handler.
 * Return: true, or false if it cannot be done.
 */
bool st_late_after(const struct st_call *call,
		   void (*finish)(struct st_deferred *deferred))
{
	struct st_deferred *deferred = st_pool_get();

	if (!deferred)
		return false;
	deferred->call = *call;
	deferred->finish = finish;
	if (!keep_buffers(deferred, SENDTRACE_FAILED_MAX)) {
		st_pool_put(deferred);
		return false;
	}
	return st_pool_queue(deferred);
}
NOKPROBE_SYMBOL(st_late_after);
