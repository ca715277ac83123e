/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_CLOCK_H
#define _COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_MONOTONIC, some milliseconds late: for waiting, not for measuring. */
static inline int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The sooner of two timeouts in milliseconds, of which -1 is never. */
static inline int clock_sooner(int one, int other)
{
	if (one < 0 || other < 0)
		return one < 0 ? other : one;
	return one < other ? one : other;
}

#endif /* _COMMON_CLOCK_H */
