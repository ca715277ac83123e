/* SPDX-License-Identifier: GPL-2.0 */
/* One CPU's ring of records, and the bell that wakes the reader of several. */
#ifndef _ST_RING_H
#define _ST_RING_H

#include <linux/irq_work.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/sendtrace.h>

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

struct st_ring {
	/* The producer's own: this CPU, with preemption off. */
	u64 head; /* never read back from a page that is mapped */
	u64 seq;
	u64 untold; /* events lost since the last record */
	u64 untold_reasons[SENDTRACE_LOST_REASONS];
	struct st_counters count;

	/* The consumer's own, where that is read(). */
	u64 tail;

	/* Invariant after st_ring_alloc(). */
	u64 size;
	u8 *data;
	struct sendtrace_consumer *consumer; /* page that user space may write */
	struct sendtrace_producer *producer; /* page that it may only read */
	struct page **pages;
	unsigned int nr_pages;
	int cpu;
};

struct st_ring *st_ring_alloc(int cpu, size_t size);
void st_ring_free(struct st_ring *ring);

/* For the producer. */
void *st_ring_reserve(struct st_ring *ring, u32 size, u64 time);
void st_ring_commit(struct st_ring *ring, struct sendtrace_record *rec, u32 events);
void st_ring_lose(struct st_ring *ring, enum sendtrace_lost_reason reason);

/* For the consumer: both, read() only, mapping only. */
bool st_ring_readable(const struct st_ring *ring);
const struct sendtrace_record *st_ring_peek(struct st_ring *ring);
void st_ring_release(struct st_ring *ring, const struct sendtrace_record *rec);
int st_ring_check_map(const struct st_ring *ring, const struct vm_area_struct *vma,
		      u64 offset);
int st_ring_map(struct st_ring *ring, struct vm_area_struct *vma, u64 offset);

/**
 * struct st_bell - wakes whoever waits for any of a session's rings
 * @waiters: who waits; wait_event() and poll_wait() use it directly
 * @work: takes the wake-up out of the handlers' context, where no lock may be taken
 * @wanted: somebody waits, or is about to
 */
struct st_bell {
	wait_queue_head_t waiters;
	struct irq_work work;
	bool wanted;
};

void st_bell_init(struct st_bell *bell);
void st_bell_exit(struct st_bell *bell);
void st_bell_want(struct st_bell *bell);
void st_bell_ring(struct st_bell *bell);

#endif /* _ST_RING_H */
