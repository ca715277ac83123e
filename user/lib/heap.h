/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_HEAP_H
#define _SENDTRACE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct heap_entry - what is sorted
 * @run: compared first: see sort.c; 0 where there are no runs
 * @key: compared next
 * @order: compared last; no two entries have the same, so that equal keys keep their order
 * @what: the caller's
 */
struct heap_entry {
	uint64_t run;
	uint64_t key;
	uint64_t order;
	void *what;
};

/* Entries of which the lowest is at hand; zero it to begin. */
struct heap {
	struct heap_entry *entries;
	size_t number;
	size_t capacity;
};

/* Return: 0, or -ENOMEM: the heap is as it was. */
int heap_push(struct heap *heap, const struct heap_entry *entry);

/* The lowest entry, valid until the next call, or NULL. */
static inline const struct heap_entry *heap_top(const struct heap *heap)
{
	return heap->number ? &heap->entries[0] : NULL;
}

/* Remove the lowest entry, which must be there, and return its @what. */
void *heap_pop(struct heap *heap);

/* Free the heap, but nothing that is in it. */
void heap_free(struct heap *heap);

#endif /* _SENDTRACE_HEAP_H */
