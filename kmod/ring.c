// SPDX-License-Identifier: GPL-2.0
/*
 * One CPU's ring: one producer, one consumer, no lock.
 *
 *   producer: any thread on this CPU,        consumer: read(), or the reader's process
 *   preemption off, never nested             on the mapped pages
 *
 *   tail = LOAD-ACQUIRE consumer->pos (D)    head = LOAD-ACQUIRE producer->pos (B)
 *   if there is room {                       while (tail != head) {
 *           write the record                         use the record
 *           STORE-RELEASE producer->pos (A)          STORE-RELEASE consumer->pos (C)
 *   }                                        }
 *
 * (A) pairs with (B): without them the consumer could see the new position before the
 * record's bytes, and print stale bytes. (C) pairs with (D): without them the producer
 * could overwrite a record that is still in use. Both follow the pattern of
 * tools/memory-model/litmus-tests/MP+pooncerelease+poacquireonce.litmus.
 *
 * Sleeping needs a third pair, of full barriers, because each side first stores and then
 * loads the value that the other side stores (SB+fencembonceonces.litmus):
 *
 *   STORE producer->pos                      STORE bell->wanted
 *   MB (E)                                   MB (F)
 *   LOAD bell->wanted                        LOAD producer->pos
 *
 * Without (E) and (F) the producer could miss that the reader is about to sleep, while
 * the reader misses the record: it would stay unread until the next one.
 *
 * The stop writes a last LOST record, after the grace period that orders all others before it:
 *
 *   STORE-RELEASE producer->pos (A)          running = LOAD-ACQUIRE session->running (H)
 *   STORE-RELEASE session->running (G)       head = LOAD-ACQUIRE producer->pos (B)
 *
 * (G) pairs with (H): who sees that the session has stopped sees its last records, too.
 *
 * Pages, the same in the kernel and in a mapping:
 *
 *   | consumer | producer | data ............ | the same data again ............ |
 *
 * The data is mapped twice, so that a record that wraps around the end is contiguous.
 * User space may write only the consumer page. The producer keeps its own position in
 * struct st_ring and does not trust the consumer's position: with any value, all writes
 * stay inside the data pages.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "ring.h"

#define META_PAGES 2 /* consumer and producer */

/**
 * st_counters_add() - add counters to a sum
 * @sum: the sum
 * @counters: one ring's; its producer may be counting
 *
 * Context: any.
 */
void st_counters_add(struct st_counters *sum, const struct st_counters *counters)
{
	int i;

	sum->hits += READ_ONCE(counters->hits);
	sum->filtered += READ_ONCE(counters->filtered);
	sum->captured += READ_ONCE(counters->captured);
	sum->bytes += READ_ONCE(counters->bytes);
	sum->cut += READ_ONCE(counters->cut);
	sum->faults += READ_ONCE(counters->faults);
	sum->blocked += READ_ONCE(counters->blocked);
	sum->early += READ_ONCE(counters->early);
	for (i = 0; i < SENDTRACE_LOST_REASONS; i++)
		sum->lost[i] += READ_ONCE(counters->lost[i]);
}

/* ---- Life ------------------------------------------------------------------ */

static void free_pages_of(struct st_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nr_pages; i++) {
		__free_page(ring->pages[i]);
		cond_resched();
	}
	kvfree(ring->pages);
}

/*
 * The pages are zeroed, because user space maps them; charged to the cgroup of the
 * caller, where the kernel allows that; and if memory is short, the allocation fails
 * instead of invoking the OOM killer. A large ring takes seconds: a signal interrupts it, and
 * others get the CPU meanwhile.
 */
static int alloc_pages_of(struct st_ring *ring, unsigned int nr)
{
	gfp_t gfp = ST_GFP_MAPPED | __GFP_ZERO | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	int node = cpu_to_node(ring->cpu), err = -ENOMEM;
	struct page *page;

	ring->pages = kvcalloc(nr, sizeof(*ring->pages), GFP_KERNEL_ACCOUNT);
	if (!ring->pages)
		return -ENOMEM;
	for (ring->nr_pages = 0; ring->nr_pages < nr; ring->nr_pages++) {
		cond_resched();
		if (signal_pending(current)) {
			err = -EINTR;
			goto free_pages;
		}
		page = alloc_pages_node(node, gfp, 0);
		if (!page)
			goto free_pages;
		ring->pages[ring->nr_pages] = page;
	}
	return 0;

free_pages:
	free_pages_of(ring);
	return err;
}

