// SPDX-License-Identifier: GPL-2.0
#include "number.h"

#include <errno.h>

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

#define DIGIT(n) ('0' + (n) % 10)
#define GROUP(n)                                                              \
	(uint32_t)(DIGIT((n) / 100) | DIGIT((n) / 10) << 8 | DIGIT(n) << 16 | \
		   (((n) < 100) + ((n) < 10)) << 24)
#define GROUPS_10(n)                                                              \
	GROUP(n), GROUP((n) + 1), GROUP((n) + 2), GROUP((n) + 3), GROUP((n) + 4), \
		GROUP((n) + 5), GROUP((n) + 6), GROUP((n) + 7), GROUP((n) + 8),   \
		GROUP((n) + 9)
#define GROUPS_100(n)                                                                \
	GROUPS_10(n), GROUPS_10((n) + 10), GROUPS_10((n) + 20), GROUPS_10((n) + 30), \
		GROUPS_10((n) + 40), GROUPS_10((n) + 50), GROUPS_10((n) + 60),       \
		GROUPS_10((n) + 70), GROUPS_10((n) + 80), GROUPS_10((n) + 90)

const uint32_t number_groups[1000] = {
	GROUPS_100(0),	 GROUPS_100(100), GROUPS_100(200), GROUPS_100(300),
	GROUPS_100(400), GROUPS_100(500), GROUPS_100(600), GROUPS_100(700),
	GROUPS_100(800), GROUPS_100(900),
};

char *number_put_long(char *to, uint64_t value)
{
	return number_put_group(number_put(to, value / 1000), number_groups[value % 1000],
				3);
}
