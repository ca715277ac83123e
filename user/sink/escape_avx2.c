// SPDX-License-Identifier: GPL-2.0
/*
 * Escapes bytes with AVX2. Most bytes of a binary protocol need an escape. Byte by byte that
 * costs eight instructions each. Here 32 bytes at a time are all written as \xNN; then the
 * characters that are not needed are dropped.
 */
#include "escape_variants.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* Lets the compiler use AVX2 here, whatever the rest of the program is compiled for. */
#define AVX2   __attribute__((target("avx2")))
/* Always inline: the loop's constants stay in registers only if nothing is called. */
#define INLINE AVX2 static inline __attribute__((always_inline))

enum {
	BLOCK = sizeof(__m256i),
	RUN = 4, /* blocks that are tested together */
	GROUP = 4, /* bytes that become a text of at most LONGEST characters */
	LONGEST = 16,
	GROUPS = BLOCK / GROUP,
};

/* What a byte needs: how much of its four characters is kept. */
enum need {
	NOTHING, /* printable: the first character, which is the byte itself */
	DOUBLING, /* a backslash: the first two characters, both backslashes */
	ESCAPE, /* all four: \xNN */
	NEEDS,
};

/*
 * How to shorten the text of a group, whose four bytes were all written as \xNN: a shuffle
 * mask, which lists the positions of the characters to keep. ORDER(needs) makes the mask for
 * @needs, a number with one digit of base NEEDS for each byte.
 *
 * The mask's last byte also holds the length of the result minus 1. If characters are dropped,
 * it selects a character that lands behind the end of the text, where it does no harm. If all
 * 16 are kept, position 15 and length 16 - 1 are the same number.
 */
typedef unsigned __int128 text_order;

#define NEED_0(needs)	((needs) % NEEDS)
#define NEED_1(needs)	((needs) / 3 % NEEDS)
#define NEED_2(needs)	((needs) / 9 % NEEDS)
#define NEED_3(needs)	((needs) / 27)
#define WIDTH(need)	((need) == NOTHING ? 1 : (need) == DOUBLING ? 2 : 4)
#define MASK(need)	((need) == NOTHING ? 0xff : (need) == DOUBLING ? 0xffff : 0xffffffff)
#define PART(need, i)	((text_order)((0x03020100 + 0x04040404 * (i)) & MASK(need)))
#define BEFORE_1(needs) WIDTH(NEED_0(needs))
#define BEFORE_2(needs) (BEFORE_1(needs) + WIDTH(NEED_1(needs)))
#define BEFORE_3(needs) (BEFORE_2(needs) + WIDTH(NEED_2(needs)))
#define LENGTH(needs)	(BEFORE_3(needs) + WIDTH(NEED_3(needs)))
#define ORDER(needs)                                                              \
	(PART(NEED_0(needs), 0) | PART(NEED_1(needs), 1) << 8 * BEFORE_1(needs) | \
	 PART(NEED_2(needs), 2) << 8 * BEFORE_2(needs) |                          \
	 PART(NEED_3(needs), 3) << 8 * BEFORE_3(needs) |                          \
	 (text_order)(LENGTH(needs) - 1) << 8 * (LONGEST - 1))

#define ORDERS_3(n)  ORDER(n), ORDER((n) + 1), ORDER((n) + 2)
#define ORDERS_9(n)  ORDERS_3(n), ORDERS_3((n) + 3), ORDERS_3((n) + 6)
#define ORDERS_27(n) ORDERS_9(n), ORDERS_9((n) + 9), ORDERS_9((n) + 18)

static const text_order orders[] = { ORDERS_27(0), ORDERS_27(27), ORDERS_27(54) };

struct place {
	char *to;
	const uint8_t *from;
};

INLINE __m256i load(const void *from)
{
	return _mm256_loadu_si256(from);
}

/*
 * Each byte plus 1, so that one signed comparison finds the printable ones: 0x20 to 0x7e become
 * 0x21 to 0x7f, which are greater than a space, while 0x7f to 0xff become negative or 0.
 */
