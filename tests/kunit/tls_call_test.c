// SPDX-License-Identifier: GPL-2.0
/* Which socket calls tell what connection a call of a TLS library is for. */
#include "../../kmod/tls_call.c"

#include <kunit/test.h>

#include "fixture.h"
#include "session_fixture.h"

/* What a socket call sent, and on which socket. */
static struct st_call socket_call(struct kunit *test, u8 type, u8 version, u64 inode)
{
	u8 __user *bytes = st_test_payload(test, 16);
	struct st_call call = st_test_call(bytes, 16);
	const u8 begin[] = { type, version };

	KUNIT_ASSERT_EQ(test, copy_to_user(bytes, begin, sizeof(begin)), 0);
	call.type = SENDTRACE_RECORD_SEND;
	call.ret = 16;
	call.fd = 4;
	call.peer.inode = inode;
	return call;
}

static void note_it(const struct st_call *call)
{
	preempt_disable();
	st_tls_note(call);
	preempt_enable();
}

/* A call of a library that the calling thread is inside. */
static void opens(struct kunit *test)
{
	struct st_tls_open *open;

	open = st_tls_open_new();
	KUNIT_ASSERT_NOT_NULL(test, open);
	open->sp = user_stack_pointer(task_pt_regs(current));
	open->candidates = 0;
	st_tls_process_read(&open->process);
	st_tls_open_add(open);
}

/* What was noted in it; @fd and @inode only of one candidate. */
struct noted {
	u32 candidates;
	s32 fd;
	u64 inode;
};

static struct noted noted(struct kunit *test)
{
	struct st_tls_open *open =
		st_tls_open_take(user_stack_pointer(task_pt_regs(current)));
	struct noted noted = {};

	KUNIT_ASSERT_NOT_NULL(test, open);
	noted.candidates = open->candidates;
	if (noted.candidates == 1) {
		noted.fd = open->call.fd;
		noted.inode = open->call.peer.inode;
	}
	st_tls_open_free(open);
	return noted;
}

static void a_record_names_the_socket(struct kunit *test)
{
	static const u8 types[] = { 20, 21, 22, 23, 24 };
	struct noted socket;
	struct st_call call;
	int i;

	st_test_use_user_memory(test);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		opens(test);
		call = socket_call(test, types[i], 3, 9);
		note_it(&call);
		socket = noted(test);
		KUNIT_EXPECT_EQ(test, socket.candidates, 1);
		KUNIT_EXPECT_EQ(test, socket.fd, 4);
		KUNIT_EXPECT_EQ(test, socket.inode, 9);
	}
}

/* Expects that a call names no socket. */
static void expect_nothing(struct kunit *test, struct st_call call)
{
	opens(test);
	note_it(&call);
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
}

static void what_is_no_record_does_not(struct kunit *test)
{
	struct st_call call;

	st_test_use_user_memory(test);
	expect_nothing(test, socket_call(test, 19, 3, 9));
	expect_nothing(test, socket_call(test, 25, 3, 9));
	expect_nothing(test, socket_call(test, 23, 2, 9));
	call = socket_call(test, 23, 3, 9);
	call.ret = 1;
	expect_nothing(test, call);
	call.ret = -EPIPE;
	expect_nothing(test, call);
	call = socket_call(test, 23, 3, 9);
	call.async = true;
	expect_nothing(test, call);
	expect_nothing(test, socket_call(test, 23, 3, 0));
	call = socket_call(test, 23, 3, 9);
	call.type = SENDTRACE_RECORD_ACCEPT;
	expect_nothing(test, call);
}

static void two_sockets_are_two_candidates(struct kunit *test)
{
	struct st_call first, second;

	st_test_use_user_memory(test);
	first = socket_call(test, 23, 3, 9);
	second = socket_call(test, 22, 3, 10);
	opens(test);
	note_it(&first);
	note_it(&first);
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 1);
	opens(test);
	note_it(&first);
	note_it(&second);
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 2);
}

static struct kunit_case tls_call_cases[] = { KUNIT_CASE(a_record_names_the_socket),
					      KUNIT_CASE(what_is_no_record_does_not),
					      KUNIT_CASE(two_sockets_are_two_candidates),
					      {} };

static int tls_call_test_init(struct kunit *test)
{
	return st_tls_open_init();
}

static void tls_call_test_exit(struct kunit *test)
{
	st_tls_open_exit();
}

static struct kunit_suite tls_call_suite = {
	.name = "sendtrace_tls_call",
	.init = tls_call_test_init,
	.exit = tls_call_test_exit,
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = tls_call_cases,
};

kunit_test_suites(&tls_call_suite);
