// SPDX-License-Identifier: GPL-2.0
/* Which socket calls tell what connection a call of a TLS library is for. */
#include "../../kmod/tls_note.c"

#include <kunit/test.h>

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

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

/* A call of a library that the calling thread is inside; not added yet. */
static struct st_tls_open *new_call(struct kunit *test)
{
	struct st_tls_open *open = st_tls_open_new();

	KUNIT_ASSERT_NOT_NULL(test, open);
	open->sp = user_stack_pointer(task_pt_regs(current));
	open->candidates = 0;
	open->is_known = false;
	st_tls_process_read(&open->process);
	return open;
}

static void opens(struct kunit *test)
{
	st_tls_open_add(new_call(test));
}

/* The same, of a TLS session that was last seen to use a socket. */
static void opens_known(struct kunit *test, struct socket *sock, int fd)
{
	struct st_tls_open *open = new_call(test);

	open->is_known = true;
	open->call.fd = fd;
	open->call.peer = st_test_peer_of(sock);
	st_tls_open_add(open);
}

/* A socket call of a process begins, with a descriptor. */
static bool is_known(struct socket *sock, int fd)
{
	struct pt_regs *regs = task_pt_regs(current), before = *regs;
	bool known;

	sock->sk->sk_kern_sock = 0;
	regs->di = fd;
	preempt_disable();
	known = st_tls_note_known(sock);
	preempt_enable();
	*regs = before;
	return known;
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

/* The kernel makes the records, so what the library gives it is text. */
static void text_names_the_socket_where_the_kernel_encrypts(struct kunit *test)
{
	static const struct tcp_ulp_ops ktls = { .name = "tls" },
					other = { .name = "tlx" };
	struct socket *sock = st_test_socket(test, AF_INET, SOCK_STREAM, 0);
	const struct tcp_ulp_ops **ulp = &inet_csk(sock->sk)->icsk_ulp_ops;
	struct st_call call;

	st_test_use_user_memory(test);
	call = socket_call(test, 'G', 'E', 9);
	call.sock = sock;
	expect_nothing(test, call);
	*ulp = &other;
	expect_nothing(test, call);
	*ulp = &ktls;
	opens(test);
	note_it(&call);
	*ulp = NULL;
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 1);
	call.sock = st_test_socket(test, AF_UNIX, SOCK_STREAM, 0);
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

static struct socket *connected(struct kunit *test, struct st_addr at)
{
	struct socket *sock = st_test_socket(test, at.any.sa_family, SOCK_STREAM, 0);

	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	return sock;
}

static void expect_known(struct kunit *test, struct socket *sock)
{
	struct noted socket;

	opens_known(test, sock, 4);
	KUNIT_EXPECT_TRUE(test, is_known(sock, 4));
	KUNIT_EXPECT_TRUE(test, is_known(sock, 4));
	socket = noted(test);
	KUNIT_EXPECT_EQ(test, socket.candidates, 1);
	KUNIT_EXPECT_EQ(test, socket.fd, 4);
	KUNIT_EXPECT_EQ(test, socket.inode, SOCK_INODE(sock)->i_ino);
}

static void the_socket_that_is_known_is_noted_at_the_entry(struct kunit *test)
{
	struct socket *pair[2];

	expect_known(test, connected(test, st_test_loopback()));
	expect_known(test, connected(test, st_test_loopback6()));
	st_test_pair(test, SOCK_STREAM, pair);
	expect_known(test, pair[0]);
}

/* Expects that a session that has used the socket is not taken to use it now. */
static void expect_followed(struct kunit *test, struct socket *used, struct socket *now,
			    int fd)
{
	opens_known(test, used, 4);
	KUNIT_EXPECT_FALSE(test, is_known(now, fd));
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
}

static void a_socket_with_another_end_is_not_the_known_one(struct kunit *test)
{
	struct st_addr at = st_test_loopback(), at6 = st_test_loopback6();
	struct socket *sock = connected(test, at), *sock6 = connected(test, at6);
	struct st_addr none = { .len = sizeof(none.any), .any.sa_family = AF_UNSPEC };

	opens_known(test, sock, 4);
	st_test_connect(test, sock, &none);
	KUNIT_EXPECT_FALSE(test, is_known(sock, 4));
	st_test_listener(test, SOCK_STREAM, &at);
	st_test_connect(test, sock, &at);
	KUNIT_EXPECT_FALSE(test, is_known(sock, 4));
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
	/* The same one again, from another port. */
	opens_known(test, sock, 4);
	st_test_connect(test, sock, &none);
	st_test_connect(test, sock, &at);
	KUNIT_EXPECT_FALSE(test, is_known(sock, 4));
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
	opens_known(test, sock6, 4);
	st_test_connect(test, sock6, &none);
	KUNIT_EXPECT_FALSE(test, is_known(sock6, 4));
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
}

static void what_may_be_another_connection_is_followed(struct kunit *test)
{
	struct socket *sock = connected(test, st_test_loopback());
	struct socket *other = connected(test, st_test_loopback());
	struct socket *new = st_test_socket(test, AF_INET, SOCK_STREAM, 0), *datagrams[2];

	KUNIT_EXPECT_FALSE(test, is_known(sock, 4));
	opens(test);
	KUNIT_EXPECT_FALSE(test, is_known(sock, 4));
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 0);
	expect_followed(test, sock, other, 4);
	expect_followed(test, sock, sock, 5);
	expect_followed(test, new, new, 4);
	st_test_pair(test, SOCK_DGRAM, datagrams);
	expect_followed(test, datagrams[0], datagrams[0], 4);
}

static void another_socket_than_the_known_one_is_the_new_one(struct kunit *test)
{
	struct socket *sock = connected(test, st_test_loopback());
	struct st_call other;
	struct noted socket;

	st_test_use_user_memory(test);
	other = socket_call(test, 23, 3, 9);
	opens_known(test, sock, 5);
	note_it(&other);
	/* Nothing is known any more: so it is followed, and would be a second one. */
	KUNIT_EXPECT_FALSE(test, is_known(sock, 5));
	socket = noted(test);
	KUNIT_EXPECT_EQ(test, socket.candidates, 1);
	KUNIT_EXPECT_EQ(test, socket.inode, 9);
	opens_known(test, sock, 5);
	KUNIT_EXPECT_TRUE(test, is_known(sock, 5));
	note_it(&other);
	KUNIT_EXPECT_EQ(test, noted(test).candidates, 2);
}

static struct kunit_case tls_note_cases[] = {
	KUNIT_CASE(a_record_names_the_socket),
	KUNIT_CASE(what_is_no_record_does_not),
	KUNIT_CASE(text_names_the_socket_where_the_kernel_encrypts),
	KUNIT_CASE(two_sockets_are_two_candidates),
	KUNIT_CASE(the_socket_that_is_known_is_noted_at_the_entry),
	KUNIT_CASE(a_socket_with_another_end_is_not_the_known_one),
	KUNIT_CASE(what_may_be_another_connection_is_followed),
	KUNIT_CASE(another_socket_than_the_known_one_is_the_new_one),
	{}
};

static int tls_note_test_init(struct kunit *test)
{
	return st_tls_open_init();
}

static void tls_note_test_exit(struct kunit *test)
{
	st_tls_open_exit();
}

static struct kunit_suite tls_note_suite = {
	.name = "sendtrace_tls_note",
	.init = tls_note_test_init,
	.exit = tls_note_test_exit,
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = tls_note_cases,
};

kunit_test_suites(&tls_note_suite);
