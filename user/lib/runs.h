/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_RUNS_H
#define _SENDTRACE_RUNS_H

/*
 * The part of an external merge sort that is on disk: sorted runs in one file, which are
 * written one after the other, and then merged.
 */
#include <stddef.h>
#include <stdint.h>

#include "heap.h"

struct held;

enum runs_limits {
	/* Runs that are merged together at most, each with a buffer of its own. */
	RUNS_FAN_MAX = 256,
	RUNS_BUFFER_MAX = 256 << 10,
};

/* A part of the file, @from to @to. */
struct run {
	uint64_t from;
	uint64_t to;
};

/**
 * struct run_cursor - a run that is being merged
 * @at: where its next item is in the file
 * @to: where the run ends
 * @buffer: a part of the file
 * @buffer_at: where that part begins
 * @buffer_used: bytes that are in it
 * @size: of the next item
 */
struct run_cursor {
	uint64_t at;
	uint64_t to;
	unsigned char *buffer;
	uint64_t buffer_at;
	size_t buffer_used;
	uint64_t size;
};

/**
 * struct runs - all runs
 * @file: an empty file, for us alone
 * @fan: how many are merged together
 * @buffer_size: bytes of the buffers
 * @list: the runs that were written, but those that are merged now
 * @number: runs in it
 * @capacity: runs it has room for
 * @end: of the file
 * @buffer: what will be written at @end
 * @buffer_used: bytes in it
 * @cursors: the runs that are merged now
 * @nr_cursors: how many they are
 * @next: their next items
 * @last: these are all runs that there are: their items are in order
 */
struct runs {
	int file;
	size_t fan;
	size_t buffer_size;
	struct run *list;
	size_t number;
	size_t capacity;
	uint64_t end;
	unsigned char *buffer;
	size_t buffer_used;
	struct run_cursor *cursors;
	size_t nr_cursors;
	struct heap next;
	_Bool last;
};

/**
 * runs_init - begin without a run
 * @runs: to be given to runs_free()
 * @file: an empty file that can be written and read; runs_free() closes it
 * @memory: bytes that the buffers may need together, about
 */
void runs_init(struct runs *runs, int file, size_t memory);

void runs_free(struct runs *runs);

/**
 * runs_write - append an item to the newest run, or begin a new one with it
 * @runs: runs that are not merged yet
 * @held: in a run each item is behind the ones before it
 * @new_run: begin a new one
 *
 * Return: 0, -ENOMEM, or what write() fails with.
 */
int runs_write(struct runs *runs, const struct held *held, _Bool new_run);

/**
 * runs_next - the next item of all runs
 * @runs: nothing is written any more
 * @held: the item, to be given to free()
 *
 * Return: 1; 0 if some of the work was done, but more is left: call again; -ENODATA after
 * the last item; -ENOMEM; or what reading and writing fail with.
 */
int runs_next(struct runs *runs, struct held **held);

#endif /* _SENDTRACE_RUNS_H */
