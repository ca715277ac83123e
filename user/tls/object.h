/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_OBJECT_H
#define _TLS_OBJECT_H

/* The traced functions that a program or library has. */
#include <stdint.h>

#include "flow.h"
#include "function.h"

/* One function, by offsets in its file. */
struct tls_code {
	enum tls_function function;
	const char *why; /* NULL; or why it cannot be traced, continuing "it ..." */
	uint64_t entry; /* 0: why says that it is not known */
	unsigned int nr_returns; /* 0 for one that only begins */
	uint64_t returns[FLOW_RETURNS_MAX];
};

struct tls_object {
	unsigned int number;
	struct tls_code
		codes[TLS_FUNCTIONS]; /* each at most once, and no successor's predecessor */
};

/*
 * What an open file has. Return: 0, also if it has none of them; -ENOEXEC if it is no ELF file
 * that could; -EFBIG if its symbols are too many to look at; or another negative errno.
 */
int tls_object_read(struct tls_object *object, int fd);

#endif /* _TLS_OBJECT_H */
