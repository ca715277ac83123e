// SPDX-License-Identifier: GPL-2.0
/* Escapes bytes as text; the variant for every machine, and the choice of the fastest. */
#include "escape.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "escape_variants.h"

#define HEX_DIGIT(n)  ((uint64_t)((n) < 10 ? '0' + (n) : 'a' + (n)-10))
#define IS_PLAIN(c)   ((c) >= 0x20 && (c) <= 0x7e && (c) != '\\')
#define TEXT(a, b, c) ((uint64_t)(a) | (uint64_t)(b) << 8 | (c))
#define SIZE(n)	      ((uint64_t)(n) << 56)
#define ENTRY(c)                                                                  \
	(IS_PLAIN(c) ? TEXT(c, 0, SIZE(1)) :                                      \
	 (c) == '\\' ? TEXT('\\', '\\', SIZE(2)) :                                \
		       TEXT('\\', 'x',                                            \
			    HEX_DIGIT((c) >> 4) << 16 | HEX_DIGIT((c)&15) << 24 | \
				    SIZE(4)))
#define ENTRIES_4(c) ENTRY(c), ENTRY((c) + 1), ENTRY((c) + 2), ENTRY((c) + 3)
#define ENTRIES_16(c) \
	ENTRIES_4(c), ENTRIES_4((c) + 4), ENTRIES_4((c) + 8), ENTRIES_4((c) + 12)
#define ENTRIES_64(c) \
	ENTRIES_16(c), ENTRIES_16((c) + 16), ENTRIES_16((c) + 32), ENTRIES_16((c) + 48)

/*
 * The text of each byte: up to four characters, the first in the low byte, and their number in
 * the high byte. One load gets both, and all four are stored: no branch.
 */
static const uint64_t table[256] = { ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128),
				     ENTRIES_64(192) };

/* GNU C vectors: one instruction for 16 bytes on x86_64 as on arm64. */
typedef uint8_t byte_vector __attribute__((vector_size(16)));
typedef int8_t signed_vector __attribute__((vector_size(16)));

enum {
	BLOCK = sizeof(byte_vector),
	RUN = 4, /* blocks that are tested together */
};

static inline byte_vector load_block(const uint8_t *from)
{
	byte_vector block;

	memcpy(&block, from, BLOCK);
	return block;
}

/*
 * Not 0 in the bytes that need an escape. SSE2 has only signed comparisons: with 1 added, the
 * printable bytes are those greater than a space, since 0x7f to 0xff become negative or 0.
 */
static inline byte_vector strange(byte_vector block)
{
	return (byte_vector)((signed_vector)(block + 1) <= ' ') |
	       (byte_vector)(block == '\\');
}

static inline int is_zero(byte_vector block)
{
	uint64_t halves[2];

	memcpy(halves, &block, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

static inline char *escape_byte(char *to, uint8_t byte)
{
	uint32_t text = htole32((uint32_t)table[byte]);

	memcpy(to, &text, sizeof(text));
	return to + (table[byte] >> 56);
}

static inline int run_is_plain(const uint8_t *from)
{
	byte_vector found = { 0 };
	size_t i;

#pragma GCC unroll 4
	for (i = 0; i < RUN; i++)
		found |= strange(load_block(from + i * BLOCK));
	return is_zero(found);
}

static inline char *escape_strange_block(char *to, const uint8_t *from)
{
	size_t i;

#pragma GCC unroll 16
	for (i = 0; i < BLOCK; i++)
		to = escape_byte(to, from[i]);
	return to;
}

char *escape_portable(char *to, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	const uint8_t *end = from + size;

	while (end - from >= BLOCK) {
		if (!is_zero(strange(load_block(from)))) {
			to = escape_strange_block(to, from);
			from += BLOCK;
			continue;
		}
		memcpy(to, from, BLOCK);
		from += BLOCK;
		to += BLOCK;
		/* A plain block is likely to be followed by more: only then try runs. */
		while (end - from >= RUN * BLOCK && run_is_plain(from)) {
			memcpy(to, from, RUN * BLOCK);
			from += RUN * BLOCK;
			to += RUN * BLOCK;
		}
	}
	while (from < end)
		to = escape_byte(to, *from++);
	return to;
}

char *escape(char *to, const void *from, size_t size)
{
#ifdef __x86_64__
	if (escape_has_avx2())
		return escape_avx2(to, from, size);
#endif
	return escape_portable(to, from, size);
}

char *escape_word(char *to, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	const uint8_t *end = from + size;

	for (; from < end; from++) {
		if (*from == ' ') {
			memcpy(to, "\\x20", 4);
			to += 4;
		} else {
			to = escape_byte(to, *from);
		}
	}
	return to;
}
