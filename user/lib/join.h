/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_JOIN_H
#define _SENDTRACE_JOIN_H

/*
 * Long payloads arrive in fragments, thread by thread, and the event last. Until then they
 * are kept here: in memory up to JOIN_MEMORY for all threads together, beyond that in a file
 * (spill.h), so that our memory stays bounded.
 *
 * A payload that cannot be kept is dropped immediately, and its room is free for others.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "spill.h"

struct sendtrace_item;
struct sendtrace_fault;

#define JOIN_STALE_NS (60 * 1000000000ULL)

enum join_limits {
	JOIN_MEMORY = 2 << 20,
	/* The largest snap length: more of one payload is a damaged stream. */
	JOIN_PAYLOAD_MAX = 64 << 20,
	/*
	 * Threads in the middle of a payload: so many can be at the same time, if the module's
	 * parameter works is as large as it can be. Beyond that the one goes that has waited
	 * longest. Fragments whose event was lost wait for the thread's next event, which may
	 * never come; so they go after JOIN_STALE_NS without a fragment, if the memory does not
	 * suffice for all. No copy takes so long unless the sender's memory is kept absent on
	 * purpose.
	 */
	JOIN_THREADS = 65536,
	JOIN_BUCKET_BITS = 12,
	JOIN_BUCKETS = 1 << JOIN_BUCKET_BITS,
};

/**
 * struct sendtrace_joined - the part of one thread's payload that has arrived
 * @next: in the same bucket
 * @newer: whose last fragment came next after this one's
 * @older: whose last fragment came before
 * @time: of the last fragment, as in its record
 * @size: bytes
 * @memory: the bytes, or NULL where they are in the file
 * @capacity: of @memory
 * @spill: the file
 * @spilled: the bytes in the file
 * @tid: the thread
 * @failed: they could not be kept, and are gone
 * @unread: they could not be read back
 */
struct sendtrace_joined {
	struct sendtrace_joined *next;
	struct sendtrace_joined *newer;
	struct sendtrace_joined *older;
	uint64_t time;
	uint64_t size;
	unsigned char *memory;
	size_t capacity;
	struct spill *spill;
	struct spilled spilled;
	uint32_t tid;
	_Bool failed;
	_Bool unread;
};

/**
 * struct join - the payloads of all threads
 * @used: how many there are
 * @newest: whose last fragment came last, or NULL
 * @oldest: whose last fragment is the longest ago, or NULL
 * @memory: sum of all @capacity
 * @buckets: the payloads by thread
 * @spill: the file
 */
struct join {
	uint32_t used;
	struct sendtrace_joined *newest;
	struct sendtrace_joined *oldest;
	size_t memory;
	struct sendtrace_joined *buckets[JOIN_BUCKETS];
	struct spill spill;
};

/* Opens the file: join_free() must follow. */
void join_init(struct join *join);
void join_free(struct join *join);

/* No payload waits for its event: the usual case, which needs no lookup. */
static inline _Bool join_is_empty(const struct join *join)
{
	return join->used == 0;
}

/**
 * join_fragment - keep a fragment
 * @join: all payloads
 * @item: of type SENDTRACE_RECORD_FRAGMENT
 */
void join_fragment(struct join *join, const struct sendtrace_item *item);

/**
 * join_event - find what belongs to an event
 * @join: all payloads
 * @item: the event; on return @item->joined is set, valid until join_done(), or NULL where
 *	the event has no fragments or they could not be kept
 * @fault: what is wrong on -EBADMSG
 *
 * Return: 0, or -EBADMSG where the fragments and the event do not fit each other.
 */
int join_event(struct join *join, struct sendtrace_item *item,
	       struct sendtrace_fault *fault);

/* The event was dealt with: forget its fragments. */
void join_done(struct join *join, uint32_t tid);

#endif /* _SENDTRACE_JOIN_H */
