/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_OUT_H
#define _SINK_OUT_H

#include <signal.h>
#include <stddef.h>

enum {
	OUT_CAPACITY = 64 << 10
};

/**
 * struct out - text on its way to a file descriptor
 * @fd: where it is written
 * @error: the first write error, negative; from then on everything is thrown away
 * @give_up: when it is not 0, a write() that a signal interrupts is not tried again; may be NULL
 * @used: bytes of @buffer
 * @buffer: lines for the next write()
 */
struct out {
	int fd;
	int error;
	const volatile sig_atomic_t *give_up;
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
