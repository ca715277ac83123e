// SPDX-License-Identifier: GPL-2.0
#include "number.h"

#include <errno.h>
#include <string.h>

enum {
	NANOSECONDS = 1000000000,
	DECIMALS = 9
};

/* strtoull() takes signs, blanks, and anything behind: here a digit is a digit. */
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

char *number_put(char *to, uint64_t value)
{
	char reversed[NUMBER_WIDEST];
	char *from = reversed + sizeof(reversed);
	size_t size;

	do {
		*--from = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	size = (size_t)(reversed + sizeof(reversed) - from);
	memcpy(to, from, size);
	return to + size;
}

char *number_put_signed(char *to, int64_t value)
{
	if (value >= 0)
		return number_put(to, (uint64_t)value);
	*to++ = '-';
	return number_put(to, -(uint64_t)value);
}
