/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_HELD_H
#define _SENDTRACE_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "join.h"
#include "sendtrace.h"

/**
 * struct held - an item that is held back, with all that belongs to it, in one piece
 * @joined: what @item.joined points to, where there is something
 * @size: bytes from here to the end: what is kept in a file
 * @key: its place in causal order
 * @order: its place in the stream
 * @joined_size: bytes of @bytes that were joined from fragments, the last ones
 * @local_to_peer: from the local address to the peer's, in bytes
 * @local_to_payload: from the local address to the payload, in bytes
 * @item: the item; its pointers are set by held_item()
 * @bytes: both addresses and the payload, then the joined bytes
 */
struct held {
	struct sendtrace_joined joined;
	uint64_t size;
	uint64_t key;
	uint64_t order;
	uint64_t joined_size;
	uint32_t local_to_peer;
	uint32_t local_to_payload;
	struct sendtrace_item item;
	unsigned char bytes[];
};

/* The part that is kept in a file begins here. */
#define HELD_KEPT offsetof(struct held, size)

/* How much a file has of each at least: up to @bytes. */
#define HELD_KEPT_MIN (offsetof(struct held, bytes) - HELD_KEPT)

/**
 * held_key - when an item was caused
 * @item: a record
 *
 * What is sent can have an effect from the entry of the call on, and so can a connect and a
 * shutdown; what is received or accepted had its cause before the call returned, and a close ends
 * all that came before. Within one thread neither order contradicts the order of
 * its calls. Everything else stands at its own time.
 *
 * Return: nanoseconds of CLOCK_MONOTONIC.
 */
uint64_t held_key(const struct sendtrace_item *item);

/**
 * held_new - copy an item
 * @item: what sendtrace_next() found; joined bytes that cannot be read are left out
 * @order: its place in the stream
 *
 * Return: to be given to free(), or NULL: no memory.
 */
struct held *held_new(const struct sendtrace_item *item, uint64_t order);

/* The item again, as it was, valid as long as @held. */
const struct sendtrace_item *held_item(struct held *held);

/* Bytes of memory that it needs, those of the heap and of malloc() included. */
static inline size_t held_cost(const struct held *held)
{
	return HELD_KEPT + (size_t)held->size + 64;
}

#endif /* _SENDTRACE_HELD_H */
