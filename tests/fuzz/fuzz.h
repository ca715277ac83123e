/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the fuzz targets: input, promises that must hold, captured output. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct sendtrace_fault;
struct sendtrace_item;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise ends the run like a crash: libFuzzer keeps the input. */
#define require(condition, ...)                                 \
	do {                                                    \
		if (!(condition)) {                             \
			fprintf(stderr, "broken promise: ");    \
			fprintf(stderr, __VA_ARGS__);           \
			fprintf(stderr, " [%s]\n", #condition); \
			abort();                                \
		}                                               \
	} while (0)

/* ---- Input: beyond its end everything is zero ---------------------------- */

struct input {
	const uint8_t *data;
	size_t size;
};

uint8_t input_u8(struct input *input);
uint16_t input_u16(struct input *input);
uint64_t input_u64(struct input *input);

/* The next @size bytes, or as many as are left; @size is set to how many. */
const uint8_t *input_bytes(struct input *input, size_t *size);

/* A copy in memory of exactly its size, so that ASan sees a byte too many; to be freed. */
unsigned char *exact_copy(const void *from, size_t size);

/* ---- Output: write() of user/ comes here ---------------------------------------- */

/**
 * struct output - what was written to a file descriptor
 * @text: @size bytes
 * @size: bytes
 * @capacity: bytes that @text has room for
 */
struct output {
	char *text;
	size_t size;
	size_t capacity;
};

/* Empty standard output and standard error; write() takes at most @piece bytes. */
void outputs_reset(size_t piece);
const struct output *output_of(int fd);

/* Lines of printable ASCII, each ended, and nothing else. */
void require_plain_lines(const struct output *output);

/* ---- Records -------------------------------------------------------------------- */

/* A refusal has a reason, in printable ASCII. */
void require_reason(const struct sendtrace_fault *fault);

/* An accepted record lies within the @size bytes at @from, and makes sense. */
void require_inside(const struct sendtrace_item *record, const void *from, size_t size);

/* The bytes of an event's fragments, to be freed, and in @size how many. */
unsigned char *joined_copy(const struct sendtrace_item *record, size_t *size);

/* Show lines by a sink that has kept no text of earlier lines. */
void line_sink_reset(void);

/* The line of a record shows all that is in the record, correctly. */
void require_line(const struct sendtrace_item *record);

#endif /* FUZZ_H */
