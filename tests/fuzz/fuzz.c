// SPDX-License-Identifier: GPL-2.0
#include "fuzz.h"

#include <string.h>
#include <sys/types.h>
#include <unistd.h>

ssize_t simulated_write(int fd, const void *from, size_t size);

/* ---- Input ---------------------------------------------------------------------- */

const uint8_t *input_bytes(struct input *input, size_t *size)
{
	const uint8_t *from = input->data;

	if (*size > input->size)
		*size = input->size;
	input->data += *size;
	input->size -= *size;
	return from;
}

static uint64_t input_number(struct input *input, size_t size)
{
	const uint8_t *from = input_bytes(input, &size);
	uint64_t value = 0;

	while (size > 0)
		value = value << 8 | from[--size];
	return value;
}

uint8_t input_u8(struct input *input)
{
	return (uint8_t)input_number(input, 1);
}

uint16_t input_u16(struct input *input)
{
	return (uint16_t)input_number(input, 2);
}

uint64_t input_u64(struct input *input)
{
	return input_number(input, 8);
}

unsigned char *exact_copy(const void *from, size_t size)
{
	unsigned char *copy = malloc(size);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, from, size);
	return copy;
}

/* ---- Output --------------------------------------------------------------------- */

static struct output outputs[STDERR_FILENO + 1];
static size_t output_piece;

void outputs_reset(size_t piece)
{
	outputs[STDOUT_FILENO].size = 0;
	outputs[STDERR_FILENO].size = 0;
	output_piece = piece;
}

const struct output *output_of(int fd)
{
	return &outputs[fd];
}

ssize_t simulated_write(int fd, const void *from, size_t size)
{
	struct output *output = &outputs[fd];

	require(fd == STDOUT_FILENO || fd == STDERR_FILENO, "write() to fd %d", fd);
	if (size > output_piece)
		size = output_piece;
	if (output->size + size > output->capacity) {
		output->capacity = 2 * (output->size + size);
		output->text = realloc(output->text, output->capacity);
		if (!output->text)
			abort();
	}
	memcpy(output->text + output->size, from, size);
	output->size += size;
	return (ssize_t)size;
}

void require_plain_lines(const struct output *output)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < output->size; i++) {
		c = (unsigned char)output->text[i];
		require((c >= 0x20 && c <= 0x7e) || c == '\n',
			"byte %zu of the output is 0x%02x", i, c);
	}
	require(output->size == 0 || output->text[output->size - 1] == '\n',
		"the last line has no end");
}
