// SPDX-License-Identifier: GPL-2.0
/* From a source's bytes to checked items: decoded, in sequence, with joined payloads. */
#include "session.h"

#include <stdbool.h>

#include "decode.h"

static int next_item(struct sendtrace *trace, struct sendtrace_item *item)
{
	struct source *source = trace->source;
	const struct sendtrace_record *rec;
	const void *from;
	int got, err;

	got = source->ops->next(source, &from, &rec, &trace->fault);
	if (got <= 0)
		return got;
	err = decode_framed(from, rec, item, &trace->fault);
	if (err) {
		source->ops->place(source, &trace->fault);
		return err;
	}
	return sequence_check(&trace->sequence, item) ?: 1;
}

static bool is_event(const struct sendtrace_item *item)
{
	return item->rec.type == SENDTRACE_RECORD_SEND ||
	       item->rec.type == SENDTRACE_RECORD_ACCEPT;
}

/* Fragments are kept until their event comes. */
int sendtrace_next(struct sendtrace *trace, struct sendtrace_item *item)
{
	int got, err;

	if (trace->shown)
		join_done(&trace->join, trace->shown);
	trace->shown = 0;
	do {
		got = next_item(trace, item);
		if (got <= 0)
			return got;
		if (item->rec.type == SENDTRACE_RECORD_FRAGMENT)
			join_fragment(&trace->join, item);
	} while (item->rec.type == SENDTRACE_RECORD_FRAGMENT && !item->missing);
	trace->source->busy = true;
	/* decode_framed() has set @item->joined to NULL. */
	if (!is_event(item) || join_is_empty(&trace->join))
		return 1;
	trace->shown = item->event.tid;
	err = join_event(&trace->join, item, &trace->fault);
	if (err)
		trace->source->ops->place(trace->source, &trace->fault);
	return err ?: 1;
}

const struct sendtrace_fault *sendtrace_fault(const struct sendtrace *trace)
{
	return &trace->fault;
}
