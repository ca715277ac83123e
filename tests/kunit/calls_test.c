// SPDX-License-Identifier: GPL-2.0
/* Sets of calls as lists of names. */
#include "../../kmod/calls.c"

#include <kunit/test.h>

#define CALL(name) SENDTRACE_CALL_BIT(SENDTRACE_CALL_##name)

static void expect_list(struct kunit *test, u64 calls, const char *list)
{
	char text[256] = "";
	struct seq_file m = { .buf = text, .size = sizeof(text) };

	st_calls_show(calls, &m);
	KUNIT_EXPECT_EQ(test, m.count, strlen(list));
	KUNIT_EXPECT_STREQ(test, (const char *)text, list);
}

static void a_whole_group_has_its_name(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(groups); i++)
		expect_list(test, groups[i].calls, groups[i].name);
	expect_list(test, groups[1].calls | groups[2].calls, "recv,accept");
	expect_list(test, groups[0].calls | CALL(READ), "send,read");
}

static void calls_have_the_names_that_choose_them(struct kunit *test)
{
	expect_list(test, CALL(SENDTO), "sendto");
	expect_list(test, CALL(SENDTO) | CALL(WRITEV), "sendto,writev");
	expect_list(test, CALL(IO_SUBMIT_WRITE) | CALL(IO_SUBMIT_READ), "io_submit");
	expect_list(test, CALL(SHUTDOWN) | CALL(IO_URING_SHUTDOWN), "shutdown");
	expect_list(test, 0, "none");
}

static void what_a_name_chooses_besides_is_taken_away(struct kunit *test)
{
	expect_list(test, CALL(SENDTO) | CALL(ACCEPT), "sendto,accept,!io_uring");
	expect_list(test, CALL(SPLICE_READ), "splice,!send");
	expect_list(test, CALL(IO_URING_RECV), "io_uring,!send,!accept,!connect,!close");
	expect_list(test, CALL(CLOSE), "close,!shutdown");
	expect_list(test, groups[3].calls & ~CALL(IO_URING_CONNECT), "connect,!io_uring");
}

static void a_set_that_no_list_chooses_is_a_number(struct kunit *test)
{
	expect_list(test, CALL(ACCEPT) | CALL(IO_URING_SEND), "0x100400");
}

static struct kunit_case calls_cases[] = {
	KUNIT_CASE(a_whole_group_has_its_name),
	KUNIT_CASE(calls_have_the_names_that_choose_them),
	KUNIT_CASE(what_a_name_chooses_besides_is_taken_away),
	KUNIT_CASE(a_set_that_no_list_chooses_is_a_number),
	{}
};

static struct kunit_suite calls_suite = {
	.name = "sendtrace_calls",
	.test_cases = calls_cases,
};
kunit_test_suite(calls_suite);
