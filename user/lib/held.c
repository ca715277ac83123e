// SPDX-License-Identifier: GPL-2.0
/* Copies of items, which outlive the ring or the buffer that they came from. */
#include "held.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"

uint64_t held_key(const struct sendtrace_item *item)
{
	switch (item->rec.type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
		return item->event.enter_time;
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_ACCEPT:
	case SENDTRACE_RECORD_CLOSE:
		return item->event.exit_time;
	default:
		return item->rec.time;
	}
}

static void copy_addresses_and_payload(struct held *held,
				       const struct sendtrace_item *item, size_t size)
{
	held->local_to_peer = (uint32_t)(item->peer - item->local);
	held->local_to_payload = (uint32_t)(item->payload - item->local);
	memcpy(held->bytes, item->local, size);
}

/* Where they cannot be read, the payload has no beginning, and the item says so. */
static void copy_joined(struct held *held, const struct sendtrace_item *item, size_t own,
			size_t joined)
{
	ssize_t got = sendtrace_payload_read(item, 0, held->bytes + own, joined);

	if (got == (ssize_t)joined)
		held->joined_size = joined;
	else
		held->size -= joined;
}

struct held *held_new(const struct sendtrace_item *item, uint64_t order)
{
	size_t joined = item->joined ? item->event.frag_len : 0, own = 0;
	struct held *held;

	/* decode.c has checked that they follow each other within the record. */
	if (sendtrace_is_event(item))
		own = (size_t)(item->payload - item->local) + item->event.cap_len;
	held = malloc(sizeof(*held) + own + joined);
	if (!held)
		return NULL;
	memset(held, 0, sizeof(*held));
	held->size = HELD_KEPT_MIN + own + joined;
	held->key = held_key(item);
	held->order = order;
	held->item = *item;
	if (own)
		copy_addresses_and_payload(held, item, own);
	if (joined)
		copy_joined(held, item, own, joined);
	return held;
}

const struct sendtrace_item *held_item(struct held *held)
{
	size_t own = (size_t)(held->size - HELD_KEPT_MIN - held->joined_size);
	struct sendtrace_item *item = &held->item;

	item->local = held->bytes;
	item->peer = held->bytes + held->local_to_peer;
	item->payload = held->bytes + held->local_to_payload;
	item->joined = NULL;
	if (held->joined_size) {
		held->joined = (struct sendtrace_joined){
			.size = held->joined_size,
			.memory = held->bytes + own,
		};
		item->joined = &held->joined;
	}
	return item;
}
