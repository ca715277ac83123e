// SPDX-License-Identifier: GPL-2.0
/* Merges the rings of all CPUs into one stream in the order of time. */
#include "merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "decode.h"

/*
 * Why a ring that seemed empty must be looked at once more: a thread sends A on one CPU,
 * moves, and sends B on another. We look at the first ring (empty), then A and B are
 * written, then we look at the second and find B. A was complete before B, so now that B
 * is seen a look at the first ring finds A; without this look B would come out first.
 *
 * A ring that has a record left needs no look: what its kernel side adds is behind that
 * record, which is not earlier than the one that is returned. So heads are loaded of
 * empty rings only, a pass over these can find at most as many new heads as there are
 * rings, and no ring's events wait for a busy one.
 */

enum {
	BATCH_MAX = 64 << 10
};

int merge_init(struct merge *merge, uint32_t max_rings)
{
	memset(merge, 0, sizeof(*merge));
	merge->rings = calloc(max_rings, sizeof(*merge->rings));
	merge->ready = calloc(max_rings, sizeof(*merge->ready));
	merge->idle = calloc(max_rings, sizeof(*merge->idle));
	return merge->rings && merge->ready && merge->idle ? 0 : -ENOMEM;
}

void merge_free(struct merge *merge)
{
	free(merge->rings);
	free(merge->ready);
	free(merge->idle);
	memset(merge, 0, sizeof(*merge));
}

void merge_add(struct merge *merge, const struct ring *ring)
{
	struct ring *added = &merge->rings[merge->nr_rings++];

	*added = *ring;
	added->head = added->tail = added->published = 0;
	added->batch = ring->size / 16 < BATCH_MAX ? ring->size / 16 : BATCH_MAX;
	merge->idle[merge->nr_idle++] = added;
	merge->settled = false;
}

