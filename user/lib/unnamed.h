/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_UNNAMED_H
#define _SENDTRACE_UNNAMED_H

/* Files without a name, for what does not fit into memory. */
#include <stddef.h>
#include <sys/types.h>

/*
 * The folder for them, $TMPDIR or /tmp, as the environment says now: it may be changed, and
 * the string then freed, at any time.
 */
const char *unnamed_folder(void);

/* Return: a descriptor of a new, empty file for reading and writing, or a negative errno. */
int unnamed_open(const char *folder);

/**
 * unnamed_write - write all of it
 * @file: descriptor
 * @at: where, in bytes
 * @from: what
 * @size: bytes
 *
 * Return: 0, or what pwrite() fails with. Beyond the limit of a file's size (RLIMIT_FSIZE)
 * -EFBIG, without the signal that the kernel would send.
 */
int unnamed_write(int file, off_t at, const void *from, size_t size);

/**
 * unnamed_read - read some of what was written
 * @file: descriptor
 * @at: where, in bytes; not at the end
 * @to: room
 * @size: bytes of it, more than 0
 *
 * Return: bytes, perhaps fewer than @size but not 0; -EIO where somebody has truncated the
 * file (by way of /proc/PID/fd); or what pread() fails with.
 */
ssize_t unnamed_read(int file, off_t at, void *to, size_t size);

#endif /* _SENDTRACE_UNNAMED_H */
