/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_WRITE_ALL_H
#define _COMMON_WRITE_ALL_H

/*
 * Inline, so that the library, which depends on no object of common, can use it as well: the
 * only header of common that it includes.
 */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

/* write() until all is written. Return: 0 or a negative errno. */
static inline int write_all(int fd, const void *from, size_t size)
{
	const char *at = from;
	ssize_t written;

	while (size > 0) {
		written = write(fd, at, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

#endif /* _COMMON_WRITE_ALL_H */
