// SPDX-License-Identifier: GPL-2.0
/* Sorted runs in a file, and their merge. */
#include "runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "sort.h"
#include "unnamed.h"

enum {
	FAN_MIN = 2,
};

void runs_init(struct runs *runs, int file, size_t memory)
{
	memset(runs, 0, sizeof(*runs));
	runs->file = file;
	runs->fan = memory / RUNS_BUFFER_MAX;
	if (runs->fan > RUNS_FAN_MAX)
		runs->fan = RUNS_FAN_MAX;
	if (runs->fan < FAN_MIN)
		runs->fan = FAN_MIN;
	runs->buffer_size = memory / runs->fan;
	if (runs->buffer_size > RUNS_BUFFER_MAX)
		runs->buffer_size = RUNS_BUFFER_MAX;
}

static void free_cursors(struct runs *runs)
{
	size_t i;

	for (i = 0; i < runs->nr_cursors; i++)
		free(runs->cursors[i].buffer);
	free(runs->cursors);
	runs->cursors = NULL;
	runs->nr_cursors = 0;
}

void runs_free(struct runs *runs)
{
	free_cursors(runs);
	heap_free(&runs->next);
	free(runs->buffer);
	free(runs->list);
	if (runs->file >= 0)
		close(runs->file);
	memset(runs, 0, sizeof(*runs));
	runs->file = -1;
}

/* ---- Writing -------------------------------------------------------------------- */

static int flush(struct runs *runs)
{
	int err = unnamed_write(runs->file, (off_t)(runs->end - runs->buffer_used),
				runs->buffer, runs->buffer_used);

	runs->buffer_used = 0;
	return err;
}

static int append(struct runs *runs, const void *from, size_t size)
{
	int err = 0;

	if (!runs->buffer) {
		runs->buffer = malloc(runs->buffer_size);
		if (!runs->buffer)
			return -ENOMEM;
	}
	if (size > runs->buffer_size - runs->buffer_used)
		err = flush(runs);
	if (err)
		return err;
	if (size > runs->buffer_size) {
		err = unnamed_write(runs->file, (off_t)runs->end, from, size);
	} else {
		memcpy(runs->buffer + runs->buffer_used, from, size);
		runs->buffer_used += size;
	}
	runs->end += size;
	return err;
}

static int begin_run(struct runs *runs)
{
	struct run *list;

	if (runs->number == runs->capacity) {
		size_t capacity = runs->capacity ? 2 * runs->capacity : 16;

		list = realloc(runs->list, capacity * sizeof(*list));
		if (!list)
			return -ENOMEM;
		runs->list = list;
		runs->capacity = capacity;
	}
	runs->list[runs->number++] = (struct run){ .from = runs->end, .to = runs->end };
	return 0;
}

int runs_write(struct runs *runs, const struct held *held, bool new_run)
{
	int err = 0;

	if (new_run || runs->number == 0)
		err = begin_run(runs);
	if (!err)
		err = append(runs, (const char *)held + HELD_KEPT, (size_t)held->size);
	if (!err)
		runs->list[runs->number - 1].to = runs->end;
	return err;
}

/* ---- Reading -------------------------------------------------------------------- */

static int refill(const struct runs *runs, struct run_cursor *cursor, uint64_t at)
{
	uint64_t left = cursor->to - at;
	ssize_t got;

	if (!cursor->buffer) {
		cursor->buffer = malloc(runs->buffer_size);
		if (!cursor->buffer)
			return -ENOMEM;
	}
	cursor->buffer_used = 0;
	got = unnamed_read(runs->file, (off_t)at, cursor->buffer,
			   left < runs->buffer_size ? (size_t)left : runs->buffer_size);
	if (got < 0)
		return (int)got;
	cursor->buffer_at = at;
	cursor->buffer_used = (size_t)got;
	return 0;
}

