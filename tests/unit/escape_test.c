// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes as text: each variant that this machine can run, against the simplest code that does
 * the same. Bytes and text end where their memory ends, so that ASan sees a byte too many.
 */
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "escape_variants.h"

typedef char *escape_fn(char *to, const void *from, size_t size);

enum {
	/* More than a run, a block and a part of a block, for every variant. */
	LONGEST = 600,
	ALIGNMENTS = 64,
};

static uint32_t random_state = 1;

static uint32_t random_number(void)
{
	return test_random(&random_state);
}

/* ---- The expected text ----------------------------------------------------------- */

static char *expected_byte(char *to, unsigned char byte, bool is_word)
{
	static const char digits[] = "0123456789abcdef";

	if (byte == '\\') {
		*to++ = '\\';
		*to++ = '\\';
	} else if (byte < 0x20 || byte > 0x7e || (is_word && byte == ' ')) {
		*to++ = '\\';
		*to++ = 'x';
		*to++ = digits[byte / 16];
		*to++ = digits[byte % 16];
	} else {
		*to++ = (char)byte;
	}
	return to;
}

static void assert_text(escape_fn *function, const unsigned char *bytes, size_t size,
			size_t alignment)
{
	size_t room = size * ESCAPE_WIDEST + ESCAPE_SLACK, length;
	unsigned char *memory = malloc(alignment + size), *copy = memory + alignment;
	char *text = malloc(room), *expected = malloc(room), *end = expected;
	size_t i;

	memcpy(copy, bytes, size);
	for (i = 0; i < size; i++)
		end = expected_byte(end, bytes[i], function == escape_word);
	length = (size_t)(end - expected);
	assert_int_equal(function(text, copy, size) - text, length);
	assert_memory_equal(text, expected, length);
	free(memory);
	free(text);
	free(expected);
}

/* ---- Bytes to try ------------------------------------------------- */

enum kind {
	PLAIN,
	ANY,
	BACKSLASHES,
	STRANGE,
	RARELY_STRANGE,
	RARELY_PLAIN,
	RARELY_BACKSLASH,
	RUNS, /* of one kind and another */
	KINDS,
};

static unsigned char plain_byte(void)
{
	unsigned char byte = (unsigned char)(' ' + random_number() % ('~' - ' ' + 1));

	return byte == '\\' ? '/' : byte;
}

static unsigned char strange_byte(void)
{
	static const unsigned char edges[] = { 0x00, 0x1f, 0x7f, 0x80, 0xff, '\n' };

	return random_number() % 2 ? edges[random_number() % sizeof(edges)] :
				     (unsigned char)(0x80 | random_number());
}

static unsigned char byte_of(enum kind kind, size_t at)
{
	switch (kind) {
	case PLAIN:
		return plain_byte();
	case BACKSLASHES:
		return '\\';
	case STRANGE:
		return strange_byte();
	case RARELY_STRANGE:
		return random_number() % 40 ? plain_byte() : strange_byte();
	case RARELY_PLAIN:
		return random_number() % 40 ? strange_byte() : plain_byte();
	case RARELY_BACKSLASH:
		return random_number() % 40 ? strange_byte() : '\\';
	case RUNS:
		return at / 150 % 2 ? strange_byte() : plain_byte();
	default:
		return (unsigned char)random_number();
	}
}

static void fill(unsigned char *bytes, size_t size, enum kind kind)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = byte_of(kind, i);
}

static void try_each_byte_at_each_place(escape_fn *function)
{
	unsigned char bytes[200];
	unsigned int c, at;

	for (c = 0; c < 256; c++) {
		for (at = 0; at < sizeof(bytes); at++) {
			memset(bytes, at % 2 ? 'x' : '\n', sizeof(bytes));
			bytes[at] = (unsigned char)c;
			assert_text(function, bytes, sizeof(bytes), 0);
			memset(bytes, 'x', sizeof(bytes));
			bytes[at] = (unsigned char)c;
			assert_text(function, bytes, sizeof(bytes), 0);
		}
	}
}

static void try_each_length(escape_fn *function)
{
	unsigned char bytes[LONGEST];
	enum kind kind;
	size_t size;

	for (kind = 0; kind < KINDS; kind++) {
		for (size = 0; size <= LONGEST; size++) {
			fill(bytes, size, kind);
			assert_text(function, bytes, size, 0);
			assert_text(function, bytes, size, random_number() % ALIGNMENTS);
		}
	}
}

static void try_each_alignment(escape_fn *function)
{
	static const size_t sizes[] = { 1, 3, 7, 15, 31, 33, 127, 161, 295, 16384, 65543 };
	static unsigned char bytes[65543];
	size_t alignment, i;

	for (alignment = 0; alignment < ALIGNMENTS; alignment++) {
		for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			fill(bytes, sizes[i], (enum kind)(alignment % KINDS));
			assert_text(function, bytes, sizes[i], alignment);
		}
	}
}

/* Each combination of what the bytes of a group need has its own entry in a table. */
static void try_each_mixture(escape_fn *function)
{
	unsigned char bytes[64];
	unsigned int needs, at, rest, i;

	for (needs = 0; needs < 81; needs++) {
		for (at = 0; at + 4 <= sizeof(bytes); at++) {
			fill(bytes, sizeof(bytes), at % 2 ? STRANGE : ANY);
			for (i = 0, rest = needs; i < 4; i++, rest /= 3)
				bytes[at + i] = rest % 3 == 0 ? plain_byte() :
						rest % 3 == 1 ? '\\' :
								strange_byte();
			assert_text(function, bytes, sizeof(bytes), 0);
		}
	}
}

static void try_all(escape_fn *function)
{
	try_each_byte_at_each_place(function);
	try_each_length(function);
	try_each_alignment(function);
	try_each_mixture(function);
}

/* ---- The variants --------------------------------------------------------------- */

static void each_byte_is_escaped_as_promised(void **state)
{
	(void)state;
	try_all(escape);
}

static void the_portable_variant_writes_the_same(void **state)
{
	(void)state;
	try_all(escape_portable);
}

static void the_avx2_variant_writes_the_same(void **state)
{
	(void)state;
#ifdef __x86_64__
	if (escape_has_avx2()) {
		try_all(escape_avx2);
		return;
	}
#endif
	print_message("# this machine has no AVX2\n");
	skip();
}

static void a_word_has_no_space(void **state)
{
	unsigned char bytes[LONGEST];
	size_t size;
	unsigned int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		bytes[0] = (unsigned char)c;
		assert_text(escape_word, bytes, 1, 0);
	}
	for (size = 0; size <= LONGEST; size++) {
		fill(bytes, size, ANY);
		assert_text(escape_word, bytes, size, 0);
		fill(bytes, size, PLAIN);
		assert_text(escape_word, bytes, size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(each_byte_is_escaped_as_promised),
		test_case(the_portable_variant_writes_the_same),
		test_case(the_avx2_variant_writes_the_same),
		test_case(a_word_has_no_space),
	};

	return run_all("escape", tests);
}
