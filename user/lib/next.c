// SPDX-License-Identifier: GPL-2.0
/* From a source's bytes to checked items: decoded, in sequence, with joined payloads. */
#include "session.h"

#include <stdbool.h>

#include "decode.h"
#include "order.h"

enum {
	/* Bytes of fragments that one call joins: its caller has other things to look at. */
	JOINED_AT_ONCE = 1 << 20
};

/* Always inline, although it has two callers: the one that matters is called for each record. */
static inline __attribute__((always_inline)) int next_item(struct sendtrace *trace)
{
	struct source *source = trace->source;
	const struct sendtrace_record *rec;
	const void *from;
	int got, err;

	got = source->next(source, &from, &rec, &trace->fault);
	if (got <= 0)
		return got;
	err = decode_framed(from, rec, &trace->item, &trace->fault);
	if (err) {
		source->ops->place(source, &trace->fault);
		return err;
	}
	return sequence_check(&trace->sequence, &trace->item) ?: 1;
}

/*
 * Fragments are kept until their event comes. Return: as sendtrace_next(). Not inline: the
 * loop would take registers, which would have to be saved for each record.
 */
static __attribute__((noinline)) int pass_fragments(struct sendtrace *trace)
{
	uint64_t joined = 0;
	int got = 1;

	while (got > 0 && trace->item.rec.type == SENDTRACE_RECORD_FRAGMENT) {
		join_fragment(&trace->join, &trace->item);
		if (trace->item.missing)
			break;
		joined += trace->item.rec.size;
		if (joined >= JOINED_AT_ONCE) {
			trace->unfinished = true;
			return 0;
		}
		got = next_item(trace);
	}
	return got;
}

/* decode_framed() has set @item->joined to NULL. */
static __attribute__((noinline)) int join(struct sendtrace *trace)
{
	int err;

	if (!sendtrace_is_event(&trace->item))
		return 1;
	trace->shown = trace->item.event.tid;
	trace->attention = true;
	err = join_event(&trace->join, &trace->item, &trace->fault);
	if (err)
		trace->source->ops->place(trace->source, &trace->fault);
	return err ?: 1;
}

static __attribute__((noinline)) void forget_shown(struct sendtrace *trace)
{
	join_done(&trace->join, trace->shown);
	trace->shown = 0;
	trace->attention = trace->sort != NULL;
}

static inline __attribute__((always_inline)) int
next_joined(struct sendtrace *trace, const struct sendtrace_item **item)
{
	int got = next_item(trace);

	if (got > 0 && trace->item.rec.type == SENDTRACE_RECORD_FRAGMENT)
		got = pass_fragments(trace);
	if (got <= 0)
		return got;
	trace->source->busy = true;
	*item = &trace->item;
	return join_is_empty(&trace->join) ? 1 : join(trace);
}

int next_unsorted(struct sendtrace *trace, const struct sendtrace_item **item)
{
	if (trace->shown)
		forget_shown(trace);
	return next_joined(trace, item);
}

int sendtrace_next(struct sendtrace *trace, const struct sendtrace_item **item)
{
	/* One test for both, since it is made for each record. */
	if (trace->attention)
		return trace->sort ? order_next(trace, item) : next_unsorted(trace, item);
	return next_joined(trace, item);
}

const struct sendtrace_fault *sendtrace_get_fault(const struct sendtrace *trace)
{
	return &trace->fault;
}
