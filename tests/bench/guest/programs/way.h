/* SPDX-License-Identifier: GPL-2.0 */
/* A socket to send or receive on, and its other end. */
#ifndef WAY_H
#define WAY_H

#include <stddef.h>

#include "net.h"

struct way {
	int fd;
	/* The other end, if it must be read after each send; otherwise -1. */
	int drain;
	/* The other end, if it must send before each receive; otherwise -1. */
	int feed;
	/* The other end, if it must be read after some sends; otherwise -1. */
	int gather;
};

/*
 * A way for payloads of @size: to a UDP peer on this host that never reads and whose buffer is
 * full, so that nothing is received. What UDP cannot carry goes to an AF_UNIX socket.
 */
struct way way_open(size_t size);

/* A connected UDP socket to receive on. */
struct way way_open_received(size_t size);

/* The same, not connected. */
struct way way_open_unconnected(size_t size);

/* A TCP connection to receive on; for small payloads. */
struct way way_open_stream(size_t size);

/* A stream to send on; for payloads that fit into its buffer fifty times. */
struct way way_open_gathered(size_t size);

/* No socket, but a file to write to. */
struct way way_open_file(size_t size);

/*
 * A TCP connection with @far from an accept() that was given a pointer for the address:
 * bpftrace's program knows only such descriptors.
 */
struct pair way_accept(void);

/* Read what was sent, with read(). */
void way_drain(const struct way *way);

/* Send a payload for the next receive, with send(). */
void way_feed(const struct way *way, const char *bytes, size_t size);

/* Read what the last @calls have sent, @size bytes each. */
void way_gather(const struct way *way, long calls, size_t size);

#endif /* WAY_H */
