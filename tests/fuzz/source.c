// SPDX-License-Identifier: GPL-2.0
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/types.h>

struct source source;

int simulated_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t simulated_read(int fd, void *to, size_t size);

static uint64_t next_random(void)
{
	source.random = source.random * 6364136223846793005u + 1442695040888963407u;
	return source.random >> 33;
}

int simulated_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	require(count == 1 && timeout == 0, "the reader waits in poll()");
	fds->revents = fds->events;
	return next_random() % 8 != 0;
}

ssize_t simulated_read(int fd, void *to, size_t size)
{
	size_t piece = 1 + next_random() % source.piece_max;
	const uint8_t *from;

	require(fd == SOURCE_FD && size > 0, "read() of fd %d, %zu bytes", fd, size);
	if (next_random() % 16 == 0) {
		errno = next_random() % 2 ? EINTR : EAGAIN;
		return -1;
	}
	if (source.left.size == 0 && source.breaks) {
		errno = EIO;
		return -1;
	}
	if (piece > size)
		piece = size;
	from = input_bytes(&source.left, &piece);
	memcpy(to, from, piece);
	return (ssize_t)piece;
}
