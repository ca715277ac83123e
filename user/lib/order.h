/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_ORDER_H
#define _SENDTRACE_ORDER_H

/* A handle whose items are sorted: between the source's items and sendtrace_next(). */
#include <stddef.h>
#include <stdint.h>

#include "sendtrace.h"

/* sendtrace_set_order() with a bound of the memory, in bytes. */
int order_set(struct sendtrace *trace, enum sendtrace_order order, uint64_t window,
	      size_t memory);

/* Also where no order was set. */
void order_free(struct sendtrace *trace);

/* As sendtrace_next(), where an order was set. */
int order_next(struct sendtrace *trace, const struct sendtrace_item **item);

/* After the source's poll_before(), where an order was set. */
void order_poll_before(struct sendtrace *trace, int *timeout);

/* The source was started: more may come. Also where no order was set. */
void order_resume(struct sendtrace *trace);

/*
 * A saved stream is to end here: what was read of it is still given out. Return: 0, or -ENOTTY
 * where no order was set, and so nothing is held back.
 */
int order_stop(struct sendtrace *trace);

/* next.c: as sendtrace_next(), where no order was set. */
int next_unsorted(struct sendtrace *trace, const struct sendtrace_item **item);

#endif /* _SENDTRACE_ORDER_H */