INLINE __m256i shifted(__m256i block)
{
	return _mm256_add_epi8(block, _mm256_set1_epi8(1));
}

INLINE __m256i printable(__m256i lowest_shifted)
{
	return _mm256_cmpgt_epi8(lowest_shifted, _mm256_set1_epi8(' '));
}

INLINE __m256i backslashes(__m256i block)
{
	return _mm256_cmpeq_epi8(block, _mm256_set1_epi8('\\'));
}

INLINE uint32_t bits(__m256i bytes)
{
	return (uint32_t)_mm256_movemask_epi8(bytes);
}

INLINE bool all_plain(__m256i block, __m256i printables)
{
	return bits(_mm256_andnot_si256(backslashes(block), printables)) == UINT32_MAX;
}

INLINE __m256i hex_digits(__m256i nibbles)
{
	const __m256i digits = _mm256_broadcastsi128_si256(
		_mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
			      'c', 'd', 'e', 'f'));

	return _mm256_shuffle_epi8(digits,
				   _mm256_and_si256(nibbles, _mm256_set1_epi8(15)));
}

/* For each group the offset of its mask in the table; in bytes. */
INLINE __m256i places(__m256i needs)
{
	const __m256i weights = _mm256_set1_epi32(1 | 3 << 8 | 9 << 16 | 27 << 24);

	return _mm256_madd_epi16(_mm256_maddubs_epi16(needs, weights),
				 _mm256_set1_epi16(sizeof(orders[0])));
}

INLINE char *put_group(char *to, __m128i text, uint32_t place)
{
	const uint8_t *order = (const uint8_t *)orders + place;

	text = _mm_shuffle_epi8(text, _mm_loadu_si128((const void *)order));
	_mm_storeu_si128((void *)to, text);
	return to + order[LONGEST - 1] + 1;
}

/* AVX2 works on both halves of a vector: each of @texts holds the texts of two groups. */
INLINE char *put_groups(char *to, const __m256i texts[GROUPS / 2],
			const uint32_t at[GROUPS])
{
	to = put_group(to, _mm256_castsi256_si128(texts[0]), at[0]);
	to = put_group(to, _mm256_castsi256_si128(texts[1]), at[1]);
	to = put_group(to, _mm256_castsi256_si128(texts[2]), at[2]);
	to = put_group(to, _mm256_castsi256_si128(texts[3]), at[3]);
	to = put_group(to, _mm256_extracti128_si256(texts[0], 1), at[4]);
	to = put_group(to, _mm256_extracti128_si256(texts[1], 1), at[5]);
	to = put_group(to, _mm256_extracti128_si256(texts[2], 1), at[6]);
	return put_group(to, _mm256_extracti128_si256(texts[3], 1), at[7]);
}

INLINE char *put_strange_block(char *to, __m256i block, __m256i printables)
{
	const __m256i backslash = _mm256_set1_epi8('\\');
	__m256i doubled = backslashes(block);
	__m256i first = _mm256_blendv_epi8(backslash, block, printables);
	__m256i second = _mm256_blendv_epi8(_mm256_set1_epi8('x'), backslash, doubled);
	__m256i escaped = _mm256_andnot_si256(printables, _mm256_set1_epi8(ESCAPE));
	__m256i high = hex_digits(_mm256_srli_epi16(block, 4));
	__m256i low = hex_digits(block);
	__m256i marks, digits, texts[GROUPS / 2];
	uint32_t at[GROUPS];

	/* A comparison that is true yields -1: subtracting @doubled adds 1 where it is. */
	_mm256_storeu_si256((void *)at, places(_mm256_sub_epi8(escaped, doubled)));
	marks = _mm256_unpacklo_epi8(first, second);
	digits = _mm256_unpacklo_epi8(high, low);
	texts[0] = _mm256_unpacklo_epi16(marks, digits);
	texts[1] = _mm256_unpackhi_epi16(marks, digits);
	marks = _mm256_unpackhi_epi8(first, second);
	digits = _mm256_unpackhi_epi8(high, low);
	texts[2] = _mm256_unpacklo_epi16(marks, digits);
	texts[3] = _mm256_unpackhi_epi16(marks, digits);
	return put_groups(to, texts, at);
}

