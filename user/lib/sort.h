/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_SORT_H
#define _SENDTRACE_SORT_H

/*
 * Puts checked and joined items into causal order: all of a stream, by an external merge
 * sort, or those of a live trace within a window of time. Memory is bounded in both. What
 * time it is is said by the caller, so that a window can be tested without waiting.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "heap.h"
#include "runs.h"
#include "sendtrace.h"

enum sort_limits {
	SORT_MEMORY = 64 << 20,
	/* What one call of a function moves at most, so that its caller stays responsive. */
	SORT_STEP_ITEMS = 1024,
	SORT_STEP_BYTES = 1 << 20,
};

/**
 * struct sort - items that are held back
 * @window: nanoseconds; 0: all items are held back until the end
 * @memory: bytes that they may need, but for the largest one
 * @heap: those in memory, the next one on top
 * @used: bytes that they need
 * @count: items that were pushed
 * @ended: why nothing more comes, a negative errno; 0 as long as something may come. A signal
 *	handler may set it at any time
 * @shown: the item that was returned last, or NULL
 * @stats: for sendtrace_get_order_stats()
 * @runs: all: those on disk
 * @spilled: all: something is on disk
 * @run: all: number of the run that is being written
 * @written: all: key of the last item that was written
 * @newest: window: the latest time of a record
 * @fresh: window: a record came since the source was last found empty
 * @empty_at: window: when it was first found empty after @newest, by the caller's clock
 * @time: window: all records up to this time have come, as far as we can know
 * @given: window: the latest key that was returned
 */
struct sort {
	uint64_t window;
	size_t memory;
	struct heap heap;
	size_t used;
	uint64_t count;
	volatile int ended;
	struct held *shown;
	struct sendtrace_order_stats stats;
	struct runs runs;
	_Bool spilled;
	uint64_t run;
	uint64_t written;
	uint64_t newest;
	_Bool fresh;
	uint64_t empty_at;
	uint64_t time;
	uint64_t given;
};

/**
 * sort_init - begin with nothing
 * @sort: to be given to sort_free()
 * @window: nanoseconds, 0 for the whole stream
 * @file: for the whole stream an empty file, which sort_free() closes; else -1
 * @memory: bytes that the items in memory may need: SORT_MEMORY
 */
void sort_init(struct sort *sort, uint64_t window, int file, size_t memory);

void sort_free(struct sort *sort);

/**
 * sort_push - add an item
 * @sort: where sort_pop() has just returned 0
 * @item: the stream's next
 *
 * Return: bytes that it needs, -ENOMEM, or what the file fails with. After a failure nothing
 * can be done but sort_free().
 */
ssize_t sort_push(struct sort *sort, const struct sendtrace_item *item);

/* At @now, nanoseconds of a clock that always runs, the source had nothing more. */
void sort_empty(struct sort *sort, uint64_t now);

/* Nothing more will come, because of @why, a negative errno. */
void sort_end(struct sort *sort, int why);

/* After sort_end() of a window something may come again. */
void sort_resume(struct sort *sort);

/**
 * sort_pop - the next item in causal order
 * @sort: items
 * @item: set where 1 is returned, valid until the next call
 *
 * Return: 1; 0 if it has to wait for others, or, after sort_end(), if the work is not done yet;
 * what sort_end() was told after the last item; -ENOMEM; or what the file fails with.
 */
int sort_pop(struct sort *sort, const struct sendtrace_item **item);

/**
 * sort_timeout - how long nothing needs to be done
 * @sort: items, of which sort_pop() has just returned 0
 * @now: as sort_empty()
 *
 * Return: milliseconds until sort_empty() will release an item, -1 if there is none.
 */
int sort_timeout(const struct sort *sort, uint64_t now);

#endif /* _SENDTRACE_SORT_H */
