/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_JOIN_H
#define _SENDTRACE_JOIN_H

/*
 * Long payloads arrive in fragments, thread by thread, and the event last. Until then they
 * are kept here: in memory up to JOIN_MEMORY for all threads together, beyond that in
 * unnamed files in $TMPDIR or /tmp, so that our memory stays bounded.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sendtrace_item;
struct sendtrace_fault;

enum join_limits {
	JOIN_MEMORY = 2 << 20,
	/*
	 * Threads in the middle of a payload. Fragments whose event was lost wait for the
	 * thread's next event, which may never come: so the oldest are dropped.
	 */
	JOIN_THREADS = 128,
};

/**
 * struct sendtrace_joined - the part of one thread's payload that has arrived
 * @tid: the thread; 0: this place is free
 * @age: larger is newer
 * @size: bytes
 * @memory: the bytes, or NULL where they are in @file
 * @capacity: of @memory
 * @file: descriptor, or -1
 * @failed: they could not be kept
 */
struct sendtrace_joined {
	uint32_t tid;
	uint64_t age;
	uint64_t size;
	unsigned char *memory;
	size_t capacity;
	int file;
	_Bool failed;
};

/**
 * struct join - the payloads of all threads
 * @threads: places
 * @used: places that are not free
 * @memory: sum of all @capacity
 * @ages: counts the payloads
 */
struct join {
	struct sendtrace_joined threads[JOIN_THREADS];
	uint32_t used;
	size_t memory;
	uint64_t ages;
};

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
