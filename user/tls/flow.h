/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_FLOW_H
#define _TLS_FLOW_H

/* All ways out of a function. */
#include <stdint.h>

struct code;
struct image;

enum {
	FLOW_RETURNS_MAX = 64,
};

struct flow_returns {
	unsigned int number;
	uint64_t at[FLOW_RETURNS_MAX]; /* addresses as the file has them */
};

/*
 * The return instructions by which a function at an address of an image leaves, also those of
 * functions that it jumps to at its end. @size: by its symbol; 0 if that does not say.
 * Return: NULL; or why they are not certain, as words that continue "it ...", which are static.
 */
const char *flow_returns(const struct image *image, struct code *code, uint64_t address,
			 uint64_t size, struct flow_returns *returns);

#endif /* _TLS_FLOW_H */
