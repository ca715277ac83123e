// SPDX-License-Identifier: GPL-2.0
/* Reads numbers from the command line. */
#include "number.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum {
	NANOSECONDS = 1000000000,
	DECIMALS = 9
};

/* strtoull() accepts signs, blanks and a rest of any kind: here only digits count. */
static const char *digits(const char *text, uint64_t *value)
{
	*value = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*text - '0'), value))
			return NULL;
	}
	return text;
}

int number_parse(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	const char *end = digits(text, value);

	if (!end || end == text || *end != '\0')
		return -EINVAL;
	return *value >= min && *value <= max ? 0 : -EINVAL;
}

int number_parse_seconds(const char *text, uint32_t max, uint64_t *nanoseconds)
{
	uint64_t seconds, fraction = 0;
	const char *point, *end;
	long missing = DECIMALS;

	point = digits(text, &seconds);
	if (!point || seconds > max)
		return -EINVAL;
	end = point;
	if (*point == '.') {
		end = digits(point + 1, &fraction);
		if (!end)
			return -EINVAL;
		missing -= end - (point + 1);
	}
	if (*end != '\0' || missing < 0 || (point == text && missing == DECIMALS))
		return -EINVAL;
	while (missing-- > 0)
		fraction *= 10;
	*nanoseconds = seconds * NANOSECONDS + fraction;
	return *nanoseconds && *nanoseconds <= (uint64_t)max * NANOSECONDS ? 0 : -EINVAL;
}

int number_parse_time(const char *text, uint32_t max, uint64_t *nanoseconds)
{
	size_t size = strspn(text, "0123456789.");
	const char *unit = text + size;
	char number[2 * NUMBER_WIDEST];

	if (size >= sizeof(number))
		return -EINVAL;
	snprintf(number, sizeof(number), "%.*s", (int)size, text);
	if (*unit == '\0' || strcmp(unit, "s") == 0)
		return number_parse_seconds(number, max, nanoseconds);
	if (strcmp(unit, "ms") || number_parse_seconds(number, max * 1000, nanoseconds))
		return -EINVAL;
	*nanoseconds /= 1000;
	return *nanoseconds ? 0 : -EINVAL;
}