/* Copy @size bytes at @at of the file, which are within the run, through its buffer. */
static int cursor_read(const struct runs *runs, struct run_cursor *cursor, uint64_t at,
		       void *to, size_t size)
{
	unsigned char *next = to;
	size_t piece, skip;
	int err;

	while (size > 0) {
		if (at < cursor->buffer_at ||
		    at >= cursor->buffer_at + cursor->buffer_used) {
			err = refill(runs, cursor, at);
			if (err)
				return err;
		}
		skip = (size_t)(at - cursor->buffer_at);
		piece = cursor->buffer_used - skip;
		if (piece > size)
			piece = size;
		memcpy(next, cursor->buffer + skip, piece);
		next += piece;
		at += piece;
		size -= piece;
	}
	return 0;
}

/* Put the run's next item among those of the others, unless the run has ended. */
static int cursor_look(struct runs *runs, struct run_cursor *cursor)
{
	struct held head;
	struct heap_entry entry = { .what = cursor };
	int err;

	if (cursor->at == cursor->to) {
		free(cursor->buffer);
		cursor->buffer = NULL;
		return 0;
	}
	err = cursor_read(runs, cursor, cursor->at, (char *)&head + HELD_KEPT,
			  offsetof(struct held, joined_size) - HELD_KEPT);
	if (err)
		return err;
	if (head.size < HELD_KEPT_MIN || head.size > cursor->to - cursor->at)
		return -EIO;
	cursor->size = head.size;
	entry.key = head.key;
	entry.order = head.order;
	return heap_push(&runs->next, &entry);
}

static int cursor_take(struct runs *runs, struct run_cursor *cursor, struct held **held)
{
	int err;

	*held = malloc(HELD_KEPT + cursor->size);
	if (!*held)
		return -ENOMEM;
	err = cursor_read(runs, cursor, cursor->at, (char *)*held + HELD_KEPT,
			  (size_t)cursor->size);
	cursor->at += cursor->size;
	if (!err)
		err = cursor_look(runs, cursor);
	if (err)
		free(*held);
	return err;
}

/* ---- Merging -------------------------------------------------------------------- */

static int begin_merge(struct runs *runs)
{
	size_t number = runs->number < runs->fan ? runs->number : runs->fan, i;
	int err;

	err = flush(runs);
	if (err)
		return err;
	runs->last = number == runs->number;
	runs->cursors = calloc(number, sizeof(*runs->cursors));
	if (!runs->cursors)
		return -ENOMEM;
	runs->nr_cursors = number;
	for (i = 0; i < number; i++) {
		runs->cursors[i].at = runs->list[i].from;
		runs->cursors[i].to = runs->list[i].to;
		err = cursor_look(runs, &runs->cursors[i]);
		if (err)
			return err;
	}
	return runs->last ? 0 : begin_run(runs);
}

/* Their room in the file can be used again, where the file system knows how. */
static void forget_merged(struct runs *runs)
{
	const struct run *run;
	size_t i;

	for (i = 0; i < runs->nr_cursors; i++) {
		run = &runs->list[i];
		if (fallocate(runs->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      (off_t)run->from, (off_t)(run->to - run->from)))
			break;
	}
	runs->number -= runs->nr_cursors;
	memmove(runs->list, runs->list + runs->nr_cursors,
		runs->number * sizeof(*runs->list));
	free_cursors(runs);
}

/* Merge some more of the first runs into one behind the others. Return: 0 or an error. */
static int merge_step(struct runs *runs)
{
	const struct heap_entry *top;
	size_t items, bytes = 0;
	struct held *held;
	int err = 0;

	for (items = 0; !err && items < SORT_STEP_ITEMS && bytes < SORT_STEP_BYTES;
	     items++) {
		top = heap_top(&runs->next);
		if (!top) {
			forget_merged(runs);
			return 0;
		}
		err = cursor_take(runs, heap_pop(&runs->next), &held);
		if (err)
			return err;
		bytes += (size_t)held->size;
		err = runs_write(runs, held, false);
		free(held);
	}
	return err;
}

int runs_next(struct runs *runs, struct held **held)
{
	int err = 0;

	if (runs->number == 0)
		return -ENODATA;
	if (!runs->cursors)
		err = begin_merge(runs);
	if (err)
		return err;
	if (!runs->last)
		return merge_step(runs);
	if (!heap_top(&runs->next))
		return -ENODATA;
	return cursor_take(runs, heap_pop(&runs->next), held) ?: 1;
}
