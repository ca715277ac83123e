/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_FIND_H
#define _TLS_FIND_H

/* What of a process's TLS libraries can be traced, and where. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "flow.h"
#include "function.h"

struct tls_cache;

enum {
	TLS_LIBRARIES_MAX = 256, /* of a process; each has an open file */
};

/* One function, by addresses in the process. */
struct tls_site {
	enum tls_function function;
	const char
		*why; /* NULL; or why it cannot be traced: words that continue "it ..." */
	uint64_t entry; /* of its first instruction; 0: why says that it is not known */
	unsigned int nr_returns; /* 0 for one that only begins */
	uint64_t returns[FLOW_RETURNS_MAX]; /* of its return instructions */
};

/* A mapped file that has at least one of the functions, or that could not be looked at. */
struct tls_library {
	int fd; /* the file, open for reading; -1 if it could not be looked at */
	char *path; /* as /proc/PID/maps has it: \012 for a newline, and maybe " (deleted)" */
	uint32_t major, minor; /* device and inode, as they stand there, too */
	uint64_t inode;
	const char *
		why; /* NULL; or why the file could not be looked at: then it has no sites */
	unsigned int nr_sites;
	struct tls_site sites[TLS_FUNCTIONS];
};

struct tls_found {
	struct tls_library *libraries;
	size_t number;
	bool changed; /* mappings disappeared meanwhile: look again */
	bool too_many; /* there are more than TLS_LIBRARIES_MAX */
};

/*
 * Look at each private executable mapping of a file. Needs CAP_SYS_ADMIN for /proc/PID/map_files,
 * through which deleted files and those of other mount namespaces are read.
 * Return: 0, also if there is nothing; -ESRCH if the process has ended; -EACCES or -EFBIG if this
 * process cannot be looked at; or another negative errno, with @why saying what failed, in words that
 * begin a sentence. Then nothing is to be freed.
 */
int tls_find(pid_t pid, struct tls_cache *cache, struct tls_found *found,
	     const char **why);

void tls_found_free(struct tls_found *found);

#endif /* _TLS_FIND_H */
