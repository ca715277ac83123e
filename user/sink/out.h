/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_OUT_H
#define _SENDREAD_OUT_H

#include <signal.h>
#include <stddef.h>

enum {
	OUT_CAPACITY = 64 << 10
};

/**
 * struct out - text on its way to a file descriptor
 * @fd: where to
 * @error: the first write error, negative; from then on all is thrown away
 * @give_up: when not 0, a write() that a signal interrupted is not tried again
 * @used: bytes of @buffer
 * @buffer: many lines, for one write()
 */
struct out {
	int fd;
	int error;
	const volatile sig_atomic_t *give_up;
	size_t used;
	char buffer[OUT_CAPACITY];
};

/* Write all that is there. Return: @out->error. */
int out_flush(struct out *out);

/* Where the next @size bytes may be put, at most OUT_CAPACITY; told by out_commit(). */
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

#endif /* _SENDREAD_OUT_H */
