/* SPDX-License-Identifier: GPL-2.0 */
/* A socket to send on, and who is at its other end. */
#ifndef WAY_H
#define WAY_H

#include <stddef.h>

#include "net.h"

struct way {
	int fd;
	/* Where what was sent has to be taken away after each send; else -1. */
	int drain;
};

/*
 * A way for payloads of @size: to a UDP peer on this host that never reads and has no more
 * room, so that nothing is received. What UDP cannot carry goes to an AF_UNIX socket.
 */
struct way way_open(size_t size);

/*
 * A TCP connection, @far by accept(), which was told where to put the address: bpftrace's
 * program knows descriptors that were returned so, and no others.
 */
struct pair way_accept(void);

/* Take away what lies there; by read(), which is not send(). */
void way_drain(const struct way *way);

#endif /* WAY_H */