/* remap_vmalloc_range() requires VM_USERMAP. */
static void *map_pages_of(struct st_ring *ring)
{
	unsigned int data_pages = ring->nr_pages - META_PAGES;
	struct page **twice;
	void *base;

	twice = kvcalloc(ring->nr_pages + data_pages, sizeof(*twice), GFP_KERNEL);
	if (!twice)
		return NULL;
	memcpy(twice, ring->pages, ring->nr_pages * sizeof(*twice));
	memcpy(twice + ring->nr_pages, ring->pages + META_PAGES,
	       data_pages * sizeof(*twice));
	base = vmap(twice, ring->nr_pages + data_pages, VM_MAP | VM_USERMAP, PAGE_KERNEL);
	kvfree(twice);
	return base;
}

/**
 * st_ring_alloc() - make an empty ring
 * @cpu: the producer's CPU; the memory comes from its node
 * @size: bytes of data, a power of two and at least a page
 *
 * Context: may sleep.
 * Return: the ring, to be freed by st_ring_free(); ERR_PTR(-ENOMEM) if there is not enough
 * memory; ERR_PTR(-EINTR) if a signal came.
 */
struct st_ring *st_ring_alloc(int cpu, size_t size)
{
	struct st_ring *ring;
	int err = -ENOMEM;
	void *base;

