// SPDX-License-Identifier: GPL-2.0
/* What a library writes to its BIOs, and for which TLS session. */
#include "../../kmod/tls_written.c"

#include <kunit/test.h>

#include "fixture.h"

static const struct st_tls_begin client = {
	.bytes = { 22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 1, 2, 3, 4, 5 },
};

static void a_record_begins_with_its_type_and_its_version(struct kunit *test)
{
	struct st_tls_begin begin = client;
	int type;

	for (type = 0; type < 256; type++) {
		begin.bytes[0] = type;
		KUNIT_EXPECT_EQ(test, st_tls_begin_is_record(&begin),
				type >= 20 && type <= 24);
	}
	begin = client;
	begin.bytes[1] = 2;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_record(&begin));
	/* DTLS */
	begin.bytes[1] = 254;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_record(&begin));
}

static void a_hello_is_a_client_s_or_a_server_s(struct kunit *test)
{
	struct st_tls_begin begin = client;

	KUNIT_EXPECT_TRUE(test, st_tls_begin_is_hello(&begin));
	begin.bytes[5] = 2;
	KUNIT_EXPECT_TRUE(test, st_tls_begin_is_hello(&begin));
	begin.bytes[5] = 11;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_hello(&begin));
	begin = client;
	begin.bytes[0] = 23;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_hello(&begin));
	begin = client;
	begin.bytes[9] = 0;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_hello(&begin));
}

static void a_hello_comes_again_with_its_random_number(struct kunit *test)
{
	struct st_tls_begin again = client;

	/* Another length: it has what was asked for. */
	again.bytes[4]++;
	again.bytes[8]++;
	KUNIT_EXPECT_TRUE(test, st_tls_begin_is_again(&again, &client));
	again.bytes[15]++;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_again(&again, &client));
	again = client;
	again.bytes[5] = 2;
	KUNIT_EXPECT_FALSE(test, st_tls_begin_is_again(&again, &client));
}

static void the_first_and_the_last_piece_are_kept(struct kunit *test)
{
	struct st_tls_begin piece = client;
	struct st_tls_left left = { .nr = 0 };

	st_tls_left_add(&left, &client);
	st_tls_left_add(&left, &client);
	KUNIT_EXPECT_EQ(test, left.nr, 1);
	piece.bytes[15] = 6;
	st_tls_left_add(&left, &piece);
	piece.bytes[15] = 7;
	st_tls_left_add(&left, &piece);
	KUNIT_EXPECT_EQ(test, left.nr, 2);
	KUNIT_EXPECT_EQ(test, left.begins[0].bytes[15], 5);
	KUNIT_EXPECT_EQ(test, left.begins[1].bytes[15], 7);
}

/* ---- Handshakes ----------------------------------------------------------------------- */

#define RETURNS_TO 0x5500aa00bb00cc00UL

/* A handshake whose stack is a page of the user's, which has the return address. */
static struct st_tls_shake a_shake(struct kunit *test)
{
	void __user *page = st_test_user_pages(test, PAGE_SIZE);
	struct st_tls_shake shake = {
		.ssl = 7,
		.sp = (unsigned long)page + 1024,
		.returns_to = RETURNS_TO,
		.width = sizeof(u64),
	};

	KUNIT_ASSERT_EQ(test,
			copy_to_user((void __user *)shake.sp, &shake.returns_to,
				     sizeof(shake.returns_to)),
			0);
	st_tls_shake_begins(&shake);
	return shake;
}

static u64 around(unsigned long sp)
{
	struct st_tls_shake shake;

	return st_tls_shake_around(sp, &shake) ? shake.ssl : 0;
}

static void a_thread_is_in_its_handshake_deeper_in_its_stack(struct kunit *test)
{
	struct st_tls_shake shake;

	st_test_use_user_memory(test);
	shake = a_shake(test);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 7);
	KUNIT_EXPECT_EQ(test, around(shake.sp - ST_TLS_DEEPEST), 7);
	KUNIT_EXPECT_EQ(test, around(shake.sp - ST_TLS_DEEPEST - 8), 0);
	KUNIT_EXPECT_EQ(test, around(shake.sp), 0);
	KUNIT_EXPECT_EQ(test, around(shake.sp + 8), 0);
}

static void it_has_left_it_when_the_return_address_is_gone(struct kunit *test)
{
	static const u64 other = RETURNS_TO + 8;
	struct st_tls_shake shake;

	st_test_use_user_memory(test);
	shake = a_shake(test);
	KUNIT_ASSERT_EQ(test,
			copy_to_user((void __user *)shake.sp, &other, sizeof(other)), 0);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 0);
	/* Where it is not on the stack, nothing is known of that. */
	shake.width = 0;
	st_tls_shake_begins(&shake);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 7);
	/* Memory that is gone. */
	shake.width = sizeof(u64);
	shake.sp = 8192;
	st_tls_shake_begins(&shake);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 0);
}

static void nobody_else_is_in_it(struct kunit *test)
{
	struct row *row = row_of_current();
	struct st_tls_shake shake;

	st_test_use_user_memory(test);
	shake = a_shake(test);
	row->task_start++;
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 0);
	row->task_start--;
	row->process.exec++;
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 0);
	row->process.exec--;
	st_tls_shake_drop(8);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 7);
	st_tls_shake_drop(7);
	KUNIT_EXPECT_EQ(test, around(shake.sp - 8), 0);
}

static struct kunit_case tls_written_cases[] = {
	KUNIT_CASE(a_record_begins_with_its_type_and_its_version),
	KUNIT_CASE(a_hello_is_a_client_s_or_a_server_s),
	KUNIT_CASE(a_hello_comes_again_with_its_random_number),
	KUNIT_CASE(the_first_and_the_last_piece_are_kept),
	KUNIT_CASE(a_thread_is_in_its_handshake_deeper_in_its_stack),
	KUNIT_CASE(it_has_left_it_when_the_return_address_is_gone),
	KUNIT_CASE(nobody_else_is_in_it),
	{}
};

static struct kunit_suite tls_written_suite = {
	.name = "sendtrace_tls_written",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = tls_written_cases,
};

kunit_test_suites(&tls_written_suite);
