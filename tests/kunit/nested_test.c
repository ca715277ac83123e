// SPDX-License-Identifier: GPL-2.0
/* Who calls a function that system calls and io_uring share: by its return address. */
#include "../../kmod/nested.c"

#include <kunit/test.h>

#include "session_fixture.h"

/* A nested function, called from @at. */
static bool which_is_nested(enum st_nested which, unsigned long at)
{
	struct pt_regs regs = {};
	bool nested;

	preempt_disable();
#ifdef CONFIG_X86_64
	regs.sp = (unsigned long)&at;
#else
	regs.regs[30] = at;
#endif
	nested = st_nested_in_syscall(which, &regs);
	preempt_enable();
	return nested;
}

static bool is_nested(unsigned long at)
{
	return which_is_nested(ST_NESTED_CONNECT, at);
}

static struct caller saved[2];

static int set_callers(struct kunit *test)
{
	struct nested *connect = &nested[ST_NESTED_CONNECT];

	saved[0] = connect->syscall[0];
	saved[1] = connect->io_uring[1];
	connect->syscall[0] = (struct caller){ "outer", 0x1000, 0x1100 };
	connect->io_uring[1] = (struct caller){ "other", 0x2000, 0x2100 };
	return 0;
}

static void reset_callers(struct kunit *test)
{
	nested[ST_NESTED_CONNECT].syscall[0] = saved[0];
	nested[ST_NESTED_CONNECT].io_uring[1] = saved[1];
	st_test_enter(-1);
}

static void the_return_address_decides(struct kunit *test)
{
	st_test_enter(-1);
	KUNIT_EXPECT_TRUE(test, is_nested(0x1000));
	KUNIT_EXPECT_TRUE(test, is_nested(0x10ff));
	/* io_uring works for a thread at the end of its connect(). */
	st_test_enter(__NR_connect);
	KUNIT_EXPECT_FALSE(test, is_nested(0x2000));
	KUNIT_EXPECT_FALSE(test, is_nested(0x20ff));
}

/* That of another tracer. */
static void with_another_return_address_the_system_call_decides(struct kunit *test)
{
	st_test_enter(__NR_connect);
	KUNIT_EXPECT_TRUE(test, is_nested(0xfff));
	KUNIT_EXPECT_TRUE(test, is_nested(0x1100));
	KUNIT_EXPECT_TRUE(test, is_nested(0x2100));
	st_test_enter(__NR_accept);
	KUNIT_EXPECT_FALSE(test, is_nested(0x3000));
	st_test_enter(__NR_io_uring_enter);
	KUNIT_EXPECT_FALSE(test, is_nested(0x3000));
}

/* The other hooks see what system calls send, whichever the thread is in. */
static void a_send_is_nested_only_by_its_return_address(struct kunit *test)
{
	const struct caller *outer = &nested[ST_NESTED_SEND].syscall[0];

	if (outer->from != outer->to)
		KUNIT_EXPECT_TRUE(test, which_is_nested(ST_NESTED_SEND, outer->from + 1));
	st_test_enter(__NR_sendto);
	KUNIT_EXPECT_FALSE(test, which_is_nested(ST_NESTED_SEND, 0x3000));
	st_test_enter(-1);
	KUNIT_EXPECT_FALSE(test, which_is_nested(ST_NESTED_SEND, 0x3000));
	st_test_enter(__NR_connect);
	KUNIT_EXPECT_FALSE(test, which_is_nested(ST_NESTED_SEND, 0x3000));
}

static void a_function_that_was_not_found_has_no_extent(struct kunit *test)
{
	nested[ST_NESTED_CONNECT].syscall[0] = (struct caller){ "outer", 0x1000, 0x1000 };
	st_test_enter(-1);
	KUNIT_EXPECT_FALSE(test, is_nested(0x1000));
	KUNIT_EXPECT_FALSE(test, is_nested(0));
}

static struct kunit_case nested_cases[] = {
	KUNIT_CASE(the_return_address_decides),
	KUNIT_CASE(with_another_return_address_the_system_call_decides),
	KUNIT_CASE(a_send_is_nested_only_by_its_return_address),
	KUNIT_CASE(a_function_that_was_not_found_has_no_extent),
	{}
};

static struct kunit_suite nested_suite = {
	.name = "sendtrace_nested",
	.init = set_callers,
	.exit = reset_callers,
	.test_cases = nested_cases,
};
kunit_test_suite(nested_suite);
