// SPDX-License-Identifier: GPL-2.0
/* One unnamed file for all payloads that do not fit into memory. */
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unnamed.h"

_Static_assert(SPILL_BLOCKS < UINT16_MAX, "a block's number fits 16 bits");

/* ---- The file -------------------------------------------------------------------- */

void spill_open(struct spill *spill)
{
	const char *folder = unnamed_folder();

	memset(spill, 0, sizeof(*spill));
	spill->folder = strdup(folder);
	spill->file = unnamed_open(folder);
}

void spill_close(struct spill *spill)
{
	if (spill->file >= 0)
		close(spill->file);
	spill->file = -EBADF;
	free(spill->folder);
	spill->folder = NULL;
}

/* The first failure is kept: it is the cause, later ones may follow from it. */
static int failed(struct spill *spill, int err)
{
	if (!spill->error)
		spill->error = err;
	return err;
}

/* ---- Blocks ---------------------------------------------------------------------- */

static off_t place_of(uint16_t block)
{
	return (off_t)(block - 1) * SPILL_BLOCK;
}

static bool add_block(struct spill *spill, struct spilled *spilled)
{
	uint16_t block = spill->free;

	if (block)
		spill->free = spill->next[block];
	else if (spill->top < SPILL_BLOCKS)
		block = ++spill->top;
	else
		return false;
	spill->next[block] = 0;
	if (spilled->last)
		spill->next[spilled->last] = block;
	else
		spilled->first = block;
	spilled->last = block;
	spill->used++;
	return true;
}

/* Where holes are not supported, the room waits for the next payload or the last release. */
static void punch(const struct spill *spill, uint16_t block, uint16_t count)
{
	fallocate(spill->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		  place_of(block), (off_t)count * SPILL_BLOCK);
}

/* Blocks that follow each other in the file go with one call. */
static void punch_all(const struct spill *spill, const struct spilled *spilled)
{
	uint16_t first = spilled->first, block = first, next;

	while (block) {
		next = spill->next[block];
		if (next != block + 1) {
			punch(spill, first, (uint16_t)(block + 1 - first));
			first = next;
		}
		block = next;
	}
}

void spill_release(struct spill *spill, struct spilled *spilled)
{
	uint16_t block, count = 0;

	if (!spilled->first)
		return;
	for (block = spilled->first; block; block = spill->next[block])
		count++;
	spill->used -= count;
	if (!spill->used && ftruncate(spill->file, 0) == 0) {
		spill->top = 0;
		spill->free = 0;
	} else {
		punch_all(spill, spilled);
		spill->next[spilled->last] = spill->free;
		spill->free = spilled->first;
	}
	memset(spilled, 0, sizeof(*spilled));
}

/* ---- Writing and reading --------------------------------------------------------- */

int spill_append(struct spill *spill, struct spilled *spilled, uint64_t at,
		 const void *from, size_t size)
{
	const char *rest = from;
	size_t inside, piece;
	int err;

	if (spill->file < 0)
		return failed(spill, spill->file);
	while (size > 0) {
		inside = at % SPILL_BLOCK;
		if (inside == 0 && !add_block(spill, spilled))
			return failed(spill, -ENOBUFS);
		piece = size < SPILL_BLOCK - inside ? size : SPILL_BLOCK - inside;
		err = unnamed_write(spill->file, place_of(spilled->last) + (off_t)inside,
				    rest, piece);
		if (err)
			return failed(spill, err);
		rest += piece;
		at += piece;
		size -= piece;
	}
	return 0;
}

ssize_t spill_read(struct spill *spill, const struct spilled *spilled, uint64_t offset,
		   void *to, size_t size)
{
	uint64_t inside = offset % SPILL_BLOCK, count = offset / SPILL_BLOCK;
	uint16_t block = spilled->first;
	ssize_t got;

	while (count--)
		block = spill->next[block];
	if (size > SPILL_BLOCK - inside)
		size = SPILL_BLOCK - inside;
	got = unnamed_read(spill->file, place_of(block) + (off_t)inside, to, size);
	return got < 0 ? failed(spill, (int)got) : got;
}
