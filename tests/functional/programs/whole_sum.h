/* SPDX-License-Identifier: GPL-2.0 */
/* A checksum in place of a payload that is too long to compare as text. */
#ifndef WHOLE_SUM_H
#define WHOLE_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	SUM_TEXT = 64
};

/* 64-bit FNV-1a: a byte that differs, is missing or is misplaced changes it. */
static inline uint64_t fnv1a(const unsigned char *bytes, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * 0x100000001b3;
	return sum;
}

static inline void sum_text(char text[SUM_TEXT], const void *bytes, size_t len)
{
	snprintf(text, SUM_TEXT, "[%zu bytes, fnv1a %016llx]", len,
		 (unsigned long long)fnv1a(bytes, len));
}

#endif /* WHOLE_SUM_H */
