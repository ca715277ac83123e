// SPDX-License-Identifier: GPL-2.0
/* Cuts what read() returns into records. */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode.h"

int stream_init(struct stream *stream, int fd, bool nonblocking, size_t capacity)
{
	memset(stream, 0, sizeof(*stream));
	stream->fd = fd;
	stream->nonblocking = nonblocking;
	stream->capacity = capacity;
	stream->buffer = malloc(capacity);
	return stream->buffer ? 0 : -ENOMEM;
}

void stream_free(struct stream *stream)
{
	free(stream->buffer);
	stream->buffer = NULL;
}

/* The buffer grows only when it is full: a record's size is not trusted. */
static int grow(struct stream *stream)
{
	unsigned char *buffer;

	if (stream->capacity >= 2 * (size_t)DECODE_RECORD_MAX)
		return -EMSGSIZE;
	buffer = realloc(stream->buffer, stream->capacity * 2);
	if (!buffer)
		return -ENOMEM;
	stream->buffer = buffer;
	stream->capacity *= 2;
	return 0;
}

static int make_room(struct stream *stream)
{
	if (stream->start > 0) {
		memmove(stream->buffer, stream->buffer + stream->start,
			stream->end - stream->start);
		stream->end -= stream->start;
		stream->start = 0;
	}
	return stream->end < stream->capacity ? 0 : grow(stream);
}

/*
 * poll() before read(): O_NONBLOCK would also change the pipe or terminal for the other
 * processes that share it.
 */
static bool would_block(const struct stream *stream)
{
	struct pollfd ready = { .fd = stream->fd, .events = POLLIN };

	return !stream->nonblocking && poll(&ready, 1, 0) == 0;
}

/* Return: 1 if there is more now, 0 if not, -ENODATA at the end, or an error. */
static int fill(struct stream *stream)
{
	ssize_t got;
	int err;

	if (stream->ended)
		return -ENODATA;
	err = make_room(stream);
	if (err)
		return err;
	if (would_block(stream))
		return 0;
	got = read(stream->fd, stream->buffer + stream->end,
		   stream->capacity - stream->end);
	if (got > 0) {
		stream->end += got;
		return 1;
	}
	if (got == 0) {
		stream->ended = true;
		return -ENODATA;
	}
	return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

static int truncated(const struct stream *stream, uint32_t size,
		     struct sendtrace_fault *fault)
{
	size_t there = stream->end - stream->start;

	if (size)
		snprintf(fault->text, sizeof(fault->text),
			 "the stream ends after %zu bytes of it, expected %u", there,
			 size);
	else
		snprintf(fault->text, sizeof(fault->text),
			 "the stream ends after %zu bytes of it, expected %zu or more",
			 there, sizeof(struct sendtrace_record));
	return -EBADMSG;
}

void stream_place(const struct stream *stream, struct sendtrace_fault *fault)
{
	snprintf(fault->where, sizeof(fault->where), "byte %llu of the stream",
		 (unsigned long long)stream->position);
}

/* Return: 1 when the buffer holds a whole record, or as stream_next(). */
static int fill_frame(struct stream *stream, struct sendtrace_fault *fault)
{
	struct sendtrace_record *rec = &stream->rec;
	size_t there;
	int err;

	for (;;) {
		there = stream->end - stream->start;
		err = decode_frame(stream->buffer + stream->start, there, rec, fault);
		if (err != -EAGAIN)
			return err ?: 1;
		err = fill(stream);
		if (err == -ENODATA && there > 0)
			return truncated(stream, rec->size, fault);
		if (err <= 0)
			return err;
	}
}

int stream_next(struct stream *stream, const void **from,
		const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	int got;

	stream->start += stream->current;
	stream->position += stream->current;
	stream->current = 0;
	got = fill_frame(stream, fault);
	if (got == -EBADMSG)
		stream_place(stream, fault);
	if (got <= 0)
		return got;
	*from = stream->buffer + stream->start;
	*rec = &stream->rec;
	stream->current = stream->rec.size;
	return 1;
}
