// SPDX-License-Identifier: GPL-2.0
/*
 * Most bytes of a binary protocol need an escape; one by one they take eight instructions
 * each. Here 32 at a time are spelt as \xNN, all of them, and of those that need none all
 * but one character is then left out.
 */
#include "escape_variants.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

/* The compiler may use it here, whatever the rest of the program is compiled for. */
#define AVX2   __attribute__((target("avx2")))
/* In the loop, whose constants stay in registers as long as nothing is called. */
#define INLINE AVX2 static inline __attribute__((always_inline))

enum {
	BLOCK = sizeof(__m256i),
	RUN = 4, /* blocks that are tested at once */
	GROUP = 8, /* bytes, whose text fills a vector */
	GROUPS = BLOCK / GROUP,
};

/*
 * Of four bytes, those in @mask need an escape. Which of the 16 characters of their text
 * goes where: all four of a byte that does, else the first.
 */
typedef unsigned __int128 order_t;

#define IN(mask, i)    ((mask) >> (i)&1)
#define WIDTH(mask, i) (IN(mask, i) ? 4 : 1)
#define PART(mask, i)  ((order_t)(IN(mask, i) ? 0x03020100 + 0x04040404 * (i) : 4 * (i)))
#define BEFORE_2(mask) (WIDTH(mask, 0) + WIDTH(mask, 1))
#define BEFORE_3(mask) (BEFORE_2(mask) + WIDTH(mask, 2))
#define ORDER(mask)                                            \
	(PART(mask, 0) | PART(mask, 1) << 8 * WIDTH(mask, 0) | \
	 PART(mask, 2) << 8 * BEFORE_2(mask) | PART(mask, 3) << 8 * BEFORE_3(mask))
#define LENGTH(mask) (BEFORE_3(mask) + WIDTH(mask, 3))

#define ENTRIES_4(ENTRY, m) ENTRY(m), ENTRY((m) + 1), ENTRY((m) + 2), ENTRY((m) + 3)
#define ENTRIES_16(ENTRY, m)                                                       \
	ENTRIES_4(ENTRY, m), ENTRIES_4(ENTRY, (m) + 4), ENTRIES_4(ENTRY, (m) + 8), \
		ENTRIES_4(ENTRY, (m) + 12)
#define ENTRIES_64(ENTRY, m)                                                            \
	ENTRIES_16(ENTRY, m), ENTRIES_16(ENTRY, (m) + 16), ENTRIES_16(ENTRY, (m) + 32), \
		ENTRIES_16(ENTRY, (m) + 48)
#define ENTRIES_256(ENTRY)                                                   \
	ENTRIES_64(ENTRY, 0), ENTRIES_64(ENTRY, 64), ENTRIES_64(ENTRY, 128), \
		ENTRIES_64(ENTRY, 192)

struct place {
	char *to;
	const uint8_t *from;
};

struct lengths {
	uint8_t first_half;
	uint8_t both;
};

#define ORDERS(mask)                                 \
	{                                            \
		ORDER((mask)&15), ORDER((mask) >> 4) \
	}
#define LENGTHS(mask)                                                      \
	{                                                                  \
		LENGTH((mask)&15), LENGTH((mask)&15) + LENGTH((mask) >> 4) \
	}

/* By the bytes of a group that need an escape. One object: one register finds both. */
static const struct {
	order_t orders[256][2];
	struct lengths lengths[256];
} groups = { { ENTRIES_256(ORDERS) }, { ENTRIES_256(LENGTHS) } };

INLINE __m256i load(const void *from)
{
	return _mm256_loadu_si256(from);
}

/* One more: then what is printable is what is greater than a space, by its sign as well. */
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

INLINE char *put_group(char *to, __m256i text, size_t mask)
{
	__m256i packed = _mm256_shuffle_epi8(text, load(groups.orders[mask]));

	_mm_storeu_si128((void *)to, _mm256_castsi256_si128(packed));
	_mm_storeu_si128((void *)(to + groups.lengths[mask].first_half),
			 _mm256_extracti128_si256(packed, 1));
	return to + groups.lengths[mask].both;
}

INLINE size_t mask_of(uint32_t bytes, size_t group)
{
	return bytes >> group * GROUP & 0xff;
}

INLINE char *put_bytes(char *to, const uint8_t *from)
{
	size_t i;

	for (i = 0; i < GROUP; i++)
		to = escape_byte(to, from[i]);
	return to;
}

/* A backslash has a text of its own: a group that has one goes byte by byte. */
INLINE char *put_mixed_groups(char *to, const uint8_t *from, const __m256i *texts,
			      uint32_t strange, uint32_t backslash)
{
	size_t i;

	for (i = 0; i < GROUPS; i++) {
		if (mask_of(backslash, i))
			to = put_bytes(to, from + i * GROUP);
		else
			to = put_group(to, texts[i], mask_of(strange, i));
	}
	return to;
}

/* The text of each group, as if all of it needed an escape; of what does not, @first. */
INLINE void spell(__m256i texts[GROUPS], __m256i block, __m256i first)
{
	/* Instructions work on both halves of a vector: to each its half of every group. */
	const __m256i halves = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
	const __m256i x = _mm256_set1_epi8('x');
	__m256i high, low, marks, digits;

	first = _mm256_permutevar8x32_epi32(first, halves);
	block = _mm256_permutevar8x32_epi32(block, halves);
	high = hex_digits(_mm256_srli_epi16(block, 4));
	low = hex_digits(block);
	marks = _mm256_unpacklo_epi8(first, x);
	digits = _mm256_unpacklo_epi8(high, low);
	texts[0] = _mm256_unpacklo_epi16(marks, digits);
	texts[1] = _mm256_unpackhi_epi16(marks, digits);
	marks = _mm256_unpackhi_epi8(first, x);
	digits = _mm256_unpackhi_epi8(high, low);
	texts[2] = _mm256_unpacklo_epi16(marks, digits);
	texts[3] = _mm256_unpackhi_epi16(marks, digits);
}

INLINE char *put_strange_block(char *to, const uint8_t *from, __m256i block,
			       __m256i plain)
{
	uint32_t strange = ~bits(plain), backslash = bits(backslashes(block));
	__m256i texts[GROUPS];

	spell(texts, block, _mm256_blendv_epi8(_mm256_set1_epi8('\\'), block, plain));
	if (__builtin_expect(backslash, 0)) {
		const __m256i mixed[GROUPS] = { texts[0], texts[1], texts[2], texts[3] };

		return put_mixed_groups(to, from, mixed, strange, backslash);
	}
	to = put_group(to, texts[0], mask_of(strange, 0));
	to = put_group(to, texts[1], mask_of(strange, 1));
	to = put_group(to, texts[2], mask_of(strange, 2));
	return put_group(to, texts[3], mask_of(strange, 3));
}

INLINE size_t left(struct place at, const uint8_t *end)
{
	return (size_t)(end - at.from);
}

/* Blocks, of which the first needs an escape, up to one that does not. */
AVX2 static __attribute__((noinline)) struct place put_strange(struct place at,
							       const uint8_t *end)
{
	__m256i block = load(at.from);
	__m256i plain = printable(shifted(block));

	do {
		at.to = put_strange_block(at.to, at.from, block, plain);
		at.from += BLOCK;
		if (left(at, end) < BLOCK)
			break;
		block = load(at.from);
		plain = printable(shifted(block));
	} while (!all_plain(block, plain));
	return at;
}

/* Written before it is known to be right: there is room. */
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

/* Less than BLOCK bytes, from both ends: where these meet, the same is written twice. */
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

/* Less than a block is filled up with spaces, of whose text each is one character. */
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
