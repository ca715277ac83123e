/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_OUT_H
#define _SINK_OUT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

enum {
	OUT_CAPACITY = 64 << 10
};

/**
 * struct out - text on its way to a file descriptor
 * @fd: where it is written
 * @error: the first write error, negative; from then on everything is thrown away
 * @patience: how long a write() may take no byte: milliseconds after which one that a signal
 *	interrupts fails with ETIMEDOUT; 0: immediately, with EINTR; negative: for ever. A signal's
 *	handler may change it. May be NULL: for ever
 * @stuck: since when no byte was taken, in milliseconds of clock_ms(); 0: not known to be so
 * @unread: bytes in the pipe when a signal came last
 * @unwritten: ends of lines that were thrown away with the first error
 * @used: bytes of @buffer
 * @buffer: lines for the next write()
 */
struct out {
	int fd;
	int error;
	const volatile sig_atomic_t *patience;
	int64_t stuck;
	int unread;
	uint64_t unwritten;
	size_t used;
	char buffer[OUT_CAPACITY];
};

/* Write everything. Return: @out->error. */
int out_flush(struct out *out);

/* Room for @size bytes, at most OUT_CAPACITY. Return: where; end with out_commit(). */
static inline char *out_reserve(struct out *out, size_t size)
{
	if (OUT_CAPACITY - out->used < size)
		out_flush(out);
	return out->buffer + out->used;
}

static inline void out_commit(struct out *out, const char *end)
{
	out->used = (size_t)(end - out->buffer);
}

static inline size_t out_room(const struct out *out)
{
	return OUT_CAPACITY - out->used;
}

#endif /* _SINK_OUT_H */
