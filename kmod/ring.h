/* SPDX-License-Identifier: GPL-2.0 */
/* One CPU's ring of records. ring.c explains the letters at the barriers. */
#ifndef _ST_RING_H
#define _ST_RING_H

#include <linux/types.h>
#include <linux/sendtrace.h>
#include <asm-generic/kprobes.h>

struct vm_area_struct;

/*
 * Counters of one CPU in one session. Only the ring's producer writes them; readers on
 * other CPUs use READ_ONCE().
 */
struct st_counters {
	u64 hits;
	u64 filtered;
	u64 captured;
	u64 bytes;
	u64 cut;
	u64 faults;
	u64 blocked;
	u64 early;
	u64 lost[SENDTRACE_LOST_REASONS];
};

/* Producer only. Not an atomic read-modify-write: there is no other writer. */
#define st_count(counter, n) WRITE_ONCE(counter, (counter) + (n))

void st_counters_add(struct st_counters *sum, const struct st_counters *counters);

/* Fields that the producer uses for each record come first, in two cache lines. */
struct st_ring {
	/* Only for the producer: this CPU, with preemption off. */
	u64 head; /* never read back from the mapped page */
	u64 seq;
	u64 unreported; /* events lost since the last record */

	/* Invariant after st_ring_alloc(). */
	u64 size;
	u8 *data;
	struct sendtrace_consumer *consumer; /* page that user space may write */
	struct sendtrace_producer *producer; /* page that it may only read */
	int cpu;
	unsigned int nr_pages;

	/* Only for the producer, like the first fields. */
	struct st_counters count;
	u64 unreported_reasons[SENDTRACE_LOST_REASONS];

	/* Only for read(). */
	u64 tail;

	/* Invariant. */
	struct page **pages;
};

struct st_ring *st_ring_alloc(int cpu, size_t size);
void st_ring_free(struct st_ring *ring);

/* For the producer. The code on every record's path is inline. */
void st_ring_report_loss(struct st_ring *ring, u64 time);
void st_ring_lose(struct st_ring *ring, enum sendtrace_lost_reason reason);
void st_ring_end(struct st_ring *ring, u64 time);

/* Sets the fields of the header that the ring knows. */
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
 * st_ring_reserve() - reserve room for the next record
 * @ring: this CPU's
 * @size: of the whole record, a multiple of SENDTRACE_ALIGN; far less than the ring
 * @time: time stamp of the record
 *
 * If events were lost before, this first writes a LOST record, which must fit, too. Room for
 * one more LOST record always stays free, for st_ring_end(). The caller fills in the fields
 * that st_ring_begin_record() does not set, and commits. It must not sleep or fault in
 * between: that would block all records of this CPU.
 *
 * Context: preemption off.
 * Return: the record, or NULL if there is no room; then nothing has changed.
 */
static nokprobe_inline void *st_ring_reserve(struct st_ring *ring, u32 size, u64 time)
{
	u64 tail = smp_load_acquire(&ring->consumer->pos); /* D, matches C */
	u64 used = ring->head - tail;
	u64 need = size + sizeof(struct sendtrace_lost);

	if (unlikely(ring->unreported))
		need += sizeof(struct sendtrace_lost);
	/* used > size: the consumer's position is invalid. */
	if (unlikely(used + need > ring->size || used > ring->size))
		return NULL;
	if (unlikely(ring->unreported))
		st_ring_report_loss(ring, time);
	return st_ring_begin_record(ring, time);
}

/**
 * st_ring_commit() - make a record visible to the consumer
 * @ring: this CPU's
 * @rec: from st_ring_reserve(), complete except for its size
 * @size: of the record; may be less than the reserved size
 * @events: 1 for an event, 0 for a fragment
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

/* For the consumer: one function for both ways, two for read(), two for mapping. */
bool st_ring_readable(const struct st_ring *ring);
const struct sendtrace_record *st_ring_peek(struct st_ring *ring);
void st_ring_release(struct st_ring *ring, const struct sendtrace_record *rec);
int st_ring_check_map(const struct st_ring *ring, const struct vm_area_struct *vma,
		      u64 offset);
int st_ring_map(struct st_ring *ring, struct vm_area_struct *vma, u64 offset);

#endif /* _ST_RING_H */
