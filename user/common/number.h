/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_NUMBER_H
#define _SENDREAD_NUMBER_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

/* A whole decimal number and nothing else, from @min to @max. Return: 0 or -EINVAL. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Seconds with up to nine decimals, as nanoseconds; more than none and at most @max
 * seconds. Return: 0 or -EINVAL.
 */
int number_parse_seconds(const char *text, uint32_t max, uint64_t *nanoseconds);

enum {
	NUMBER_WIDEST = 20,
	NUMBER_SLACK = 3, /* that may be written behind the end */
};

/*
 * Three digits from the low byte on, and in the high byte how many of them are leading
 * zeros: a line has a dozen numbers, and most have one or two such groups.
 */
extern const uint32_t number_groups[1000];

static inline char *number_put_group(char *to, uint32_t digits, unsigned int count)
{
	uint32_t text = htole32(digits);

	memcpy(to, &text, sizeof(text));
	return to + count;
}

static inline char *number_put_leading_group(char *to, uint32_t group)
{
	unsigned int zeros = number_groups[group] >> 24;

	return number_put_group(to, number_groups[group] >> 8 * zeros, 3 - zeros);
}

/* Of 1,000 and more; for number_put() alone. */
char *number_put_long(char *to, uint64_t value);

/*
 * Decimal digits of @value at @to, where there must be room for NUMBER_WIDEST (and a
 * sign) + NUMBER_SLACK. Return: their end.
 */
static inline char *number_put(char *to, uint64_t value)
{
	return value < 1000 ? number_put_leading_group(to, (uint32_t)value) :
			      number_put_long(to, value);
}

static inline char *number_put_signed(char *to, int64_t value)
{
	if (value >= 0)
		return number_put(to, (uint64_t)value);
	*to++ = '-';
	return number_put(to, -(uint64_t)value);
}

#endif /* _SENDREAD_NUMBER_H */