INLINE size_t left(struct place at, const uint8_t *end)
{
	return (size_t)(end - at.from);
}

/* Blocks that need an escape, beginning with the first, up to one that needs none. */
AVX2 static __attribute__((noinline)) struct place put_strange(struct place at,
							       const uint8_t *end)
{
	__m256i block = load(at.from);
	__m256i plain = printable(shifted(block));

	do {
		at.to = put_strange_block(at.to, block, plain);
		at.from += BLOCK;
		if (left(at, end) < BLOCK)
			break;
		block = load(at.from);
		plain = printable(shifted(block));
	} while (!all_plain(block, plain));
	return at;
}

/* Copies first and tests then: if the run is not plain, the copy is overwritten later. */
INLINE bool copy_run_if_plain(struct place at)
{
	__m256i lowest = _mm256_set1_epi8(INT8_MAX), found = _mm256_setzero_si256(),
		block;
	size_t i;

#pragma GCC unroll 4
	for (i = 0; i < RUN; i++) {
		block = load(at.from + i * BLOCK);
		_mm256_storeu_si256((void *)(at.to + i * BLOCK), block);
		lowest = _mm256_min_epi8(lowest, shifted(block));
		found = _mm256_or_si256(found, backslashes(block));
	}
	return bits(_mm256_andnot_si256(found, printable(lowest))) == UINT32_MAX;
}

INLINE bool copy_block_if_plain(struct place at)
{
	__m256i block = load(at.from);

	_mm256_storeu_si256((void *)at.to, block);
	return all_plain(block, printable(shifted(block)));
}

INLINE struct place copy_plain(struct place at, const uint8_t *end)
{
	for (; left(at, end) >= RUN * BLOCK && copy_run_if_plain(at);
	     at.to += RUN * BLOCK)
		at.from += RUN * BLOCK;
	for (; left(at, end) >= BLOCK && copy_block_if_plain(at); at.to += BLOCK)
		at.from += BLOCK;
	return at;
}

/* Less than BLOCK bytes, from both ends; the two copies may overlap. */
static inline void copy_few(uint8_t *to, const uint8_t *from, size_t size)
{
	if (size >= 16) {
		memcpy(to, from, 16);
		memcpy(to + size - 16, from + size - 16, 16);
	} else if (size >= 8) {
		memcpy(to, from, 8);
		memcpy(to + size - 8, from + size - 8, 8);
	} else if (size >= 4) {
		memcpy(to, from, 4);
		memcpy(to + size - 4, from + size - 4, 4);
	} else {
		to[0] = from[0];
		to[size / 2] = from[size / 2];
		to[size - 1] = from[size - 1];
	}
}

/* Fills the last bytes up to a block with spaces, whose text is one character each. */
AVX2 static __attribute__((noinline)) char *put_last(char *to, const uint8_t *from,
						     size_t size)
{
	uint8_t block[BLOCK];
	struct place at = { to, block };

	_mm256_storeu_si256((void *)block, _mm256_set1_epi8(' '));
	copy_few(block, from, size);
	if (copy_block_if_plain(at))
		return to + size;
	return put_strange(at, block + BLOCK).to - (BLOCK - size);
}

AVX2 char *escape_avx2(char *to, const void *from, size_t size)
{
	struct place at = { to, from };
	const uint8_t *end = at.from + size;

	while (left(at, end) >= BLOCK) {
		at = copy_plain(at, end);
		if (left(at, end) >= BLOCK)
			at = put_strange(at, end);
	}
	return at.from < end ? put_last(at.to, at.from, left(at, end)) : at.to;
}

#endif /* __x86_64__ */
