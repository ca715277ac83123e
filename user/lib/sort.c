// SPDX-License-Identifier: GPL-2.0
/* Holds items back until they can be given out in causal order. */
#include "sort.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "held.h"

/*
 * The whole stream. When the memory is full, the lowest item goes to disk. An item that comes
 * later and is lower than what was written last has to wait for the next run (replacement
 * selection: Knuth, The Art of Computer Programming, 5.4.1). Streams are nearly sorted, so
 * most of them make a single run, whatever their length is.
 *
 * A window. Records come in the order of their times, and none is caused after its time. So
 * once all records up to a time have come, an item that is older by the window or more cannot
 * be preceded by one that is still to come, unless that one's call takes longer than the
 * window. While records come, the newest one's time is that time. While none come, it goes on
 * as our clock does, from the moment when the source was found empty: it need not be the
 * clock of the host where the records were made.
 */

enum {
	NS_PER_MS = 1000000,
};

void sort_init(struct sort *sort, uint64_t window, int file, size_t memory)
{
	memset(sort, 0, sizeof(*sort));
	sort->window = window;
	sort->memory = memory;
	runs_init(&sort->runs, file, memory);
}

/* A lack of memory is no fault of the file. */
static void note_file_error(struct sort *sort, int err)
{
	if (err != -ENOMEM)
		sort->stats.error = err;
}

static struct held *take(struct sort *sort)
{
	struct held *held = heap_pop(&sort->heap);

	sort->used -= held_cost(held);
	return held;
}

void sort_free(struct sort *sort)
{
	while (heap_top(&sort->heap))
		free(take(sort));
	heap_free(&sort->heap);
	runs_free(&sort->runs);
	free(sort->shown);
	sort->shown = NULL;
}

static bool is_whole(const struct sort *sort)
{
	return sort->window == 0;
}

/* ---- The whole stream ----------------------------------------------------------- */

/* Write the lowest item. Return: its bytes, or a negative errno. */
static ssize_t spill(struct sort *sort)
{
	uint64_t run = heap_top(&sort->heap)->run;
	struct held *held = take(sort);
	ssize_t size = (ssize_t)held->size;
	int err;

	err = runs_write(&sort->runs, held, run != sort->run);
	sort->run = run;
	sort->written = held->key;
	sort->spilled = true;
	free(held);
	if (err)
		note_file_error(sort, err);
	return err ?: size;
}

static int spill_some(struct sort *sort)
{
	ssize_t size = 0, bytes = 0;
	int items;

	for (items = 0; items < SORT_STEP_ITEMS && bytes < SORT_STEP_BYTES; items++) {
		if (!heap_top(&sort->heap))
			return 0;
		size = spill(sort);
		if (size < 0)
			return (int)size;
		bytes += size;
	}
	return 0;
}

static int show(struct sort *sort, struct held *held, const struct sendtrace_item **item)
{
	sort->shown = held;
	*item = held_item(held);
	return 1;
}

static int pop_whole(struct sort *sort, const struct sendtrace_item **item)
{
	struct held *held;
	int got;

	if (!sort->ended)
		return 0;
	if (!sort->spilled)
		return heap_top(&sort->heap) ? show(sort, take(sort), item) : sort->ended;
	/* What is left is written, too: its memory is needed for the merge. */
	if (heap_top(&sort->heap))
		return spill_some(sort);
	heap_free(&sort->heap);
	got = runs_next(&sort->runs, &held);
	if (got > 0)
		return show(sort, held, item);
	if (got == -ENODATA)
		return sort->ended;
	if (got < 0)
		note_file_error(sort, got);
	return got;
}

/* ---- A window --------------------------------------------------------------------- */

static void pass_time(struct sort *sort, uint64_t time)
{
	if (time > sort->time)
		sort->time = time;
}

static uint64_t time_at(const struct sort *sort, uint64_t now)
{
	uint64_t time = sort->newest;

	if (!sort->fresh && now > sort->empty_at)
		time += now - sort->empty_at;
	return time > sort->time ? time : sort->time;
}

void sort_empty(struct sort *sort, uint64_t now)
{
	/* Before the first record, what its clock will say is not known. */
	if (sort->count == 0)
		return;
	if (sort->fresh)
		sort->empty_at = now;
	sort->fresh = false;
	pass_time(sort, time_at(sort, now));
}

/* Nanoseconds until an item of this key need not wait any more. */
static uint64_t still_to_wait(const struct sort *sort, uint64_t key, uint64_t time)
{
	uint64_t age = time > key ? time - key : 0;

	return age < sort->window ? sort->window - age : 0;
}

static int pop_window(struct sort *sort, const struct sendtrace_item **item)
{
	const struct heap_entry *top = heap_top(&sort->heap);

	if (!top)
		return sort->ended;
	if (!sort->ended && still_to_wait(sort, top->key, sort->time)) {
		if (sort->used <= sort->memory)
			return 0;
		sort->stats.early++;
	}
	if (top->key < sort->given)
		sort->stats.late++;
	else
		sort->given = top->key;
	return show(sort, take(sort), item);
}

int sort_timeout(const struct sort *sort, uint64_t now)
{
	const struct heap_entry *top = heap_top(&sort->heap);
	uint64_t wait;

	if (is_whole(sort) || !top)
		return -1;
	wait = still_to_wait(sort, top->key, time_at(sort, now));
	/* Rounded up: a timeout that is too short would be followed by another one, of 0. */
	wait = wait / NS_PER_MS + (wait % NS_PER_MS != 0);
	return wait < INT_MAX ? (int)wait : INT_MAX;
}

/* ---- Both ------------------------------------------------------------------------- */

/* Where an item is to go: into this run, or, if that is past it, into the next one. */
static uint64_t run_of(const struct sort *sort, const struct held *held)
{
	return sort->run + (sort->spilled && held->key < sort->written);
}

static int make_room(struct sort *sort)
{
	ssize_t size = 0;

	while (size >= 0 && sort->used > sort->memory)
		size = spill(sort);
	return size < 0 ? (int)size : 0;
}

ssize_t sort_push(struct sort *sort, const struct sendtrace_item *item)
{
	struct held *held = held_new(item, sort->count++);
	struct heap_entry entry = { .what = held };
	size_t cost;
	int err = 0;

	if (!held)
		return -ENOMEM;
	cost = held_cost(held);
	entry.run = run_of(sort, held);
	entry.key = held->key;
	entry.order = held->order;
	if (heap_push(&sort->heap, &entry)) {
		free(held);
		return -ENOMEM;
	}
	sort->used += cost;
	if (is_whole(sort)) {
		err = make_room(sort);
	} else {
		sort->fresh = true;
		if (item->rec.time > sort->newest)
			sort->newest = item->rec.time;
		pass_time(sort, sort->newest);
	}
	return err ?: (ssize_t)cost;
}

void sort_end(struct sort *sort, int why)
{
	if (!sort->ended)
		sort->ended = why;
}

void sort_resume(struct sort *sort)
{
	if (!is_whole(sort))
		sort->ended = 0;
}

int sort_pop(struct sort *sort, const struct sendtrace_item **item)
{
	free(sort->shown);
	sort->shown = NULL;
	return is_whole(sort) ? pop_whole(sort, item) : pop_window(sort, item);
}
