/* SPDX-License-Identifier: GPL-2.0 */
/* Random calls on sockets, of every way, with arguments that are good, odd or bad. */
#ifndef RANDOM_TRAFFIC_H
#define RANDOM_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "random.h"

enum {
	TRAFFIC_PIECES = 1100,
};

/**
 * struct traffic - one call, with its arguments
 * @way: which row of the table
 * @kind: between which sockets; enum pair_kind
 * @bytes: where one buffer is
 * @len: its bytes
 * @iov: where the array of buffers is: @pieces, or nowhere
 * @number: of buffers
 * @flags: MSG_*
 * @message: the same for sendmsg() and its like, with an address and ancillary data
 * @asynchronous: io_uring leaves it to a thread of its own
 */
struct traffic {
	unsigned int way;
	unsigned int kind;
	char *bytes;
	size_t len;
	struct iovec *iov;
	size_t number;
	unsigned int flags;
	struct msghdr message;
	bool asynchronous;
};

/* Map the memory of all calls, once before any process is forked. */
void traffic_prepare(void);

/* Choose a call, by the worker's stream alone. It lasts until this thread's next one. */
const struct traffic *traffic_choose(struct worker *worker);

/*
 * Make it, on sockets of this thread's own: what it returned, with errno. What it needs is there
 * before: a receive finds something, and what was sent earlier is gone.
 */
long traffic_make(const struct traffic *traffic);

/* How it is reported. */
const char *traffic_name(const struct traffic *traffic);

/* For the table of all calls. */
void call_traffic(struct worker *worker, bool dry);

/* NUMBER random calls have the same errno in a process that is traced and in one that is not. */
void random_errnos(uint64_t seed, unsigned int number);

#endif /* RANDOM_TRAFFIC_H */
