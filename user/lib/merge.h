/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_MERGE_H
#define _SENDTRACE_MERGE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/sendtrace.h>

struct sendtrace_fault;

/**
 * struct ring - one CPU's ring, wherever its memory comes from
 * @producer: the page that the kernel writes
 * @consumer: the page that we write
 * @data: @size bytes, mapped twice in a row
 * @size: a power of two
 * @cpu: whose ring it is
 * @head: what the producer's position was when last looked at
 * @tail: all below has been used
 * @published: all below has been given back to the kernel
 * @batch: bytes that are given back together at least, unless the ring is empty
 * @rec: header of the record at @tail, while there is one, as it was checked
 */
struct ring {
	const struct sendtrace_producer *producer;
	struct sendtrace_consumer *consumer;
	const unsigned char *data;
	uint64_t size;
	uint32_t cpu;
	uint64_t head;
	uint64_t tail;
	uint64_t published;
	uint64_t batch;
	struct sendtrace_record rec;
};

/**
 * struct merge - the rings of a session as one stream in the order of time
 * @ready: a heap of the rings that have a record, the lowest time on top
 * @nr_ready: rings in it
 * @idle: the rings that seemed empty
 * @nr_idle: rings in it
 * @settled: every ring of @idle was looked at after a new head was last seen
 * @ended: nothing more will be written
 * @current: the ring whose record is in use, or NULL
 * @rings: all of them
 * @nr_rings: rings there are
 *
 * Each ring is in one of @ready, @idle, @current.
 */
struct merge {
	struct ring **ready;
	uint32_t nr_ready;
	struct ring **idle;
	uint32_t nr_idle;
	_Bool settled;
	_Bool ended;
	struct ring *current;
	struct ring *rings;
	uint32_t nr_rings;
};

/**
 * merge_init - make a merge of no rings
 * @merge: to be given to merge_free(), also after a failure
 * @max_rings: how many may be added
 *
 * Return: 0 or -ENOMEM.
 */
int merge_init(struct merge *merge, uint32_t max_rings);

void merge_free(struct merge *merge);

/* Add @ring, of which @producer, @consumer, @data, @size and @cpu must be set. */
void merge_add(struct merge *merge, const struct ring *ring);

/**
 * merge_next - give back the record before, and find the next one in the order of time
 * @merge: rings
 * @from: the record, to be used until the next call
 * @rec: its header, as decode_frame() found it, until then
 * @fault: what is wrong on -EBADMSG
 *
 * Return: 1, 0 if there is nothing now, -ENODATA if there is nothing and @merge->ended, or
 * -EBADMSG. At 0 and -ENODATA all that was used has been given back.
 */
int merge_next(struct merge *merge, const void **from,
	       const struct sendtrace_record **rec, struct sendtrace_fault *fault);

/* Say where the record is that merge_next() returned. */
void merge_place(const struct merge *merge, struct sendtrace_fault *fault);

#endif /* _SENDTRACE_MERGE_H */
