/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_ESCAPE_VARIANTS_H
#define _SENDREAD_ESCAPE_VARIANTS_H

/*
 * What escape() chooses from, by what the machine can do: the same text, and the same room
 * for it. Nothing behind @size bytes is read.
 */
#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * What each byte becomes: up to four characters from the low byte on, and in the high byte
 * how many. All are stored, whatever the size says: no branch, and one load for both.
 */
extern const uint64_t escape_texts[256];

static inline char *escape_byte(char *to, uint8_t byte)
{
	uint32_t text = htole32((uint32_t)escape_texts[byte]);

	memcpy(to, &text, sizeof(text));
	return to + (escape_texts[byte] >> 56);
}

char *escape_portable(char *to, const void *from, size_t size);

#ifdef __x86_64__
/* Only where escape_has_avx2(). */
char *escape_avx2(char *to, const void *from, size_t size);

static inline bool escape_has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#endif

#endif /* _SENDREAD_ESCAPE_VARIANTS_H */
