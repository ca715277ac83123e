// SPDX-License-Identifier: GPL-2.0
/* Joins the fragments of long payloads, in memory or in unnamed files. */
#include "join.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../common/write_all.h"
#include "sendtrace.h"
#include "unnamed.h"

void join_init(struct join *join)
{
	size_t i;

	memset(join, 0, sizeof(*join));
	for (i = 0; i < JOIN_THREADS; i++)
		join->threads[i].file = -1;
}

static void forget(struct join *join, struct sendtrace_joined *joined)
{
	free(joined->memory);
	if (joined->file >= 0)
		close(joined->file);
	join->memory -= joined->capacity;
	join->used--;
	memset(joined, 0, sizeof(*joined));
	joined->file = -1;
}

void join_free(struct join *join)
{
	size_t i;

	for (i = 0; i < JOIN_THREADS; i++)
		if (join->threads[i].tid)
			forget(join, &join->threads[i]);
}

static struct sendtrace_joined *find(struct join *join, uint32_t tid)
{
	size_t i;

	if (join_is_empty(join))
		return NULL;
	for (i = 0; i < JOIN_THREADS; i++)
		if (join->threads[i].tid == tid)
			return &join->threads[i];
	return NULL;
}

static struct sendtrace_joined *find_place(struct join *join)
{
	struct sendtrace_joined *oldest = &join->threads[0];
	size_t i;

	for (i = 0; i < JOIN_THREADS; i++) {
		if (join->threads[i].tid == 0)
			return &join->threads[i];
		if (join->threads[i].age < oldest->age)
			oldest = &join->threads[i];
	}
	forget(join, oldest);
	return oldest;
}

static struct sendtrace_joined *begin(struct join *join, uint32_t tid)
{
	struct sendtrace_joined *joined = find(join, tid);

	/* Fragments that are still there belong to an event that was lost. */
	if (joined)
		forget(join, joined);
	joined = find_place(join);
	joined->tid = tid;
	joined->age = ++join->ages;
	join->used++;
	return joined;
}

/* ---- Memory, or a file ----------------------------------------------------------- */

/* Move what is in memory to a file, where all that follows will go, too. */
static int spill(struct join *join, struct sendtrace_joined *joined)
{
	joined->file = unnamed_open(unnamed_folder());
	if (joined->file < 0)
		return joined->file;
	if (write_all(joined->file, joined->memory, joined->size))
		return -EIO;
	free(joined->memory);
	joined->memory = NULL;
	join->memory -= joined->capacity;
	joined->capacity = 0;
	return 0;
}

static int grow(struct join *join, struct sendtrace_joined *joined, size_t size)
{
	size_t capacity = joined->capacity ?: 128 << 10;
	unsigned char *memory;

	if (size <= joined->capacity)
		return 0;
	while (capacity < size)
		capacity *= 2;
	if (join->memory - joined->capacity + capacity > JOIN_MEMORY)
		return -ENOBUFS;
	memory = realloc(joined->memory, capacity);
	if (!memory)
		return -ENOMEM;
	join->memory += capacity - joined->capacity;
	joined->memory = memory;
	joined->capacity = capacity;
	return 0;
}

static int append(struct join *join, struct sendtrace_joined *joined,
		  const unsigned char *from, size_t size)
{
	int err = 0;

	if (joined->file < 0 && grow(join, joined, joined->size + size))
		err = spill(join, joined);
	if (!err && joined->file >= 0)
		err = write_all(joined->file, from, size);
	else if (!err)
		memcpy(joined->memory + joined->size, from, size);
	if (!err)
		joined->size += size;
	return err;
}

/* ---- Fragments and events --------------------------------------------------------- */

void join_fragment(struct join *join, const struct sendtrace_item *item)
{
	const struct sendtrace_fragment *fragment = &item->fragment;
	struct sendtrace_joined *joined;

	if (fragment->offset == 0)
		joined = begin(join, fragment->tid);
	else
		joined = find(join, fragment->tid);
	/* Dropped, or its beginning was: the event will show that the payload is incomplete. */
	if (!joined || joined->failed)
		return;
	joined->failed = joined->size != fragment->offset ||
			 append(join, joined, item->payload, fragment->cap_len);
}

int join_event(struct join *join, struct sendtrace_item *item,
	       struct sendtrace_fault *fault)
{
	const struct sendtrace_event *event = &item->event;
	struct sendtrace_joined *joined = find(join, event->tid);

	item->joined = NULL;
	if (!joined || joined->failed || event->frag_len == 0)
		return 0;
	if (joined->size == event->frag_len) {
		item->joined = joined;
		return 0;
	}
	snprintf(fault->text, sizeof(fault->text),
		 "frag_len is %u, expected the %llu bytes of thread %u's fragments",
		 event->frag_len, (unsigned long long)joined->size, event->tid);
	return -EBADMSG;
}

void join_done(struct join *join, uint32_t tid)
{
	struct sendtrace_joined *joined = find(join, tid);

	if (joined)
		forget(join, joined);
}

/* ---- The whole payload ------------------------------------------------------------ */

/* At most @size bytes from @offset on. Return: how many, or a negative errno. */
static ssize_t joined_read(const struct sendtrace_joined *joined, uint64_t offset,
			   unsigned char *to, size_t size)
{
	uint64_t left = joined->size - offset;
	ssize_t got;

	if (size > left)
		size = (size_t)left;
	if (joined->memory) {
		memcpy(to, joined->memory + offset, size);
		return (ssize_t)size;
	}
	got = pread(joined->file, to, size, (off_t)offset);
	if (got < 0)
		return -errno;
	/* Somebody has truncated the file. */
	return got ?: -EIO;
}

static ssize_t read_piece(const struct sendtrace_item *item, uint64_t offset,
			  unsigned char *to, size_t size)
{
	uint64_t before = item->joined ? item->joined->size : 0, left;

	if (offset < before)
		return joined_read(item->joined, offset, to, size);
	left = sendtrace_payload_size(item) - offset;
	if (size > left)
		size = (size_t)left;
	memcpy(to, item->payload + (offset - before), size);
	return (ssize_t)size;
}

/* After an error part-way the caller gets what is there; the next call has the error alone. */
ssize_t sendtrace_payload_read(const struct sendtrace_item *item, uint64_t offset,
			       void *to, size_t size)
{
	size_t done = 0;
	ssize_t got;

	while (done < size && offset + done < sendtrace_payload_size(item)) {
		got = read_piece(item, offset + done, (unsigned char *)to + done,
				 size - done);
		if (got < 0)
			return done ? (ssize_t)done : got;
		done += (size_t)got;
	}
	return (ssize_t)done;
}
