/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_MAPS_H
#define _TLS_MAPS_H

/* The private executable mappings of files that /proc/PID/maps lists. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file, of its first byte */
	uint32_t major, minor;
	uint64_t inode;
	char *path; /* as it stands there: \012 for a newline, and maybe " (deleted)" */
};

struct maps {
	struct mapping *mappings; /* those of one file stand side by side */
	size_t number;
	char *text; /* where the paths are */
};

/*
 * Return: 0; -ENOMEM; -EFBIG if there are too many; or what reading said, -ESRCH for a process that
 * has ended.
 */
int maps_read(struct maps *maps, pid_t pid);

/* Of @text of @size bytes, which it takes over and may change: 0 or -ENOMEM. */
int maps_parse(struct maps *maps, char *text, size_t size);

void maps_free(struct maps *maps);

bool mapping_is_same_file(const struct mapping *one, const struct mapping *other);

#endif /* _TLS_MAPS_H */
