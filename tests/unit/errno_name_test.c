// SPDX-License-Identifier: GPL-2.0
/* Names of errnos, against the C library where it has them. */
#include "test.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "errno_name.h"
#include "fields.h"

enum {
	MAX_ERRNO = 4095, /* the highest that a system call can return */
	FIRST_OF_KERNEL = 512,
};

/* From glibc 2.32 on. */
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 32)
#define HAVE_NAMES 1

static void names_are_those_of_the_c_library(void **state)
{
	const char *wanted, *got;
	int number;

	(void)state;
	for (number = 1; number < FIRST_OF_KERNEL; number++) {
		wanted = strerrorname_np(number);
		got = errno_name(number);
		if (!wanted != !got || (wanted && strcmp(wanted, got) != 0))
			fail_msg("%d: expected %s, got %s", number,
				 wanted ? wanted : "none", got ? got : "none");
	}
}
#endif
#endif

static void the_first_and_the_last_number_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(errno_name(EPERM), "EPERM");
	assert_string_equal(errno_name(EHWPOISON), "EHWPOISON");
	assert_string_equal(errno_name(EAGAIN), "EAGAIN");
	assert_string_equal(errno_name(EOPNOTSUPP), "EOPNOTSUPP");
}

static void numbers_that_only_the_kernel_uses_have_a_name(void **state)
{
	(void)state;
	assert_string_equal(errno_name(512), "ERESTARTSYS");
	assert_string_equal(errno_name(516), "ERESTART_RESTARTBLOCK");
	assert_string_equal(errno_name(524), "ENOTSUPP");
	assert_string_equal(errno_name(531), "ENOGRACE");
}

static void other_numbers_have_no_name(void **state)
{
	static const int64_t others[] = {
		INT64_MIN, -EPERM,    -1,   0,	       41,
		58,	   134,	      511,  520,       532,
		533,	   MAX_ERRNO, 4096, 1LL << 32, (1LL << 32) + EPERM,
		INT64_MAX,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_null(errno_name(others[i]));
}

static void a_result_without_a_name_is_a_number(void **state)
{
	char text[FIELDS_WIDEST];

	(void)state;
	*field_ret(text, -EPIPE) = '\0';
	assert_string_equal(text, " ret=-EPIPE");
	*field_ret(text, -MAX_ERRNO) = '\0';
	assert_string_equal(text, " ret=-4095");
	*field_ret(text, -(1LL << 32) - EPERM) = '\0';
	assert_string_equal(text, " ret=-4294967297");
	*field_ret(text, INT64_MIN) = '\0';
	assert_string_equal(text, " ret=-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef HAVE_NAMES
		test_case(names_are_those_of_the_c_library),
#endif
		test_case(the_first_and_the_last_number_have_a_name),
		test_case(numbers_that_only_the_kernel_uses_have_a_name),
		test_case(other_numbers_have_no_name),
		test_case(a_result_without_a_name_is_a_number),
	};

	return run_all("errno_name", tests);
}
