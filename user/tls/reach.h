/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_REACH_H
#define _TLS_REACH_H

/*
 * Which instructions are executed. What nothing leads to may be data, in which a byte that looks
 * like a return is none: a probe there would change the data.
 */
#include <stdint.h>

/* What is known of a byte of code. */
enum {
	BYTE_BEGINS = 1, /* an instruction */
	BYTE_GOES_ON = 2, /* the next one may be executed after it */
	BYTE_CALLS = 4, /* unless what it calls does not return */
	BYTE_FILLS = 8, /* it does nothing */
	BYTE_REACHED = 16,
};

/* Code that one entry of .eh_frame covers. */
struct part {
	uint64_t start, end;
	uint8_t *bytes; /* of BYTE_*, NULL before it was decoded */
};

struct jump {
	uint64_t from, to;
};

/* Return: NULL if no part has that address. */
struct part *part_of(struct part *parts, unsigned int number, uint64_t address);

/*
 * Mark what is reached from an address of a part on. Each jump leads from an instruction to one.
 * Return: NULL; or why it is not certain, in words that continue "it ...".
 */
const char *reach(struct part *parts, unsigned int nr_parts, const struct jump *jumps,
		  unsigned int nr_jumps, uint64_t from);

#endif /* _TLS_REACH_H */
