/* SPDX-License-Identifier: GPL-2.0 */
/* Every way to send and to receive, as one function each. */
#ifndef WAYS_CALLS_H
#define WAYS_CALLS_H

#include <linux/aio_abi.h>
#include <sys/socket.h>

#include "uring.h"

enum {
	/* At most so many bytes in one call. */
	WAYS_MOST = 1 << 20,
};

/* What a thread needs for them; no two threads share one. */
struct ways {
	struct uring ring;
	bool has_ring;
	/* Has a thread of the kernel that takes requests; opened by its first call. */
	struct uring polled;
	bool has_polled;
	aio_context_t aio;
	bool has_aio;
	int pipe[2];
	int file;
	/* The length of the address that the last receive was given. */
	socklen_t from_len;
	/* Registered with both rings. */
	char *fixed;
};

struct way {
	const char *name;
	/* As call= shows it. */
	const char *call;
	long (*make)(struct ways *ways, const struct way *way, int fd, char *bytes,
		     size_t len);
	/* The operation of io_uring, -1 without it; flags of its request. */
	int op;
	unsigned int sqe_flags;
	/* MSG_*, as flg= shows them. */
	unsigned int flags;
	/* A ring that a thread of the kernel polls. */
	bool polled;
	/* A thread of the kernel makes the call: the caller's tid is not shown. */
	bool worker;
	/* The bytes are pages: each piece is an event, and flg and len are the kernel's. */
	bool pages;
	/* Not on unix sockets. */
	bool inet_only;
};

/* Each table ends with a row without a name. */
extern const struct way ways_to_send[];
extern const struct way ways_to_receive[];

void ways_open(struct ways *ways);

/* Does this kernel have it? */
bool way_exists(struct ways *ways, const struct way *way);

/* Dies if there is none. */
const struct way *way_named(const struct way *table, const char *name);

/* Make the call: what it returned, with errno. */
long way_make(struct ways *ways, const struct way *way, int fd, const void *bytes,
	      size_t len);

/* Take what the kernel tells of sends without a copy (MSG_ZEROCOPY), which is no receive. */
int take_notifications(int fd);

#endif /* WAYS_CALLS_H */
