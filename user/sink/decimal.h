/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_DECIMAL_H
#define _SINK_DECIMAL_H

/* Numbers as decimal digits, many times faster than printf(). */
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "number.h"

enum {
	DECIMAL_SLACK = 3, /* bytes that may be written behind the end */
};

/*
 * For each number below 1,000 its three digits, the first in the low byte, and in the high
 * byte how many of them are leading zeros. Most numbers of a line have one or two such groups.
 */
extern const uint32_t decimal_groups[1000];

static inline char *decimal_put_group(char *to, uint32_t digits, unsigned int count)
{
	uint32_t text = htole32(digits);

	memcpy(to, &text, sizeof(text));
	return to + count;
}

static inline char *decimal_put_leading_group(char *to, uint32_t group)
{
	unsigned int zeros = decimal_groups[group] >> 24;

	return decimal_put_group(to, decimal_groups[group] >> 8 * zeros, 3 - zeros);
}

/* For numbers from 1,000 on; only decimal_put() calls it. */
char *decimal_put_long(char *to, uint64_t value);

/*
 * Decimal digits of @value at @to, where there must be room for NUMBER_WIDEST (and a
 * sign) + DECIMAL_SLACK. Return: their end.
 */
static inline char *decimal_put(char *to, uint64_t value)
{
	return value < 1000 ? decimal_put_leading_group(to, (uint32_t)value) :
			      decimal_put_long(to, value);
}

static inline char *decimal_put_signed(char *to, int64_t value)
{
	if (value >= 0)
		return decimal_put(to, (uint64_t)value);
	*to++ = '-';
	return decimal_put(to, -(uint64_t)value);
}

#endif /* _SINK_DECIMAL_H */
