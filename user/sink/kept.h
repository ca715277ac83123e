/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_KEPT_H
#define _SINK_KEPT_H

/*
 * A thread sends many times on a connection, and but for the payload its lines are the same.
 * So their text is kept, with the values that it was made of, and used again where all of
 * them are the same. A text that is too long to be kept is written each time.
 *
 * The functions that are called for each line are inline.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sendtrace.h"

enum {
	KEPT_CONNECTIONS = 64, /* a power of two */
	KEPT_PEER = 64,
	KEPT_CALLER_TEXT = 64,
	KEPT_CALL_TEXT = 96,
};

/**
 * struct kept - two texts, each kept until another replaces it
 * @pid: @caller was made of it, and of @tid, @fd and @comm
 * @flags: @call was made of it, and of @addr_len, @peer_pid, @event_flags, @family and
 *	@peer_len bytes of @peer
 * @caller_size: bytes of @caller, 0 for none
 * @call_size: bytes of @call, 0 for none
 */
struct kept {
	uint32_t pid;
	uint32_t tid;
	int32_t fd;
	uint32_t caller_size;
	char comm[SENDTRACE_COMM_LEN];
	uint32_t flags;
	int32_t addr_len;
	uint32_t peer_pid;
	uint32_t event_flags;
	uint32_t call_size;
	uint16_t family;
	uint16_t peer_len;
	unsigned char peer[KEPT_PEER];
	char caller[KEPT_CALLER_TEXT];
	char call[KEPT_CALL_TEXT];
};

/* The texts of a sink; zero it to begin. */
struct kept_texts {
	struct kept of[KEPT_CONNECTIONS];
};

/* Connections that share a place only take longer. */
static inline struct kept *kept_of(struct kept_texts *texts,
				   const struct sendtrace_event *event)
{
	return &texts->of[(event->tid * 31 + (uint32_t)event->fd) % KEPT_CONNECTIONS];
}

/* Write a text as fields_caller() and fields_call() do, and keep it if there is room. */
char *kept_keep_caller(char *to, struct kept *kept, const struct sendtrace_event *event);
char *kept_keep_call(char *to, struct kept *kept, const struct sendtrace_item *item);

enum {
	KEPT_PIECE = 16
};

/* Inline for the usual lengths: names, and addresses of IPv4 and IPv6. */
static inline bool kept_same_piece(const void *one, const void *other)
{
	uint64_t a[KEPT_PIECE / 8], b[KEPT_PIECE / 8];

	memcpy(a, one, KEPT_PIECE);
	memcpy(b, other, KEPT_PIECE);
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static inline bool kept_same_bytes(const void *one, const void *other, size_t size)
{
	size_t last = size - KEPT_PIECE;

	if (size < KEPT_PIECE || size > 2 * KEPT_PIECE)
		return memcmp(one, other, size) == 0;
	return kept_same_piece(one, other) &&
	       kept_same_piece((const char *)one + last, (const char *)other + last);
}

/* Two numbers of 32 bits that follow each other. */
static inline bool kept_same_pair(const void *one, const void *other)
{
	uint64_t a, b;

	memcpy(&a, one, sizeof(a));
	memcpy(&b, other, sizeof(b));
	return a == b;
}

#define KEPT_PAIR(type, first, second)                             \
	_Static_assert(offsetof(type, first) + sizeof(uint32_t) == \
			       offsetof(type, second),             \
		       "one comparison for " #first " and " #second)

KEPT_PAIR(struct kept, pid, tid);
KEPT_PAIR(struct sendtrace_event, pid, tid);
KEPT_PAIR(struct kept, flags, addr_len);
KEPT_PAIR(struct sendtrace_event, flags, addr_len);

static inline bool kept_is_caller(const struct kept *kept,
				  const struct sendtrace_event *event)
{
	_Static_assert(sizeof(kept->comm) == KEPT_PIECE, "a name is a piece");
	return kept_same_pair(&kept->pid, &event->pid) && kept->fd == event->fd &&
	       kept->caller_size && kept_same_piece(kept->comm, event->comm);
}

/* Copies the whole array: a fixed size is quicker than the exact one. */
static inline char *kept_put_caller(char *to, struct kept *kept,
				    const struct sendtrace_event *event)
{
	if (!kept_is_caller(kept, event))
		return kept_keep_caller(to, kept, event);
	memcpy(to, kept->caller, sizeof(kept->caller));
	return to + kept->caller_size;
}

static inline bool kept_is_call(const struct kept *kept,
				const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;

	return kept_same_pair(&kept->flags, &event->flags) &&
	       kept->peer_pid == event->peer_pid &&
	       kept->event_flags == event->event_flags && kept->family == event->family &&
	       kept->peer_len == event->peer_len && kept->call_size &&
	       kept_same_bytes(kept->peer, item->peer, event->peer_len);
}

static inline char *kept_put_call(char *to, struct kept *kept,
				  const struct sendtrace_item *item)
{
	if (!kept_is_call(kept, item))
		return kept_keep_call(to, kept, item);
	memcpy(to, kept->call, sizeof(kept->call));
	return to + kept->call_size;
}

#endif /* _SINK_KEPT_H */
