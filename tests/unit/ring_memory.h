/* SPDX-License-Identifier: GPL-2.0 */
/* A ring as the module makes one, in our own memory, and the kernel's side of it. */
#ifndef RING_MEMORY_H
#define RING_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "merge.h"

/**
 * struct ring_memory - a ring and its producer
 * @ring: for merge_add()
 * @producer: the same pages as @ring.producer, writable
 * @data: the same pages as @ring.data, writable
 * @head: the position up to which it is written
 * @seq: of the next record
 */
struct ring_memory {
	struct ring ring;
	struct sendtrace_producer *producer;
	unsigned char *data;
	uint64_t head;
	uint64_t seq;
};

/* @size is a power of two and a multiple of the page size. */
void ring_memory_make(struct ring_memory *memory, uint32_t cpu, uint64_t size);
void ring_memory_free(struct ring_memory *memory);

/* Bytes that may be written before the reader gives some back. */
uint64_t ring_memory_room(const struct ring_memory *memory);

/* Write a send() of @size bytes at @time, and let the reader see it. */
void ring_memory_send(struct ring_memory *memory, uint64_t time, uint32_t tid,
		      const void *payload, size_t size);

/* Write any bytes as a record. */
void ring_memory_put(struct ring_memory *memory, const void *record, size_t size);

#endif /* RING_MEMORY_H */
