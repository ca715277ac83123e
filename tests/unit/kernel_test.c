// SPDX-License-Identifier: GPL-2.0
/* Which kernels sendread takes for too old or too new for the module. */
#include "test.h"

#include "kernel.h"

static void supported_kernels_are_neither_older_nor_newer(void **state)
{
	(void)state;
	assert_int_equal(kernel_compare("5.10.0-46-amd64"), 0);
	assert_int_equal(kernel_compare("5.19.17"), 0);
	assert_int_equal(kernel_compare("6.0.0-rc1"), 0);
	assert_int_equal(kernel_compare("6.99.1"), 0);
	assert_int_equal(kernel_compare("7.3.4+deb13-rt-amd64"), 0);
}

static void kernels_from_the_next_version_on_are_newer(void **state)
{
	(void)state;
	assert_int_equal(kernel_compare("7.4.0-rc1"), 1);
	assert_int_equal(kernel_compare("7.30.1"), 1);
	assert_int_equal(kernel_compare("8.0.0-1-amd64"), 1);
	assert_int_equal(kernel_compare("10.1.0"), 1);
}

static void kernels_before_the_oldest_are_older(void **state)
{
	(void)state;
	assert_int_equal(kernel_compare("5.9.16"), -1);
	assert_int_equal(kernel_compare("5.1.0"), -1);
	assert_int_equal(kernel_compare("4.19.0-27-amd64"), -1);
	assert_int_equal(kernel_compare("2.6.61"), -1);
}

static void a_release_that_is_no_version_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(kernel_compare(""), 0);
	assert_int_equal(kernel_compare("custom"), 0);
	assert_int_equal(kernel_compare("9"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(supported_kernels_are_neither_older_nor_newer),
		test_case(kernels_from_the_next_version_on_are_newer),
		test_case(kernels_before_the_oldest_are_older),
		test_case(a_release_that_is_no_version_says_nothing),
	};

	return run_all("kernel", tests);
}
