// SPDX-License-Identifier: GPL-2.0
/* Which kernels sendread takes for too old or too new for the module, and what it says of them. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel.h"

/* ---- The running kernel ----------------------------------------------------------------- */

static const char *running;

int uname(struct utsname *name)
{
	memset(name, 0, sizeof(*name));
	snprintf(name->release, sizeof(name->release), "%s", running);
	return 0;
}

/* What is printed of a kernel; "" if nothing is. */
static const char *explained(const char *release)
{
	static char text[1024];
	int file = memfd_create("messages", 0), kept = dup(STDERR_FILENO);
	bool explains;

	assert_true(file >= 0 && kept >= 0);
	running = release;
	dup2(file, STDERR_FILENO);
	explains = kernel_explain();
	dup2(kept, STDERR_FILENO);
	memset(text, 0, sizeof(text));
	assert_true(pread(file, text, sizeof(text) - 1, 0) >= 0);
	assert_int_equal(explains, *text != '\0');
	close(file);
	close(kept);
	return text;
}

static void a_newer_kernel_is_said_to_have_no_module_and_since_when(void **state)
{
	(void)state;
	assert_non_null(strstr(explained("7.4.1-1-amd64"),
			       "kernel '7.4.1-1-amd64' has no module"));
	assert_non_null(strstr(explained("7.4.1-1-amd64"), "not 7.4 and newer"));
	assert_non_null(strstr(explained("8.0.0"), "get a newer sendtrace"));
}

static void an_older_kernel_is_said_to_have_no_module(void **state)
{
	(void)state;
	assert_non_null(
		strstr(explained("4.19.0"), "Linux 5.10 to 7.3: boot a newer kernel"));
}

static void of_a_supported_kernel_nothing_is_said(void **state)
{
	(void)state;
	assert_string_equal(explained("6.12.1"), "");
}

/* ---- Versions ------------------------------------------------------------------------------ */

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
		test_case(a_newer_kernel_is_said_to_have_no_module_and_since_when),
		test_case(an_older_kernel_is_said_to_have_no_module),
		test_case(of_a_supported_kernel_nothing_is_said),
		test_case(supported_kernels_are_neither_older_nor_newer),
		test_case(kernels_from_the_next_version_on_are_newer),
		test_case(kernels_before_the_oldest_are_older),
		test_case(a_release_that_is_no_version_says_nothing),
	};

	return run_all("kernel", tests);
}
