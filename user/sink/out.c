// SPDX-License-Identifier: GPL-2.0
/* Writes buffered output to a descriptor, and keeps the first error. */
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"

/* A pipe has room only when a whole page of it was read: its reader may be slow, but there. */
static bool is_being_read(struct out *out)
{
	int unread, before = out->unread;

	if (ioctl(out->fd, FIONREAD, &unread))
		return false;
	out->unread = unread;
	return unread != before;
}

/* A signal came, and no byte was taken. Return: 0 to try again, or a negative errno. */
static int interrupted(struct out *out)
{
	int patience = out->patience ? *out->patience : -1;
	int64_t now;

	if (patience <= 0)
		return patience ? 0 : -EINTR;
	now = clock_ms();
	if (is_being_read(out) || !out->stuck)
		out->stuck = now;
	return now - out->stuck < patience ? 0 : -ETIMEDOUT;
}

/* Return: 0 to try again, or a negative errno. */
static int write_failed(struct out *out)
{
	struct pollfd ready = { .fd = out->fd, .events = POLLOUT };

	switch (errno) {
	case EINTR:
		return interrupted(out);
	case EAGAIN:
		/* Another process that shares the pipe or terminal has set O_NONBLOCK. */
		if (poll(&ready, 1, -1) < 0 && errno == EINTR)
			return interrupted(out);
		return 0;
	default:
		return -errno;
	}
}

static uint64_t lines_in(const char *from, const char *end)
{
	uint64_t lines = 0;

	while (from < end)
		lines += *from++ == '\n';
	return lines;
}

int out_flush(struct out *out)
{
	const char *from = out->buffer, *end = from + out->used;
	ssize_t written;

	out->used = 0;
	if (out->error)
		return out->error;
	while (!out->error && from < end) {
		written = write(out->fd, from, (size_t)(end - from));
		if (written < 0) {
			out->error = write_failed(out);
			continue;
		}
		from += written;
		out->stuck = 0;
	}
	out->unwritten = lines_in(from, end);
	return out->error;
}
