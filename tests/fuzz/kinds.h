/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KINDS_H
#define KINDS_H

#include "sample.h"

enum {
	KINDS = 22
};

/**
 * struct kind - a record with a feature
 * @name: of the feature
 * @change: gives it to a send
 * @payload: of @size bytes
 */
struct kind {
	const char *name;
	void (*change)(struct sample *sample);
	const void *payload;
	size_t size;
};

extern const struct kind kinds[KINDS];

#endif /* KINDS_H */
