// SPDX-License-Identifier: GPL-2.0
/* Which socket a TLS session was last seen to use. */
#include "../../kmod/tls_conn.c"

#include <kunit/test.h>

#include "fixture.h"

static const struct st_tls_process one = { .pid = 1, .start = 10, .exec = 1 };
static const struct st_tls_process executed = { .pid = 1, .start = 10, .exec = 2 };
static const struct st_tls_process later = { .pid = 1, .start = 20, .exec = 1 };

static void tls_conn_test_exit(struct kunit *test)
{
	st_tls_conn_clear();
}

static void set(const struct st_tls_process *process, u64 ssl, s32 fd)
{
	struct st_call call = { .fd = fd };

	st_tls_conn_set(process, ssl, &call);
}

/* Its descriptor; -1 if it is unknown. */
static s32 get(const struct st_tls_process *process, u64 ssl)
{
	struct st_call call;

	return st_tls_conn_get(process, ssl, &call) ? call.fd : -1;
}

static void the_newest_socket_counts(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, get(&one, 5), -1);
	set(&one, 5, 3);
	KUNIT_EXPECT_EQ(test, get(&one, 5), 3);
	set(&one, 5, 4);
	KUNIT_EXPECT_EQ(test, get(&one, 5), 4);
	KUNIT_EXPECT_EQ(test, nr_conns, 1);
}

static void another_program_or_process_is_not_taken_for_it(struct kunit *test)
{
	set(&one, 5, 3);
	KUNIT_EXPECT_EQ(test, get(&executed, 5), -1);
	KUNIT_EXPECT_EQ(test, get(&later, 5), -1);
	KUNIT_EXPECT_EQ(test, get(&one, 6), -1);
}

static void what_is_freed_is_unknown(struct kunit *test)
{
	set(&one, 5, 3);
	st_tls_conn_drop(&one, 5);
	st_tls_conn_drop(&one, 5);
	KUNIT_EXPECT_EQ(test, get(&one, 5), -1);
	KUNIT_EXPECT_EQ(test, nr_conns, 0);
}

static void the_one_that_was_not_used_for_the_longest_time_makes_room(struct kunit *test)
{
	u64 ssl;

	for (ssl = 0; ssl < SESSIONS_MAX; ssl++)
		set(&one, ssl, 3);
	KUNIT_EXPECT_EQ(test, get(&one, 0), 3);
	set(&one, SESSIONS_MAX, 3);
	KUNIT_EXPECT_EQ(test, nr_conns, SESSIONS_MAX);
	KUNIT_EXPECT_EQ(test, get(&one, 0), 3);
	KUNIT_EXPECT_EQ(test, get(&one, 1), -1);
	KUNIT_EXPECT_EQ(test, get(&one, SESSIONS_MAX), 3);
}

static void where_all_were_used_one_of_the_oldest_makes_room(struct kunit *test)
{
	u64 ssl;

	for (ssl = 0; ssl < SESSIONS_MAX; ssl++) {
		set(&one, ssl, 3);
		KUNIT_EXPECT_EQ(test, get(&one, ssl), 3);
	}
	set(&one, SESSIONS_MAX, 3);
	KUNIT_EXPECT_EQ(test, nr_conns, SESSIONS_MAX);
	KUNIT_EXPECT_EQ(test, get(&one, SESSIONS_MAX), 3);
	KUNIT_EXPECT_EQ(test, get(&one, LOOKS_MAX), -1);
	KUNIT_EXPECT_EQ(test, get(&one, 0), 3);
	KUNIT_EXPECT_EQ(test, get(&one, LOOKS_MAX + 1), 3);
}

static void without_memory_a_socket_is_unknown(struct kunit *test)
{
	st_test_fail_allocation(1);
	set(&one, 5, 3);
	KUNIT_EXPECT_TRUE(test, st_test_allocation_failed());
	KUNIT_EXPECT_EQ(test, get(&one, 5), -1);
}

static struct kunit_case tls_conn_cases[] = {
	KUNIT_CASE(the_newest_socket_counts),
	KUNIT_CASE(another_program_or_process_is_not_taken_for_it),
	KUNIT_CASE(what_is_freed_is_unknown),
	KUNIT_CASE(the_one_that_was_not_used_for_the_longest_time_makes_room),
	KUNIT_CASE(where_all_were_used_one_of_the_oldest_makes_room),
	KUNIT_CASE(without_memory_a_socket_is_unknown),
	{}
};

static struct kunit_suite tls_conn_suite = {
	.name = "sendtrace_tls_conn",
	.exit = tls_conn_test_exit,
	.test_cases = tls_conn_cases,
};

kunit_test_suites(&tls_conn_suite);
