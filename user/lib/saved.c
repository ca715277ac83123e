// SPDX-License-Identifier: GPL-2.0
/* A saved stream as a source: what `cat /dev/sendtrace` wrote, from a file or a pipe. */
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "stream.h"

struct saved {
	struct source source;
	struct stream stream;
};

static inline struct saved *saved_of(struct source *source)
{
	return (struct saved *)source;
}

static int saved_next(struct source *source, const void **from,
		      const struct sendtrace_record **rec, struct sendtrace_fault *fault)
{
	return stream_next(&saved_of(source)->stream, from, rec, fault);
}

static void saved_place(const struct source *source, struct sendtrace_fault *fault)
{
	stream_place(&((const struct saved *)source)->stream, fault);
}

static void saved_poll_before(struct source *source, struct pollfd *fd, int *timeout)
{
	(void)timeout;
	*fd = (struct pollfd){ .fd = saved_of(source)->stream.fd, .events = POLLIN };
}

static void saved_free(struct source *source)
{
	struct saved *saved = saved_of(source);

	close(saved->stream.fd);
	stream_free(&saved->stream);
	free(saved);
}

/* No kernel is behind it: nothing to configure, stop or count. read() finds the end. */
static const struct source_ops saved_ops = {
	.hint = "is it all that 'cat " SENDTRACE_DEVICE "' wrote?",
	.place = saved_place,
	.poll_before = saved_poll_before,
	.free = saved_free,
};

int saved_open(struct source **source, int fd)
{
	struct saved *saved = calloc(1, sizeof(*saved));

	if (!saved)
		return -ENOMEM;
	saved->source.ops = &saved_ops;
	saved->source.next = saved_next;
	if (stream_init(&saved->stream, fd, false, STREAM_CAPACITY)) {
		free(saved);
		return -ENOMEM;
	}
	*source = &saved->source;
	return 0;
}
