/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_JOIN_H
#define _SENDREAD_JOIN_H

/*
 * Long payloads arrive in fragments, thread by thread, and the event last. Until then
 * they are kept here: in memory as far as JOIN_MEMORY goes for all threads together,
 * beyond that in unnamed files in $TMPDIR (/tmp), so that our memory stays what it is.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct record;
struct fault;

enum join_limits {
	JOIN_MEMORY = 2 << 20,
	/*
	 * Threads in the middle of a payload. The fragments of an event that was lost wait
	 * for the thread's next one, which may never come: the oldest are given up.
	 */
	JOIN_THREADS = 128,
};

/**
 * struct joined - what has arrived of one thread's payload
 * @tid: whose; 0 for a place that is free
 * @age: larger is younger
 * @size: bytes
 * @memory: the bytes, or NULL where they are in @file
 * @capacity: of @memory
 * @file: descriptor, or -1
 * @failed: they could not be kept
 */
struct joined {
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
	struct joined threads[JOIN_THREADS];
	uint32_t used;
	size_t memory;
	uint64_t ages;
};

void join_init(struct join *join);
void join_free(struct join *join);

/* Nothing waits for its event: the usual case, in which there is nothing to be looked up. */
static inline _Bool join_is_empty(const struct join *join)
{
	return join->used == 0;
}

/**
 * join_fragment - keep a fragment
 * @join: all payloads
 * @record: of type SENDTRACE_RECORD_FRAGMENT
 */
void join_fragment(struct join *join, const struct record *record);

/**
 * join_event - find what belongs to an event
 * @join: all payloads
 * @record: the event; @record->joined is set on return, to be used until join_done(),
 *	and NULL where it has no fragments, or they could not be kept
 * @fault: what is wrong on -EBADMSG
 *
 * Return: 0, or -EBADMSG where the fragments and the event do not fit each other.
 */
int join_event(struct join *join, struct record *record, struct fault *fault);

/* The event is dealt with: so are its fragments. */
void join_done(struct join *join, uint32_t tid);

/* At most @size bytes from @offset on. Return: how many, 0 at the end or on an error. */
size_t joined_read(const struct joined *joined, uint64_t offset, void *to, size_t size);

#endif /* _SENDREAD_JOIN_H */
