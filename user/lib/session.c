// SPDX-License-Identifier: GPL-2.0
/* The life of a handle: opening, commands, waiting, closing. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "order.h"
#include "sendtrace_tls.h"

/* ---- Opening and closing ---------------------------------------------------------- */

static struct sendtrace *trace_new(void)
{
	struct sendtrace *trace = calloc(1, sizeof(*trace));

	if (trace)
		join_init(&trace->join);
	return trace;
}

/* The source was opened, or could not be. */
static int opened(struct sendtrace **result, struct sendtrace *trace, int err)
{
	if (err) {
		join_free(&trace->join);
		free(trace);
		return err;
	}
	trace->fault.hint = trace->source->ops->hint;
	*result = trace;
	return 0;
}

int sendtrace_open_device(struct sendtrace **result, const char *path)
{
	struct sendtrace *trace = trace_new();

	if (!trace)
		return -ENOMEM;
	return opened(result, trace, live_open(&trace->source, path));
}

int sendtrace_open_stream(struct sendtrace **result, int fd)
{
	struct sendtrace *trace = trace_new();

	if (!trace)
		return -ENOMEM;
	return opened(result, trace, saved_open(&trace->source, fd));
}

static int is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

int sendtrace_is_saved(const char *path)
{
	struct stat status;

	if (is_stdin(path))
		return 1;
	if (stat(path, &status))
		return -errno;
	if (S_ISCHR(status.st_mode))
		return 0;
	return S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode) ? 1 : -EINVAL;
}

static int open_saved(struct sendtrace **result, const char *path)
{
	int fd, err;

	/* Not where standard input, output or error may be missing. */
	if (is_stdin(path))
		fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	else
		/* A named pipe may have no writer yet; poll() waits for one, and can be ended. */
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	err = sendtrace_open_stream(result, fd);
	if (err)
		close(fd);
	return err;
}

int sendtrace_open(struct sendtrace **result, const char *path)
{
	int saved = sendtrace_is_saved(path);

	if (saved < 0)
		return saved;
	return saved ? open_saved(result, path) : sendtrace_open_device(result, path);
}

void sendtrace_close(struct sendtrace *trace)
{
	if (!trace)
		return;
	trace->source->ops->free(trace->source);
	order_free(trace);
	sequence_free(&trace->sequence);
	join_free(&trace->join);
	free(trace);
}

/* ---- Commands --------------------------------------------------------------------- */

const struct sendtrace_info *sendtrace_get_info(const struct sendtrace *trace)
{
	const struct source *source = trace->source;

	return source->ops->info ? source->ops->info(source) : NULL;
}

int sendtrace_fd(const struct sendtrace *trace)
{
	const struct source *source = trace->source;

	return source->ops->fd ? source->ops->fd(source) : -ENOTTY;
}

int sendtrace_configure(struct sendtrace *trace, struct sendtrace_config *config)
{
	struct source *source = trace->source;

	return source->ops->configure ? source->ops->configure(source, config) : -ENOTTY;
}

int sendtrace_set_filter(struct sendtrace *trace, const struct sendtrace_filter *filter)
{
	struct source *source = trace->source;

	return source->ops->filter ? source->ops->filter(source, filter) : -ENOTTY;
}

int sendtrace_add_tls(struct sendtrace *trace, const struct sendtrace_tls *function)
{
	struct source *source = trace->source;

	return source->ops->tls ? source->ops->tls(source, function) : -ENOTTY;
}

int sendtrace_map(struct sendtrace *trace)
{
	struct source *source = trace->source;

	return source->ops->map ? source->ops->map(source) : -ENOTTY;
}

unsigned int sendtrace_rings(const struct sendtrace *trace)
{
	const struct source *source = trace->source;

	return source->ops->rings ? source->ops->rings(source) : 0;
}

int sendtrace_start(struct sendtrace *trace)
{
	struct source *source = trace->source;
	int err = source->ops->start ? source->ops->start(source) : 0;

	if (!err)
		order_resume(trace);
	return err;
}

int sendtrace_stop(struct sendtrace *trace)
{
	struct source *source = trace->source;

	return source->ops->stop ? source->ops->stop(source) : order_stop(trace);
}

int sendtrace_get_stats(struct sendtrace *trace, struct sendtrace_stats *stats)
{
	struct source *source = trace->source;

	return source->ops->stats ? source->ops->stats(source, stats) : -ENOTTY;
}

int sendtrace_keep_error(const struct sendtrace *trace, const char **folder)
{
	const struct spill *spill = &trace->join.spill;

	if (folder)
		*folder = spill->folder ?: "$TMPDIR";
	return spill->error;
}

/* ---- Waiting ---------------------------------------------------------------------- */

void sendtrace_poll_before(struct sendtrace *trace, struct pollfd *fd, int *timeout)
{
	if (trace->unfinished) {
		trace->unfinished = 0;
		*fd = (struct pollfd){ .fd = -1 };
		*timeout = 0;
		return;
	}
	trace->source->ops->poll_before(trace->source, fd, timeout);
	if (trace->sort)
		order_poll_before(trace, timeout);
}

int sendtrace_poll_after(struct sendtrace *trace, const struct pollfd *fd)
{
	struct source *source = trace->source;

	return source->ops->poll_after ? source->ops->poll_after(source, fd) : 0;
}

int sendtrace_wait(struct sendtrace *trace, int timeout)
{
	struct pollfd fd;

	sendtrace_poll_before(trace, &fd, &timeout);
	if (poll(&fd, 1, timeout) < 0)
		return -errno;
	return sendtrace_poll_after(trace, &fd);
}
