// SPDX-License-Identifier: GPL-2.0
#include "escape.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

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
 * What each byte becomes: up to four characters from the low byte on, and in the high byte
 * how many. All are stored, whatever the size says: no branch, and one load for both.
 */
static const uint64_t table[256] = { ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128),
				     ENTRIES_64(192) };

/* GNU C vectors: one instruction for 16 bytes on x86_64 as on arm64. */
typedef uint8_t block_t __attribute__((vector_size(16)));

enum {
	BLOCK = sizeof(block_t),
	RUN = 4, /* blocks that are tested at once */
};

static inline block_t load_block(const uint8_t *from)
{
	block_t block;

	memcpy(&block, from, BLOCK);
	return block;
}

/* Not 0 in the bytes that need an escape. */
static inline block_t strange(block_t block)
{
	return (block_t)((block - 0x20) > 0x7e - 0x20) | (block_t)(block == '\\');
}

static inline int is_zero(block_t block)
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

static inline char *escape_block(char *to, const uint8_t *from)
{
	block_t block = load_block(from);
	size_t i;

	if (is_zero(strange(block))) {
		memcpy(to, &block, BLOCK);
		return to + BLOCK;
	}
#pragma GCC unroll 16
	for (i = 0; i < BLOCK; i++)
		to = escape_byte(to, from[i]);
	return to;
}

static inline int run_is_plain(const uint8_t *from)
{
	block_t found = { 0 };
	size_t i;

#pragma GCC unroll 4
	for (i = 0; i < RUN; i++)
		found |= strange(load_block(from + i * BLOCK));
	return is_zero(found);
}

char *escape(char *to, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	const uint8_t *end = from + size;

	while (end - from >= BLOCK) {
		if (end - from >= RUN * BLOCK && run_is_plain(from)) {
			memcpy(to, from, RUN * BLOCK);
			from += RUN * BLOCK;
			to += RUN * BLOCK;
			continue;
		}
		to = escape_block(to, from);
		from += BLOCK;
	}
	while (from < end)
		to = escape_byte(to, *from++);
	return to;
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
