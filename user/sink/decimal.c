// SPDX-License-Identifier: GPL-2.0
/* The table of three digits, made by the preprocessor, and numbers that need several. */
#include "decimal.h"

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

const uint32_t decimal_groups[1000] = {
	GROUPS_100(0),	 GROUPS_100(100), GROUPS_100(200), GROUPS_100(300),
	GROUPS_100(400), GROUPS_100(500), GROUPS_100(600), GROUPS_100(700),
	GROUPS_100(800), GROUPS_100(900),
};

char *decimal_put_long(char *to, uint64_t value)
{
	return decimal_put_group(decimal_put(to, value / 1000),
				 decimal_groups[value % 1000], 3);
}
