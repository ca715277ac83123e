// SPDX-License-Identifier: GPL-2.0
/*
 * The reader that does least: it empties the mapped rings of its sessions without reading
 * records. It sleeps as sendread does.
 *
 *	drop [SESSIONS]		default 1
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "tracer.h"

enum {
	NAP_MS = 2,
	SESSIONS_MAX = 64,
};

static bool empty_ring(struct ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->producer->pos, __ATOMIC_ACQUIRE);

	if (head == ring->tail)
		return false;
	ring->tail = head;
	__atomic_store_n(&ring->consumer->pos, head, __ATOMIC_RELEASE);
	return true;
}

static bool empty(struct tracer *tracer)
{
	bool any = false;

	for (uint32_t cpu = 0; cpu < tracer->info.nr_cpus; cpu++)
		any |= empty_ring(&tracer->rings[cpu]);
	return any;
}

int main(int argc, char **argv)
{
	static struct tracer tracers[SESSIONS_MAX];
	struct pollfd fds[SESSIONS_MAX];
	int sessions = argc > 1 ? atoi(argv[1]) : 1;
	bool busy;

	if (sessions < 1 || sessions > SESSIONS_MAX)
		die("expected 1 to %d sessions, not '%s'", SESSIONS_MAX, argv[1]);
	for (int i = 0; i < sessions; i++) {
		tracer_begin(&tracers[i], "bench", true);
		fds[i] = (struct pollfd){ .fd = tracers[i].fd, .events = POLLIN };
	}
	fprintf(stderr, "drop: listening\n");
	for (;;) {
		busy = false;
		for (int i = 0; i < sessions; i++)
			busy |= empty(&tracers[i]);
		if (busy)
			poll(NULL, 0, NAP_MS);
		else
			must(poll(fds, sessions, -1), "poll");
	}
}
