// SPDX-License-Identifier: GPL-2.0
/* Files without a name, for what does not fit into memory. */
#include "unnamed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

const char *unnamed_folder(void)
{
	/* Not where a user could choose the folder of a program that has more rights. */
	const char *folder = secure_getenv("TMPDIR");

	/* Empty is as good as not set: "" and a name behind it would be a file of the root. */
	return folder && *folder ? folder : "/tmp";
}

/* A file system without unnamed files. */
static int open_and_unlink(const char *folder)
{
	char path[PATH_MAX];
	int size = snprintf(path, sizeof(path), "%s/sendtrace.XXXXXX", folder);
	int file;

	if (size < 0 || (size_t)size >= sizeof(path))
		return -ENAMETOOLONG;
	file = mkostemp(path, O_CLOEXEC);
	if (file < 0)
		return -errno;
	unlink(path);
	return file;
}

int unnamed_open(const char *folder)
{
	int file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	return file >= 0 ? file : open_and_unlink(folder);
}

/*
 * A write() beyond RLIMIT_FSIZE would not only fail but send SIGXFSZ, which ends a program that
 * has not thought of it. Somebody else may change the limit at any time (prlimit()).
 */
static bool is_beyond_limit(off_t end)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
	       (rlim_t)end > limit.rlim_cur;
}

int unnamed_write(int file, off_t at, const void *from, size_t size)
{
	const char *rest = from;
	ssize_t written;

	if (is_beyond_limit(at + (off_t)size))
		return -EFBIG;
	while (size > 0) {
		written = pwrite(file, rest, size, at);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		rest += written;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

ssize_t unnamed_read(int file, off_t at, void *to, size_t size)
{
	ssize_t got;

	do {
		got = pread(file, to, size, at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return got ?: -EIO;
}
