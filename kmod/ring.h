/* SPDX-License-Identifier: GPL-2.0 */
/* One CPU's ring of records. ring.c explains the letters at the barriers. */
#ifndef _ST_RING_H
#define _ST_RING_H

#include <linux/types.h>
#include <linux/sendtrace.h>
#include <asm-generic/kprobes.h>

struct vm_area_struct;

/*
 * What happened on one CPU in one session. Each has a single writer, the ring's
 * producer; readers on other CPUs take what READ_ONCE() gives them.
 */
struct st_counters {
	u64 hits;
	u64 filtered;
	u64 captured;
	u64 bytes;
	u64 cut;
	u64 faults;
	u64 lost[SENDTRACE_LOST_REASONS];
};

/* Producer only. No read-modify-write that is atomic: there is nobody to race with. */
#define st_count(counter, n) WRITE_ONCE(counter, (counter) + (n))

void st_counters_add(struct st_counters *sum, const struct st_counters *counters);

/* What the producer touches for each record comes first, in two cache lines. */
struct st_ring {
	/* The producer's own: this CPU, with preemption off. */
	u64 head; /* never read back from a page that is mapped */
	u64 seq;
	u64 untold; /* events lost since the last record */

	/* Invariant after st_ring_alloc(). */
	u64 size;
	u8 *data;
	struct sendtrace_consumer *consumer; /* page that user space may write */
	struct sendtrace_producer *producer; /* page that it may only read */
	int cpu;
	unsigned int nr_pages;

	/* The producer's, as those above. */
	struct st_counters count;
	u64 untold_reasons[SENDTRACE_LOST_REASONS];

	/* The consumer's own, where that is read(). */
	u64 tail;

	/* Invariant. */
	struct page **pages;
};

struct st_ring *st_ring_alloc(int cpu, size_t size);
void st_ring_free(struct st_ring *ring);

/* For the producer. Inline is what every record takes. */
void st_ring_tell_loss(struct st_ring *ring, u64 time);
void st_ring_lose(struct st_ring *ring, enum sendtrace_lost_reason reason);

/* Of the header, all that the ring knows. */
static nokprobe_inline struct sendtrace_record *st_ring_begin_record(struct st_ring *ring,
								     u64 time)
{
	struct sendtrace_record *rec;

	rec = (void *)(ring->data + (ring->head & (ring->size - 1)));
	rec->seq = ring->seq;
	rec->time = time;
	rec->cpu = ring->cpu;
	rec->reserved = 0;
	return rec;
}

/**
 * st_ring_reserve() - room for the next record
 * @ring: this CPU's
 * @size: of the whole record, a multiple of SENDTRACE_ALIGN; far less than the ring
 * @time: its time stamp
 *
 * Events lost before are told first, in a record of their own, which has to fit too. The
 * caller fills in what st_ring_begin_record() does not, and commits; it must neither sleep
 * nor fault in between, or this CPU's records would wait for it.
 *
 * Context: preemption off.
 * Return: the record, or NULL where there is no room; then nothing has changed.
 */
static nokprobe_inline void *st_ring_reserve(struct st_ring *ring, u32 size, u64 time)
{
	u64 tail = smp_load_acquire(&ring->consumer->pos); /* D, matches C */
	u64 used = ring->head - tail;
	u64 need = size;

	if (unlikely(ring->untold))
		need += sizeof(struct sendtrace_lost);
	/* More than the ring holds is in use where the consumer's position is nonsense. */
	if (unlikely(used + need > ring->size || used > ring->size))
		return NULL;
	if (unlikely(ring->untold))
		st_ring_tell_loss(ring, time);
	return st_ring_begin_record(ring, time);
}

/**
 * st_ring_commit() - hand a record to the consumer
 * @ring: this CPU's
 * @rec: from st_ring_reserve(), complete but for its size
 * @size: of the record; may be less than what was reserved
 * @events: how many events it is: 1, or 0 for a part of one
 *
 * Context: preemption off, the same section as st_ring_reserve().
 */
static nokprobe_inline void
st_ring_commit(struct st_ring *ring, struct sendtrace_record *rec, u32 size, u32 events)
{
	u64 head = ring->head + size;

	rec->size = size;
	ring->head = head;
	ring->seq += events;
	smp_store_release(&ring->producer->pos, head); /* A, matches B */
}

/* For the consumer: both, read() only, mapping only. */
bool st_ring_readable(const struct st_ring *ring);
const struct sendtrace_record *st_ring_peek(struct st_ring *ring);
void st_ring_release(struct st_ring *ring, const struct sendtrace_record *rec);
int st_ring_check_map(const struct st_ring *ring, const struct vm_area_struct *vma,
		      u64 offset);
int st_ring_map(struct st_ring *ring, struct vm_area_struct *vma, u64 offset);

#endif /* _ST_RING_H */