	ring = kzalloc_node(sizeof(*ring), GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
	if (!ring)
		return ERR_PTR(err);
	ring->cpu = cpu;
	ring->size = size;
	err = alloc_pages_of(ring, META_PAGES + size / PAGE_SIZE);
	if (err)
		goto free_ring;
	err = -ENOMEM;
	base = map_pages_of(ring);
	if (!base)
		goto free_pages;

	ring->consumer = base;
	ring->producer = base + PAGE_SIZE;
	ring->data = base + META_PAGES * PAGE_SIZE;
	ring->producer->data_offset = PAGE_SIZE;
	ring->producer->data_size = size;
	ring->producer->cpu = cpu;
	return ring;

free_pages:
	free_pages_of(ring);
free_ring:
	kfree(ring);
	return ERR_PTR(err);
}

/**
 * st_ring_free() - free a ring
 * @ring: must have no producer (a grace period has passed since the session was removed
 *	from the table) and no mapping (a mapping holds the file, and that the session)
 *
 * Context: may sleep.
 */
void st_ring_free(struct st_ring *ring)
{
	if (!ring)
		return;
	vunmap(ring->consumer);
	free_pages_of(ring);
	kfree(ring);
}

/* ---- For the producer; the code on every record's path is in ring.h ---------- */

/**
 * st_ring_report_loss() - write a LOST record
 * @ring: this CPU's ring; it must have room for the record
 * @time: time stamp of the record
 *
 * The consumer gets it together with the next record, or by st_ring_end().
 *
 * Context: preemption off.
 */
void st_ring_report_loss(struct st_ring *ring, u64 time)
{
	struct sendtrace_lost *lost = (void *)st_ring_begin_record(ring, time);

	lost->rec.size = sizeof(*lost);
	lost->rec.header_size = sizeof(*lost);
	lost->rec.type = SENDTRACE_RECORD_LOST;
	lost->count = ring->unreported;
	memcpy(lost->reasons, ring->unreported_reasons, sizeof(lost->reasons));
	ring->head += sizeof(*lost);
	ring->seq += ring->unreported;
	ring->unreported = 0;
	memset(ring->unreported_reasons, 0, sizeof(ring->unreported_reasons));
}
NOKPROBE_SYMBOL(st_ring_report_loss);

/**
 * st_ring_lose() - count an event that was lost
 * @ring: this CPU's
 * @reason: why
 *
 * Context: preemption off.
 */
void st_ring_lose(struct st_ring *ring, enum sendtrace_lost_reason reason)
{
	st_count(ring->count.lost[reason], 1);
	ring->unreported++;
	ring->unreported_reasons[reason]++;
}
NOKPROBE_SYMBOL(st_ring_lose);

/**
 * st_ring_end() - report what was lost since the last record, because there will be no other
 * @ring: any CPU's; it has no producer, until the session is started again
 * @time: time stamp of the record
 *
 * The room for it was kept free by st_ring_reserve(). There is none if the consumer's position
 * is invalid, or if an earlier stop has used it and nothing was read since then. Then the loss
 * is reported before the next record that fits, and the counters have it.
 *
 * Context: one caller at a time.
 */
void st_ring_end(struct st_ring *ring, u64 time)
{
	u64 tail = smp_load_acquire(&ring->consumer->pos); /* D, matches C */

	if (!ring->unreported ||
	    ring->head - tail > ring->size - sizeof(struct sendtrace_lost))
		return;
	st_ring_report_loss(ring, time);
	smp_store_release(&ring->producer->pos, ring->head); /* A, matches B */
}

/* ---- For the consumer ------------------------------------------------------- */

/**
 * st_ring_readable() - is there an unread record?
 * @ring: any CPU's
 *
 * Return: true if there is, for read() and for mapped rings; also true if the consumer's
 * position is invalid.
 */
bool st_ring_readable(const struct st_ring *ring)
{
	return smp_load_acquire(&ring->producer->pos) != /* B, matches A */
	       READ_ONCE(ring->consumer->pos);
}

/**
 * st_ring_peek() - the oldest record, for read()
 * @ring: any CPU's, not mapped: only the kernel writes its consumer position
 *
 * Context: one caller at a time.
 * Return: the record, valid until st_ring_release(), or NULL.
 */
const struct sendtrace_record *st_ring_peek(struct st_ring *ring)
{
	u64 head = smp_load_acquire(&ring->producer->pos); /* B, matches A */

	if (ring->tail == head)
		return NULL;
	return (void *)(ring->data + (ring->tail & (ring->size - 1)));
}

/**
 * st_ring_release() - free a record's room
 * @ring: any CPU's
 * @rec: from st_ring_peek()
 *
 * Context: the same caller as st_ring_peek().
 */
void st_ring_release(struct st_ring *ring, const struct sendtrace_record *rec)
{
	ring->tail += rec->size;
	smp_store_release(&ring->consumer->pos, ring->tail); /* C, matches D */
}

/**
 * st_ring_check_map() - may a part of a ring be mapped in this way?
 * @ring: any CPU's
 * @vma: the requested mapping
 * @offset: offset in the ring's pages, in bytes
 *
 * Return: 0; -EINVAL if it is neither of the two parts, or a private mapping of the
 * consumer's part; -EPERM for a writable mapping of the producer's part.
 */
int st_ring_check_map(const struct st_ring *ring, const struct vm_area_struct *vma,
		      u64 offset)
{
	u64 size = vma->vm_end - vma->vm_start;

	if (!offset)
		return size == PAGE_SIZE && (vma->vm_flags & VM_SHARED) ? 0 : -EINVAL;
	if (offset != PAGE_SIZE || size != PAGE_SIZE + 2 * ring->size)
		return -EINVAL;
	return vma->vm_flags & VM_WRITE ? -EPERM : 0;
}

/**
 * st_ring_map() - map a part of a ring
 * @ring: any CPU's
 * @vma: the requested mapping
 * @offset: offset in the ring's pages, in bytes; st_ring_check_map() has accepted all
 *	three
 *
 * Return: 0 or -ENOMEM.
 */
int st_ring_map(struct st_ring *ring, struct vm_area_struct *vma, u64 offset)
{
	/* A mapping holds the session: a child must not get one by fork(). */
	vm_flags_set(vma, VM_DONTCOPY);
	if (offset)
		vm_flags_clear(vma, VM_MAYWRITE); /* mprotect() must not undo this */
	return remap_vmalloc_range(vma, ring->consumer, offset >> PAGE_SHIFT);
}
