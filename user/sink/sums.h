/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_SUMS_H
#define _SINK_SUMS_H

/*
 * How many bytes went each way on each socket while it was traced, for the line that says that it
 * was closed. A socket is known by its cookie and its network namespace; where a record has
 * none, by its inode.
 *
 * Memory is bounded: if there are too many sockets, the one goes that nothing was heard of for the
 * longest time. What comes of it later counts as if it were new.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sendtrace_event;
struct sendtrace_item;
struct sums;

enum {
	SUMS_SOCKETS = 32768, /* 2 MiB */
};

/**
 * struct socket_sums - what is known of a socket
 * @since: when it was connected or accepted, if that was seen; else its first event
 * @whole: that was seen
 * @sent: bytes
 * @received: bytes, but for those that were only peeked at (MSG_PEEK), and for error queues
 */
struct socket_sums {
	uint64_t since;
	bool whole;
	uint64_t sent;
	uint64_t received;
};

/* Room for @sockets, a power of two. Return: to be given to sums_free(), or NULL: no memory. */
struct sums *sums_new(size_t sockets);

void sums_free(struct sums *sums);

/* Add an event, after it was shown: a close ends what is known of its socket. */
void sums_note(struct sums *sums, const struct sendtrace_item *item);

/* What is known of the socket of an event that was not noted yet; @sums may be NULL. */
void sums_of(const struct sums *sums, const struct sendtrace_event *event,
	     struct socket_sums *result);

/* Return: how many sockets had to go before they were closed. */
uint64_t sums_forgotten(const struct sums *sums);

#endif /* _SINK_SUMS_H */
