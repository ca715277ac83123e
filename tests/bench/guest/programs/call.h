/* SPDX-License-Identifier: GPL-2.0 */
/* The calls that can be measured. */
#ifndef CALL_H
#define CALL_H

#include <stddef.h>
#include <sys/types.h>

#include "way.h"

/**
 * struct call - a call that transfers a payload
 * @name: as sendread's option -e has it, or of our own
 * @open: opens what it is made on; the size is that of the payload
 * @make: makes it once; returns what it returned
 */
struct call {
	const char *name;
	struct way (*open)(size_t size);
	ssize_t (*make)(int fd, char *bytes, size_t size);
};

/* Dies, and says which there are, if there is none of that name. */
const struct call *call_named(const char *name);

#endif /* CALL_H */
