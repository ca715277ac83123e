// SPDX-License-Identifier: GPL-2.0
/* Sorts what comes from a source, a bounded amount of it in each call. */
#include "order.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "session.h"
#include "sort.h"
#include "unnamed.h"

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- The order -------------------------------------------------------------------- */

/* Return: 0, or -EINVAL. */
static int check(const struct sendtrace *trace, enum sendtrace_order order,
		 uint64_t window)
{
	/* The whole of a live trace could be shown only when it is over. */
	bool is_known = order == SENDTRACE_ORDER_RETURN ||
			order == SENDTRACE_ORDER_WINDOW ||
			(order == SENDTRACE_ORDER_CAUSAL && !sendtrace_get_info(trace));

	if (!is_known || (order == SENDTRACE_ORDER_WINDOW) != (window > 0))
		return -EINVAL;
	return 0;
}

int order_set(struct sendtrace *trace, enum sendtrace_order order, uint64_t window,
	      size_t memory)
{
	int err = check(trace, order, window), file = -1;

	if (!err && trace->sort)
		err = -EBUSY;
	if (err || order == SENDTRACE_ORDER_RETURN)
		return err;
	if (order == SENDTRACE_ORDER_CAUSAL) {
		file = unnamed_open(unnamed_folder());
		if (file < 0)
			return file;
	}
	trace->sort = malloc(sizeof(*trace->sort));
	if (!trace->sort) {
		if (file >= 0)
			close(file);
		return -ENOMEM;
	}
	sort_init(trace->sort, window, file, memory);
	trace->attention = true;
	return 0;
}

int sendtrace_set_order(struct sendtrace *trace, enum sendtrace_order order,
			uint64_t window)
{
	return order_set(trace, order, window, SORT_MEMORY);
}

void sendtrace_get_order_stats(const struct sendtrace *trace,
			       struct sendtrace_order_stats *stats)
{
	*stats = trace->sort ? trace->sort->stats :
			       (struct sendtrace_order_stats){ .late = 0 };
}

void order_free(struct sendtrace *trace)
{
	if (trace->sort)
		sort_free(trace->sort);
	free(trace->sort);
	trace->sort = NULL;
}

/* ---- Records ---------------------------------------------------------------------- */

int order_next(struct sendtrace *trace, const struct sendtrace_item **item)
{
	struct sort *sort = trace->sort;
	const struct sendtrace_item *next;
	ssize_t bytes = 0, size;
	uint64_t empty_at = 0;
	int items, got;

	trace->unfinished = false;
	for (items = 0; items < SORT_STEP_ITEMS && bytes < SORT_STEP_BYTES; items++) {
		got = sort_pop(sort, item);
		if (got || sort->ended)
			break;
		got = next_unsorted(trace, &next);
		if (got < 0) {
			sort_end(sort, got);
		} else if (got > 0) {
			empty_at = 0;
			size = sort_push(sort, next);
			if (size < 0)
				return (int)size;
			bytes += size;
		} else if (trace->unfinished) {
			return 0;
		} else if (!empty_at) {
			/* Once more: what comes before the clock is read must not be missed. */
			empty_at = clock_ns();
		} else {
			sort_empty(sort, empty_at);
			return sort_pop(sort, item);
		}
		got = 0;
	}
	trace->unfinished = got == 0;
	return got;
}

void order_poll_before(struct sendtrace *trace, int *timeout)
{
	int wait = sort_timeout(trace->sort, clock_ns());

	if (wait >= 0 && (*timeout < 0 || wait < *timeout))
		*timeout = wait;
}

/* ---- Beginning and end --------------------------------------------------------------- */

void order_resume(struct sendtrace *trace)
{
	if (trace->sort)
		sort_resume(trace->sort);
}

int order_stop(struct sendtrace *trace)
{
	if (!trace->sort)
		return -ENOTTY;
	if (trace->sort->ended)
		return -EALREADY;
	sort_end(trace->sort, -ENODATA);
	return 0;
}
