/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_NUMBER_H
#define _COMMON_NUMBER_H

#include <stdint.h>

/* Numbers as people write them on a command line. */

enum {
	NUMBER_WIDEST = 20, /* digits of the largest that fits 64 bits */
};

/* A whole decimal number and nothing else, from @min to @max. Return: 0 or -EINVAL. */
int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value);

/*
 * Seconds with up to nine decimals, as nanoseconds: more than 0 and at most @max seconds.
 * Return: 0 or -EINVAL.
 */
int number_parse_seconds(const char *text, uint32_t max, uint64_t *nanoseconds);

/*
 * A time such as 100ms, 0.5s or 2, which is seconds, as nanoseconds: more than 0 and at most
 * @max seconds. Return: 0 or -EINVAL.
 */
int number_parse_time(const char *text, uint32_t max, uint64_t *nanoseconds);

#endif /* _COMMON_NUMBER_H */
