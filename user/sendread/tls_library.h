/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TLS_LIBRARY_H
#define _SENDREAD_TLS_LIBRARY_H

/* The functions of a library, to the module; and what is said of them. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "find.h"

struct options;
struct sendtrace;

/**
 * struct tls_mapping - where a library was found
 * @pid: in this process
 * @name: its name
 * @time: when it was mapped, in nanoseconds of CLOCK_MONOTONIC; 0: that is not known
 * @is_late: all that was there when the trace began is traced
 * @has_calls: the process has calls of OpenSSL that are recorded, in this library or another
 */
struct tls_mapping {
	pid_t pid;
	const char *name;
	uint64_t time;
	bool is_late;
	bool has_calls;
};

enum tls_named {
	TLS_NAMED, /* at least one function is traced, also if it was before */
	TLS_NOT_NAMED, /* none can be */
	TLS_CHANGED, /* the process has something else there now: look again */
	TLS_FAILED, /* after a message; the next one will fail, too */
};

/*
 * Have the module trace what can be traced. Says what cannot, once for each library; and what is
 * new, where that is asked for.
 */
enum tls_named tls_library_name(struct sendtrace *trace, const struct options *options,
				const struct tls_library *library,
				const struct tls_mapping *mapping);

/* Say that the process has more than TLS_LIBRARIES_MAX; once. */
void tls_library_too_many(const struct options *options,
			  const struct tls_mapping *mapping);

#endif /* _SENDREAD_TLS_LIBRARY_H */
