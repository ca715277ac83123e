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

static struct sink sinks[STDERR_FILENO + 1];
static size_t sink_piece;

void sinks_reset(size_t piece)
{
	sinks[STDOUT_FILENO].size = 0;
	sinks[STDERR_FILENO].size = 0;
	sink_piece = piece;
}

const struct sink *sink_of(int fd)
{
	return &sinks[fd];
}

ssize_t simulated_write(int fd, const void *from, size_t size)
{
	struct sink *sink = &sinks[fd];

	require(fd == STDOUT_FILENO || fd == STDERR_FILENO, "write() to fd %d", fd);
	if (size > sink_piece)
		size = sink_piece;
	if (sink->size + size > sink->capacity) {
		sink->capacity = 2 * (sink->size + size);
		sink->text = realloc(sink->text, sink->capacity);
		if (!sink->text)
			abort();
	}
	memcpy(sink->text + sink->size, from, size);
	sink->size += size;
	return (ssize_t)size;
}

void require_plain_lines(const struct sink *sink)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < sink->size; i++) {
		c = (unsigned char)sink->text[i];
		require((c >= 0x20 && c <= 0x7e) || c == '\n',
			"byte %zu of the output is 0x%02x", i, c);
	}
	require(sink->size == 0 || sink->text[sink->size - 1] == '\n',
		"the last line has no end");
}
