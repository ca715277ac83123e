// SPDX-License-Identifier: GPL-2.0
/* Writes buffered output to a descriptor, and keeps the first error. */
#include "out.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* Return: 0 to try again, or a negative errno. */
static int write_failed(const struct out *out)
{
	struct pollfd ready = { .fd = out->fd, .events = POLLOUT };

	switch (errno) {
	case EINTR:
		return out->give_up && *out->give_up ? -EINTR : 0;
	case EAGAIN:
		/* Another process that shares the pipe or terminal has set O_NONBLOCK. */
		if (poll(&ready, 1, -1) < 0 && out->give_up && *out->give_up)
			return -EINTR;
		return 0;
	default:
		return -errno;
	}
}

int out_flush(struct out *out)
{
	size_t done = 0;
	ssize_t written;

	while (!out->error && done < out->used) {
		written = write(out->fd, out->buffer + done, out->used - done);
		if (written >= 0)
			done += (size_t)written;
		else
			out->error = write_failed(out);
	}
	out->used = 0;
	return out->error;
}
