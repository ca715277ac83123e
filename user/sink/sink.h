/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_SINK_H
#define _SINK_SINK_H

/*
 * What becomes of the records that sendtrace_next() returns: lines of text, a file, a screen.
 * A program shows records through this table and does not know which sink it has.
 */
#include <signal.h>
#include <stdint.h>

struct sendtrace_item;
struct sink;
struct sums;

/**
 * struct sink_ops - what a sink can do
 * @record: show an event: @item with sendtrace_is_event(), valid until it returns
 * @gap: events are missing at this place: sendtrace_is_gap(@item); @item may also be an event,
 *	which @record gets next. NULL where the sink shows no gaps
 * @tick: for what a sink does from time to time: called soon after the start, then when it is
 *	due, perhaps some milliseconds late while many records come. Return: milliseconds after
 *	which it is due again, more than 0, or -1 for never. NULL: never called
 * @flush: write what is buffered
 * @unwritten: how many events that @record took did not get out whole because of the first
 *	error; 0 without one. NULL: not known
 * @free: release everything, without a flush
 *
 * @record, @gap and @flush return 0, or the first error of the output, negative: from then
 * on the sink throws everything away and returns that error.
 */
struct sink_ops {
	int (*record)(struct sink *sink, const struct sendtrace_item *item);
	int (*gap)(struct sink *sink, const struct sendtrace_item *item);
	int (*tick)(struct sink *sink);
	int (*flush)(struct sink *sink);
	uint64_t (*unwritten)(const struct sink *sink);
	void (*free)(struct sink *sink);
};

/**
 * struct sink - the part that all sinks have
 * @ops: what it can do
 * @sums: the bytes of each socket, for closes; the caller's. NULL: not known
 */
struct sink {
	const struct sink_ops *ops;
	const struct sums *sums;
};

/**
 * sink_new_fn - make a sink that writes to a descriptor
 * @fd: stays the caller's
 * @patience: milliseconds that an output may take no byte, as struct out.patience; may be NULL
 *
 * Return: the sink, to be freed by sink_free(), or NULL where there is no memory.
 */
typedef struct sink *sink_new_fn(int fd, const volatile sig_atomic_t *patience);

static inline int sink_record(struct sink *sink, const struct sendtrace_item *item)
{
	return sink->ops->record(sink, item);
}

static inline int sink_gap(struct sink *sink, const struct sendtrace_item *item)
{
	return sink->ops->gap ? sink->ops->gap(sink, item) : 0;
}

static inline int sink_tick(struct sink *sink)
{
	return sink->ops->tick ? sink->ops->tick(sink) : -1;
}

static inline int sink_flush(struct sink *sink)
{
	return sink->ops->flush(sink);
}

static inline uint64_t sink_unwritten(const struct sink *sink)
{
	return sink->ops->unwritten ? sink->ops->unwritten(sink) : 0;
}

static inline void sink_free(struct sink *sink)
{
	if (sink)
		sink->ops->free(sink);
}

#endif /* _SINK_SINK_H */
