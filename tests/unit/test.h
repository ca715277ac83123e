/* SPDX-License-Identifier: GPL-2.0 */
/* cmocka needs these headers before it. A test's name is a sentence. */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

enum {
	TEST_SECONDS = 120
};

/* The same numbers in every run: a failure can be reproduced. */
static inline uint32_t test_random(uint32_t *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

#define test_case(function) cmocka_unit_test(function)

/* A test that never ends has failed. */
#define run_all(name, tests) \
	(alarm(TEST_SECONDS), cmocka_run_group_tests_name(name, tests, NULL, NULL))

#endif /* TEST_H */
