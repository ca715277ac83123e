// SPDX-License-Identifier: GPL-2.0
/* A binary heap: entries come in any order and leave in ascending order. */
#include "heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_lower(const struct heap_entry *a, const struct heap_entry *b)
{
	if (a->run != b->run)
		return a->run < b->run;
	if (a->key != b->key)
		return a->key < b->key;
	return a->order < b->order;
}

static int grow(struct heap *heap)
{
	size_t capacity = heap->capacity ? 2 * heap->capacity : 64;
	struct heap_entry *entries;

	entries = realloc(heap->entries, capacity * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	heap->entries = entries;
	heap->capacity = capacity;
	return 0;
}

int heap_push(struct heap *heap, const struct heap_entry *entry)
{
	size_t i, parent;

	if (heap->number == heap->capacity && grow(heap))
		return -ENOMEM;
	for (i = heap->number++; i > 0; i = parent) {
		parent = (i - 1) / 2;
		if (!is_lower(entry, &heap->entries[parent]))
			break;
		heap->entries[i] = heap->entries[parent];
	}
	heap->entries[i] = *entry;
	return 0;
}

void *heap_pop(struct heap *heap)
{
	struct heap_entry *entries = heap->entries;
	void *top = entries[0].what;
	size_t last = --heap->number, i = 0, child;

	while ((child = 2 * i + 1) < last) {
		if (child + 1 < last && is_lower(&entries[child + 1], &entries[child]))
			child++;
		if (!is_lower(&entries[child], &entries[last]))
			break;
		entries[i] = entries[child];
		i = child;
	}
	entries[i] = entries[last];
	return top;
}

void heap_free(struct heap *heap)
{
	free(heap->entries);
	memset(heap, 0, sizeof(*heap));
}
