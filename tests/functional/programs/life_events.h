/* SPDX-License-Identifier: GPL-2.0 */
/* What a child's calls should show, and what a tracer sees of them. */
#ifndef LIFE_EVENTS_H
#define LIFE_EVENTS_H

#include <stdbool.h>

#include "net.h"

/* What an event should show. */
struct wanted {
	int type;
	int call;
	int fd;
	long ret;
	unsigned int flags;
	/* With @len 0, nothing; with @len -1, anything. */
	struct address local;
	struct address peer;
	unsigned int peer_pid;
	unsigned int event_flags;
	/* It may be missing; it may if the one before is there. */
	bool maybe;
	bool maybe_behind;
};

/* The next event that the child's calls should show. */
struct wanted *want(int type, int call, int fd, long ret);

/* The last one. */
struct wanted *last_wanted(void);

/* Make @calls in a child that is traced, and compare its events with all that it wanted. */
void traced(void (*calls)(void));

#endif /* LIFE_EVENTS_H */