static void ready_push(struct merge *merge, struct ring *ring)
{
	uint32_t i = merge->nr_ready++;

	while (i > 0 && merge->ready[(i - 1) / 2]->rec.time > ring->rec.time) {
		merge->ready[i] = merge->ready[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	merge->ready[i] = ring;
}

static struct ring *ready_pop(struct merge *merge)
{
	struct ring *top = merge->ready[0];
	struct ring *moved = merge->ready[--merge->nr_ready];
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < merge->nr_ready) {
		if (child + 1 < merge->nr_ready &&
		    merge->ready[child + 1]->rec.time < merge->ready[child]->rec.time)
			child++;
		if (moved->rec.time <= merge->ready[child]->rec.time)
			break;
		merge->ready[i] = merge->ready[child];
		i = child;
	}
	merge->ready[i] = moved;
	return top;
}

static int ring_bad(const struct ring *ring, struct sendtrace_fault *fault)
{
	snprintf(fault->where, sizeof(fault->where), "position %llu of cpu %u's ring",
		 (unsigned long long)ring->tail, ring->cpu);
	return -EBADMSG;
}

void merge_place(const struct merge *merge, struct sendtrace_fault *fault)
{
	ring_bad(merge->current, fault);
}

static const void *ring_at_tail(const struct ring *ring)
{
	return ring->data + (ring->tail & (ring->size - 1));
}

/* Learn the header of the record at the tail of a ring that is not empty. */
static int ring_peek(struct ring *ring, struct sendtrace_fault *fault)
{
	uint64_t avail = ring->head - ring->tail;
	int err;

	err = decode_frame(ring_at_tail(ring), avail, &ring->rec, fault);
	if (!err && ring->rec.cpu == ring->cpu)
		return 0;
	if (err == -EAGAIN)
		snprintf(fault->text, sizeof(fault->text),
			 "size is %u, expected at most the %llu bytes up to the head",
			 ring->rec.size, (unsigned long long)avail);
	else if (!err)
		snprintf(fault->text, sizeof(fault->text), "cpu is %u, expected %u",
			 ring->rec.cpu, ring->cpu);
	return ring_bad(ring, fault);
}

/* Return: 1 if a ring that was empty has a record now, 0, or -EBADMSG. */
static int ring_look(struct ring *ring, struct sendtrace_fault *fault)
{
	uint64_t head = load_acquire(&ring->producer->pos); /* B, matches A */

	if (head == ring->head)
		return 0;
	if (head - ring->tail > ring->size) {
		snprintf(fault->text, sizeof(fault->text),
			 "the head is at %llu, expected at most %llu bytes further on",
			 (unsigned long long)head, (unsigned long long)ring->size);
		return ring_bad(ring, fault);
	}
	ring->head = head;
	return ring_peek(ring, fault) ?: 1;
}

/* In batches: a store for each record would move the cache line back and forth for nothing. */
static void ring_publish(struct ring *ring)
{
	if (ring->tail != ring->head && ring->tail - ring->published < ring->batch)
		return;
	store_release(&ring->consumer->pos, ring->tail); /* C, matches D */
	ring->published = ring->tail;
}

/*
 * Can @ring stay in use, without a detour through the heap? Not at the same time as a ring in
 * the heap, since ready_push() would put it behind that one, too.
 */
static bool is_next(const struct merge *merge, const struct ring *ring)
{
	return merge->settled &&
	       (merge->nr_ready == 0 || ring->rec.time < merge->ready[0]->rec.time);
}

/*
 * Give back the record in use. If the ring's next record is the next of all, the ring stays
 * in use; else it goes to the heap, or, if it is empty after a new look, to the idle ones.
 */
static int release(struct merge *merge, struct sendtrace_fault *fault)
{
	struct ring *ring = merge->current;
	int err;

	if (!ring)
		return 0;
	merge->current = NULL;
	ring->tail += ring->rec.size;
	ring_publish(ring);
	if (ring->tail != ring->head) {
		err = ring_peek(ring, fault);
		if (err)
			return err;
		if (is_next(merge, ring))
			merge->current = ring;
		else
			ready_push(merge, ring);
		return 0;
	}
	err = ring_look(ring, fault);
	if (err < 0)
		return err;
	if (err) {
		merge->settled = false;
		ready_push(merge, ring);
	} else {
		merge->idle[merge->nr_idle++] = ring;
	}
	return 0;
}

/* Look at each ring that seemed empty; a new head makes all looks before it stale. */
static int settle(struct merge *merge, struct sendtrace_fault *fault)
{
	uint32_t i;
	int err;

	while (!merge->settled) {
		merge->settled = true;
		for (i = 0; i < merge->nr_idle;) {
			struct ring *ring = merge->idle[i];

			err = ring_look(ring, fault);
			if (err < 0)
				return err;
			if (!err) {
				i++;
				continue;
			}
			merge->idle[i] = merge->idle[--merge->nr_idle];
			ready_push(merge, ring);
			merge->settled = false;
		}
	}
	return 0;
}

/* Return: as merge_next(). */
static int find_next(struct merge *merge, struct sendtrace_fault *fault)
{
	_Bool ended;
	int err;

	/* Before the looks: a signal handler may stop the session, and so write a last record. */
	ended = __atomic_load_n(&merge->ended, __ATOMIC_ACQUIRE);
	/* With no record at hand every look is stale: it may be long ago. */
	if (merge->nr_ready == 0)
		merge->settled = false;
	err = settle(merge, fault);
	if (err)
		return err;
	if (merge->nr_ready == 0)
		return ended ? -ENODATA : 0;
	merge->current = ready_pop(merge);
	return 1;
}

int merge_next(struct merge *merge, const void **from,
	       const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	const struct ring *ring;
	int err;

	err = release(merge, fault);
	if (err)
		return err;
	if (!merge->current) {
		err = find_next(merge, fault);
		if (err <= 0)
			return err;
	}
	ring = merge->current;
	*from = ring_at_tail(ring);
	*rec = &ring->rec;
	return 1;
}
