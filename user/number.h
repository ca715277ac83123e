/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_NUMBER_H
#define _SENDREAD_NUMBER_H

#include <stdint.h>

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
 * Decimal digits of @value at @to, where there must be room for NUMBER_WIDEST (and a
 * sign) + NUMBER_SLACK. Return: their end.
 */
char *number_put(char *to, uint64_t value);
char *number_put_signed(char *to, int64_t value);

#endif /* _SENDREAD_NUMBER_H */
