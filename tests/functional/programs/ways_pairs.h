/* SPDX-License-Identifier: GPL-2.0 */
/* Connected sockets of every kind, and what is sent between them. */
#ifndef WAYS_PAIRS_H
#define WAYS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "net.h"

enum pair_kind {
	PAIR_TCP4,
	PAIR_TCP6,
	PAIR_UDP4,
	PAIR_UDP6,
	PAIR_UNIX_STREAM,
	PAIR_UNIX_DGRAM,
	PAIR_UNIX_SEQPACKET,
	PAIR_KINDS,
};

/* Both ends are connected to each other. */
struct pair pair_of(enum pair_kind kind);
bool pair_is_inet(enum pair_kind kind);
bool pair_is_stream(enum pair_kind kind);

/* @len bytes of text, a different one for each @number; the caller frees it. */
char *text_number(unsigned int number, size_t len);

/* Read @len bytes, which must be @text. */
void must_arrive(int fd, const char *text, size_t len, const char *what);

/*
 * At the far end, in a process with a name of its own, where both directions are traced: @text
 * must arrive, or is sent.
 */
void far_must_get(int fd, const char *text, const char *what);
void far_puts(int fd, const char *text);

#endif /* WAYS_PAIRS_H */
