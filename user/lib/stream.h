/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_STREAM_H
#define _SENDTRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sendtrace.h>

struct sendtrace_fault;

enum {
	STREAM_CAPACITY = 256 << 10, /* a good size to begin with */
};

/**
 * struct stream - records that come by read()
 * @fd: what is read; not closed here
 * @nonblocking: read() never waits: the device, opened so
 * @ended: read() returned 0: there is no more
 * @position: of @start in the stream, for messages
 * @buffer: @capacity bytes, of which @start to @end are unread
 * @current: bytes of the record that is in use
 * @rec: its header, as it was checked
 */
struct stream {
	int fd;
	bool nonblocking;
	bool ended;
	uint64_t position;
	unsigned char *buffer;
	size_t capacity;
	size_t start;
	size_t end;
	size_t current;
	struct sendtrace_record rec;
};

/* Return: 0 or -ENOMEM. */
int stream_init(struct stream *stream, int fd, bool nonblocking, size_t capacity);

void stream_free(struct stream *stream);

/**
 * stream_next - the next record
 * @stream: stream
 * @from: the record, to be used until the next call
 * @rec: its header, as decode_frame() found it, until then
 * @fault: what is wrong on -EBADMSG
 *
 * Return: 1, 0 if there is nothing now, -ENODATA after the last, -EBADMSG, or what
 * read() failed with.
 */
int stream_next(struct stream *stream, const void **from,
		const struct sendtrace_record **rec, struct sendtrace_fault *fault);

/* Say where the record in use, or at fault, begins. */
void stream_place(const struct stream *stream, struct sendtrace_fault *fault);

#endif /* _SENDTRACE_STREAM_H */
