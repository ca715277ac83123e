// SPDX-License-Identifier: GPL-2.0
#include "escape.h"

#include <stdint.h>
#include <string.h>

#define HEX_DIGIT(n) ((n) < 10 ? '0' + (n) : 'a' + (n)-10)
#define IS_PLAIN(c)  ((c) >= 0x20 && (c) <= 0x7e && (c) != '\\')
#define ENTRY(c)                                                      \
	{                                                             \
		{ IS_PLAIN(c) ? (c) : '\\', (c) == '\\' ? '\\' : 'x', \
		  HEX_DIGIT((c) >> 4), HEX_DIGIT((c)&15) },           \
			IS_PLAIN(c) ? 1 :                             \
			(c) == '\\' ? 2 :                             \
				      4                               \
	}
#define ENTRIES_4(c) ENTRY(c), ENTRY((c) + 1), ENTRY((c) + 2), ENTRY((c) + 3)
#define ENTRIES_16(c) \
	ENTRIES_4(c), ENTRIES_4((c) + 4), ENTRIES_4((c) + 8), ENTRIES_4((c) + 12)
#define ENTRIES_64(c) \
	ENTRIES_16(c), ENTRIES_16((c) + 16), ENTRIES_16((c) + 32), ENTRIES_16((c) + 48)

/* What each byte becomes. All four bytes are stored, whatever @size says: no branch. */
static const struct escaped {
	unsigned char text[4];
	uint32_t size;
} table[256] = { ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128), ENTRIES_64(192) };

/* GNU C vectors: one instruction for the 16 bytes on x86_64 as on arm64. */
typedef uint8_t block_t __attribute__((vector_size(16)));

enum {
	BLOCK = sizeof(block_t)
};

static inline int block_is_plain(block_t block)
{
	block_t strange = (block_t)((block - 0x20) > 0x7e - 0x20) |
			  (block_t)(block == '\\');
	uint64_t halves[2];

	memcpy(halves, &strange, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

static inline char *escape_bytes(char *to, const uint8_t *from, size_t size)
{
	const uint8_t *end = from + size;

	for (; from < end; from++) {
		memcpy(to, table[*from].text, sizeof(table[*from].text));
		to += table[*from].size;
	}
	return to;
}

char *escape(char *to, const void *bytes, size_t size)
{
	const uint8_t *from = bytes;
	block_t block;

	for (; size >= BLOCK; size -= BLOCK, from += BLOCK) {
		memcpy(&block, from, BLOCK);
		if (block_is_plain(block)) {
			memcpy(to, &block, BLOCK);
			to += BLOCK;
		} else {
			to = escape_bytes(to, from, BLOCK);
		}
	}
	return escape_bytes(to, from, size);
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
			to = escape_bytes(to, from, 1);
		}
	}
	return to;
}
