// SPDX-License-Identifier: GPL-2.0
/* Joins the fragments of long payloads, in memory or in a file. */
#include "join.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sendtrace.h"

enum {
	/* What a payload takes at first: one that is joined at all is larger than 16 KiB. */
	CAPACITY_MIN = 128 << 10
};

void join_init(struct join *join)
{
	memset(join, 0, sizeof(*join));
	spill_open(&join->spill);
}

/* ---- Who has a place ------------------------------------------------------------- */

static struct sendtrace_joined **bucket_of(struct join *join, uint32_t tid)
{
	return &join->buckets[tid * 2654435761u >> (32 - JOIN_BUCKET_BITS)];
}

static struct sendtrace_joined *find(struct join *join, uint32_t tid)
{
	struct sendtrace_joined *joined;

	if (join_is_empty(join))
		return NULL;
	joined = *bucket_of(join, tid);
	while (joined && joined->tid != tid)
		joined = joined->next;
	return joined;
}

static void unlink_age(struct join *join, struct sendtrace_joined *joined)
{
	if (joined->newer)
		joined->newer->older = joined->older;
	else
		join->newest = joined->older;
	if (joined->older)
		joined->older->newer = joined->newer;
	else
		join->oldest = joined->newer;
}

static void link_newest(struct join *join, struct sendtrace_joined *joined)
{
	joined->newer = NULL;
	joined->older = join->newest;
	if (join->newest)
		join->newest->newer = joined;
	else
		join->oldest = joined;
	join->newest = joined;
}

/* Its bytes go, its place stays. */
static void release(struct join *join, struct sendtrace_joined *joined)
{
	free(joined->memory);
	joined->memory = NULL;
	join->memory -= joined->capacity;
	joined->capacity = 0;
	spill_release(&join->spill, &joined->spilled);
	joined->size = 0;
}

static void forget(struct join *join, struct sendtrace_joined *joined)
{
	struct sendtrace_joined **at = bucket_of(join, joined->tid);

	while (*at != joined)
		at = &(*at)->next;
	*at = joined->next;
	unlink_age(join, joined);
	release(join, joined);
	join->used--;
	free(joined);
}

void join_free(struct join *join)
{
	while (join->oldest)
		forget(join, join->oldest);
	spill_close(&join->spill);
}

/* The next payload may not fit into memory. */
static bool is_crowded(const struct join *join)
{
	return join->memory + CAPACITY_MIN > JOIN_MEMORY || join->spill.used;
}

static void drop_stale(struct join *join, uint64_t now)
{
	while (join->oldest && join->oldest->time < now &&
	       now - join->oldest->time > JOIN_STALE_NS)
		forget(join, join->oldest);
}

static struct sendtrace_joined *add(struct join *join, uint32_t tid)
{
	struct sendtrace_joined **bucket = bucket_of(join, tid), *joined;

	if (join->used == JOIN_THREADS)
		forget(join, join->oldest);
	joined = calloc(1, sizeof(*joined));
	if (!joined)
		return NULL;
	joined->tid = tid;
	joined->spill = &join->spill;
	joined->next = *bucket;
	*bucket = joined;
	link_newest(join, joined);
	join->used++;
	return joined;
}

static struct sendtrace_joined *begin(struct join *join,
				      const struct sendtrace_fragment *fragment)
{
	struct sendtrace_joined *joined;

	if (is_crowded(join))
		drop_stale(join, fragment->rec.time);
	/* Fragments that are still there belong to an event that was lost. */
	joined = find(join, fragment->tid);
	if (joined)
		forget(join, joined);
	return add(join, fragment->tid);
}

/* ---- Memory, or the file ---------------------------------------------------------- */

static bool is_in_file(const struct sendtrace_joined *joined)
{
	return joined->spilled.first != 0;
}

static int grow(struct join *join, struct sendtrace_joined *joined, size_t size)
{
	size_t capacity = joined->capacity ?: CAPACITY_MIN;
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

/* Move what is in memory to the file, where all that follows will go, too. */
static int spill(struct join *join, struct sendtrace_joined *joined)
{
	int err = spill_append(&join->spill, &joined->spilled, 0, joined->memory,
			       joined->size);

	if (err)
		return err;
	free(joined->memory);
	joined->memory = NULL;
	join->memory -= joined->capacity;
	joined->capacity = 0;
	return 0;
}

static int append(struct join *join, struct sendtrace_joined *joined,
		  const unsigned char *from, size_t size)
{
	int err;

	if (size > JOIN_PAYLOAD_MAX - joined->size)
		return -EMSGSIZE;
	if (!is_in_file(joined)) {
		if (!grow(join, joined, joined->size + size)) {
			memcpy(joined->memory + joined->size, from, size);
			return 0;
		}
		err = spill(join, joined);
		if (err)
			return err;
	}
	return spill_append(&join->spill, &joined->spilled, joined->size, from, size);
}

/* ---- Fragments and events --------------------------------------------------------- */

static void keep(struct join *join, struct sendtrace_joined *joined,
		 const struct sendtrace_item *item)
{
	const struct sendtrace_fragment *fragment = &item->fragment;

	joined->time = fragment->rec.time;
	unlink_age(join, joined);
	link_newest(join, joined);
	if (joined->size == fragment->offset &&
	    !append(join, joined, item->payload, fragment->cap_len)) {
		joined->size += fragment->cap_len;
		return;
	}
	joined->failed = true;
	release(join, joined);
}

void join_fragment(struct join *join, const struct sendtrace_item *item)
{
	const struct sendtrace_fragment *fragment = &item->fragment;
	struct sendtrace_joined *joined;

	if (fragment->offset == 0)
		joined = begin(join, fragment);
	else
		joined = find(join, fragment->tid);
	/* Dropped, or its beginning was: the event will show that the payload is incomplete. */
	if (joined && !joined->failed)
		keep(join, joined, item);
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
static ssize_t joined_read(struct sendtrace_joined *joined, uint64_t offset,
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
	got = spill_read(joined->spill, &joined->spilled, offset, to, size);
	joined->unread |= got < 0;
	return got;
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

int sendtrace_is_unread(const struct sendtrace_item *item)
{
	return item->joined && item->joined->unread;
}
