// SPDX-License-Identifier: GPL-2.0
/* Adds up the bytes of each socket: a table of a fixed size, the least recently used one goes. */
#include "sums.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "sendtrace.h"

/**
 * struct place - a socket
 * @id: its cookie, or its inode
 * @netns: its network namespace, 0 if @id is an inode
 * @next: in the same bucket, or free
 * @newer: of which something was heard next after this one
 * @older: of which something was heard before
 * @sums: what is known of it
 */
struct place {
	uint64_t id;
	uint32_t netns;
	struct place *next;
	struct place *newer;
	struct place *older;
	struct socket_sums sums;
};

/**
 * struct sums - the sockets
 * @mask: number of @buckets, less one
 * @unused: places
 * @newest: of which something was heard last, or NULL
 * @oldest: of which nothing was heard for the longest time, or NULL
 * @forgotten: sockets whose place was needed
 * @buckets: sockets by their key
 * @places: all of them
 */
struct sums {
	size_t mask;
	struct place *unused;
	struct place *newest;
	struct place *oldest;
	uint64_t forgotten;
	struct place **buckets;
	struct place *places;
};

struct sums *sums_new(size_t sockets)
{
	struct sums *sums = calloc(1, sizeof(*sums));
	size_t i;

	if (!sums)
		return NULL;
	sums->mask = sockets - 1;
	sums->buckets = calloc(sockets, sizeof(struct place *));
	sums->places = calloc(sockets, sizeof(*sums->places));
	if (!sums->buckets || !sums->places) {
		sums_free(sums);
		return NULL;
	}
	for (i = 0; i < sockets; i++) {
		sums->places[i].next = sums->unused;
		sums->unused = &sums->places[i];
	}
	return sums;
}

void sums_free(struct sums *sums)
{
	if (!sums)
		return;
	free(sums->buckets);
	free(sums->places);
	free(sums);
}

uint64_t sums_forgotten(const struct sums *sums)
{
	return sums->forgotten;
}

/* ---- Places --------------------------------------------------------------------- */

static uint64_t id_of(const struct sendtrace_event *event)
{
	return event->cookie ? event->cookie : event->inode;
}

static uint32_t netns_of(const struct sendtrace_event *event)
{
	return event->cookie ? event->netns : 0;
}

static struct place **bucket_of(const struct sums *sums, uint64_t id, uint32_t netns)
{
	return &sums->buckets[((id ^ netns) * 0x9e3779b97f4a7c15u >> 32) & sums->mask];
}

static struct place *find(const struct sums *sums, const struct sendtrace_event *event)
{
	uint64_t id = id_of(event);
	uint32_t netns = netns_of(event);
	struct place *place = *bucket_of(sums, id, netns);

	while (place && (place->id != id || place->netns != netns))
		place = place->next;
	return place;
}

static void unlink_age(struct sums *sums, struct place *place)
{
	if (place->newer)
		place->newer->older = place->older;
	else
		sums->newest = place->older;
	if (place->older)
		place->older->newer = place->newer;
	else
		sums->oldest = place->newer;
}

static void link_newest(struct sums *sums, struct place *place)
{
	place->newer = NULL;
	place->older = sums->newest;
	if (sums->newest)
		sums->newest->newer = place;
	else
		sums->oldest = place;
	sums->newest = place;
}

static void forget(struct sums *sums, struct place *place)
{
	struct place **at = bucket_of(sums, place->id, place->netns);

	while (*at != place)
		at = &(*at)->next;
	*at = place->next;
	unlink_age(sums, place);
	place->next = sums->unused;
	sums->unused = place;
}

static struct place *add(struct sums *sums, const struct sendtrace_event *event)
{
	struct place *place, **bucket;

	if (!sums->unused) {
		forget(sums, sums->oldest);
		sums->forgotten++;
	}
	place = sums->unused;
	sums->unused = place->next;
	*place = (struct place){
		.id = id_of(event),
		.netns = netns_of(event),
		.sums.since = event->enter_time,
	};
	bucket = bucket_of(sums, place->id, place->netns);
	place->next = *bucket;
	*bucket = place;
	link_newest(sums, place);
	return place;
}

/* ---- Events --------------------------------------------------------------------- */

/* One that goes on in the background counts, too: its end is not seen. */
static bool begins(const struct sendtrace_item *item)
{
	int64_t ret = item->event.ret;

	if (item->rec.type == SENDTRACE_RECORD_ACCEPT)
		return ret >= 0;
	return item->rec.type == SENDTRACE_RECORD_CONNECT &&
	       (ret == 0 || ret == -EINPROGRESS);
}

static void count(struct socket_sums *sums, const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;

	if (begins(item) && !sums->whole) {
		sums->whole = true;
		sums->since = event->exit_time;
	}
	if (event->ret < 0)
		return;
	if (item->rec.type == SENDTRACE_RECORD_SEND)
		sums->sent += (uint64_t)event->ret;
	else if (item->rec.type == SENDTRACE_RECORD_RECV &&
		 !(event->flags & (MSG_PEEK | MSG_ERRQUEUE)))
		sums->received += (uint64_t)event->ret;
}

void sums_note(struct sums *sums, const struct sendtrace_item *item)
{
	struct place *place;

	if (!id_of(&item->event))
		return;
	place = find(sums, &item->event);
	if (item->rec.type == SENDTRACE_RECORD_CLOSE) {
		if (place)
			forget(sums, place);
		return;
	}
	if (!place) {
		place = add(sums, &item->event);
	} else if (place != sums->newest) {
		unlink_age(sums, place);
		link_newest(sums, place);
	}
	count(&place->sums, item);
}

void sums_of(const struct sums *sums, const struct sendtrace_event *event,
	     struct socket_sums *result)
{
	const struct place *place = sums && id_of(event) ? find(sums, event) : NULL;

	*result = place ? place->sums : (struct socket_sums){ .since = event->exit_time };
}
