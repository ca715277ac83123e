// SPDX-License-Identifier: GPL-2.0
/* Ciphertext that the program sends itself: who finds its socket, and who does not. */
#include "../../kmod/tls_bio.c"

#include <kunit/test.h>

#include "fixture.h"
#include "session_fixture.h"

static struct st_tls_process own;

static int tls_bio_test_init(struct kunit *test)
{
	st_tls_process_read(&own);
	return st_tls_bio_prepare();
}

static void tls_bio_test_exit(struct kunit *test)
{
	st_tls_bio_clear();
	st_tls_conn_clear();
}

static struct st_tls_begin piece(u8 number)
{
	return (struct st_tls_begin){ .bytes = { 23, 3, 3, 0, 100, number } };
}

static struct st_tls_begin hello(u8 number)
{
	return (struct st_tls_begin){
		.bytes = { 22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, number },
	};
}

static void leaves_piece(const struct st_tls_process *process, u64 ssl,
			 struct st_tls_begin begin)
{
	struct st_tls_left left = { .begins = { begin }, .nr = 1 };

	st_tls_bio_leave(process, ssl, &left);
}

static void leaves(u64 ssl, u8 number)
{
	leaves_piece(&own, ssl, piece(number));
}

static struct st_call socket_call(struct kunit *test, u8 number, int fd)
{
	const struct st_tls_begin begin = piece(number);
	u8 __user *bytes = st_test_payload(test, 100);
	struct st_call call = st_test_call(bytes, 100);

	KUNIT_ASSERT_EQ(test, copy_to_user(bytes, &begin, sizeof(begin)), 0);
	call.type = SENDTRACE_RECORD_SEND;
	call.ret = 100;
	call.fd = fd;
	call.peer.inode = fd + 100;
	return call;
}

static bool note_it(const struct st_call *call)
{
	bool noted;

	preempt_disable();
	noted = st_tls_bio_note(call);
	preempt_enable();
	return noted;
}

static bool sends(struct kunit *test, u8 number, int fd)
{
	struct st_call call = socket_call(test, number, fd);

	return note_it(&call);
}

/* Its descriptor; -1 if it is unknown. */
static s32 taken(u64 ssl)
{
	struct st_call call;

	if (!st_tls_bio_take(&own, ssl, &call))
		return -1;
	return call.peer.inode == call.fd + 100 ? call.fd : -2;
}

static struct waiting *entry_of(u64 ssl)
{
	struct waiting *found;

	spin_lock(&lock);
	found = find(&own, ssl);
	spin_unlock(&lock);
	return found;
}

static int waiting_now(void)
{
	return atomic_read(&st_tls_bio_waits[st_tls_process_hash(own.pid)]);
}

static void the_call_that_sends_the_bytes_tells_the_socket(struct kunit *test)
{
	int before = atomic_read(&st_tls_open_total);

	st_test_use_user_memory(test);
	leaves(5, 1);
	leaves(6, 2);
	KUNIT_EXPECT_EQ(test, waiting_now(), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), before + 2);
	KUNIT_EXPECT_EQ(test, taken(5), -1);
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 4));
	KUNIT_EXPECT_TRUE(test, sends(test, 1, 3));
	KUNIT_EXPECT_EQ(test, waiting_now(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&st_tls_open_total), before);
	/* They are sent once, and taken once. */
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 9));
	KUNIT_EXPECT_EQ(test, taken(5), 3);
	KUNIT_EXPECT_EQ(test, taken(5), -1);
	KUNIT_EXPECT_EQ(test, taken(6), 4);
}

static void other_calls_do_not(struct kunit *test)
{
	struct st_tls_process other = own, executed = own;
	struct st_call call;

	st_test_use_user_memory(test);
	other.start++;
	executed.exec++;
	leaves_piece(&other, 5, piece(1));
	leaves_piece(&executed, 5, piece(1));
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	leaves(5, 1);
	KUNIT_EXPECT_FALSE(test, sends(test, 2, 3));
	call = socket_call(test, 1, 3);
	call.type = SENDTRACE_RECORD_RECV;
	KUNIT_EXPECT_FALSE(test, note_it(&call));
	call.type = SENDTRACE_RECORD_SEND;
	call.ret = 15;
	KUNIT_EXPECT_FALSE(test, note_it(&call));
	call.ret = -EAGAIN;
	KUNIT_EXPECT_FALSE(test, note_it(&call));
	call.ret = 16;
	KUNIT_EXPECT_TRUE(test, note_it(&call));
	KUNIT_EXPECT_EQ(test, taken(5), 3);
}

static void any_of_its_pieces_may_be_sent_first(struct kunit *test)
{
	u8 number;

	st_test_use_user_memory(test);
	for (number = 1; number <= BEGINS_MAX + 1; number++)
		leaves(5, number);
	KUNIT_EXPECT_EQ(test, waiting_now(), 1);
	/* The oldest one made room. */
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	KUNIT_EXPECT_TRUE(test, sends(test, BEGINS_MAX + 1, 4));
	KUNIT_EXPECT_EQ(test, taken(5), 4);
}

static void two_sessions_with_the_same_bytes_are_unknown(struct kunit *test)
{
	st_test_use_user_memory(test);
	leaves(5, 1);
	leaves(6, 1);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 4));
	/* A third one has nothing to choose from, either. */
	leaves(7, 1);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 5));
	leaves(6, 2);
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 4));
	KUNIT_EXPECT_EQ(test, taken(5), -1);
	KUNIT_EXPECT_EQ(test, taken(6), 4);
	/* The same session may repeat itself. */
	leaves(8, 3);
	leaves(8, 3);
	KUNIT_EXPECT_TRUE(test, sends(test, 3, 6));
}

static void what_is_freed_is_forgotten_but_its_bytes_are_not(struct kunit *test)
{
	st_test_use_user_memory(test);
	leaves(5, 1);
	st_tls_bio_drop(&own, 5);
	st_tls_bio_drop(&own, 5);
	KUNIT_EXPECT_EQ(test, waiting_now(), 0);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	leaves(5, 1);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	/* What was found is not kept. */
	leaves(6, 2);
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 4));
	st_tls_bio_drop(&own, 6);
	KUNIT_EXPECT_EQ(test, taken(6), -1);
	leaves(7, 2);
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 4));
}

static void what_waits_for_too_long_is_forgotten(struct kunit *test)
{
	st_test_use_user_memory(test);
	leaves(5, 1);
	leaves(6, 2);
	leaves(7, 3);
	KUNIT_EXPECT_TRUE(test, sends(test, 3, 4));
	entry_of(5)->since -= PATIENCE + 1;
	entry_of(7)->since -= PATIENCE + 1;
	st_tls_bio_expire();
	KUNIT_EXPECT_EQ(test, waiting_now(), 1);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 3));
	KUNIT_EXPECT_EQ(test, taken(7), 4);
}

static void the_oldest_one_makes_room(struct kunit *test)
{
	struct st_tls_begin begin = piece(1);
	u64 ssl;

	st_test_use_user_memory(test);
	for (ssl = 1; ssl <= SESSIONS_MAX; ssl++) {
		begin.words[1] = ssl;
		leaves_piece(&own, ssl, begin);
		entry_of(ssl)->since -= SESSIONS_MAX - ssl;
	}
	KUNIT_EXPECT_EQ(test, waiting_now(), SESSIONS_MAX);
	leaves(ssl, 2);
	KUNIT_EXPECT_EQ(test, waiting_now(), SESSIONS_MAX);
	KUNIT_EXPECT_PTR_EQ(test, entry_of(1), (struct waiting *)NULL);
	KUNIT_EXPECT_TRUE(test, sends(test, 2, 3));
	st_tls_bio_clear();
	KUNIT_EXPECT_EQ(test, waiting_now(), 0);
	KUNIT_EXPECT_FALSE(test, has_any(&own));
	/* Without the table nothing is found, and nothing fails. */
	leaves(5, 1);
	st_tls_bio_drop(&own, 5);
	KUNIT_EXPECT_EQ(test, taken(5), -1);
	KUNIT_EXPECT_FALSE(test, sends(test, 1, 3));
}

static bool is_connected(u64 ssl)
{
	struct st_call call;

	return st_tls_conn_get(&own, ssl, &call);
}

static void another_hello_begins_another_connection(struct kunit *test)
{
	static const struct st_call call = { .fd = 3 };
	struct st_tls_begin begin = hello(1);

	st_tls_conn_set(&own, 5, &call);
	leaves_piece(&own, 5, begin);
	st_tls_bio_renew(&own, 5, &begin);
	KUNIT_EXPECT_TRUE(test, is_connected(5));
	begin = piece(1);
	st_tls_bio_renew(&own, 5, &begin);
	KUNIT_EXPECT_TRUE(test, is_connected(5));
	begin = hello(2);
	st_tls_bio_renew(&own, 5, &begin);
	KUNIT_EXPECT_FALSE(test, is_connected(5));
	KUNIT_EXPECT_EQ(test, waiting_now(), 0);
}

/* What a handler of a socket call has read before it changed is not claimed. */
static void what_changes_is_not_claimed(struct kunit *test)
{
	const struct st_tls_begin begin = piece(1);
	struct waiting *waiting;
	int state;

	leaves(5, 1);
	waiting = entry_of(5);
	state = atomic_read(&waiting->state);
	spin_lock(&lock);
	stop(waiting);
	KUNIT_EXPECT_FALSE(test, claim(waiting, &own, &begin));
	go_on(waiting, WAITS);
	spin_unlock(&lock);
	KUNIT_EXPECT_NE(test, atomic_read(&waiting->state), state);
	KUNIT_EXPECT_TRUE(test, claim(waiting, &own, &begin));
	KUNIT_EXPECT_FALSE(test, claim(waiting, &own, &begin));
	atomic_set(&waiting->state, atomic_read(&waiting->state) - CLAIMED + WAITS);
}

static void there_is_one_table(struct kunit *test)
{
	leaves(5, 1);
	KUNIT_EXPECT_EQ(test, st_tls_bio_prepare(), 0);
	KUNIT_EXPECT_EQ(test, waiting_now(), 1);
	KUNIT_EXPECT_PTR_NE(test, entry_of(5), (struct waiting *)NULL);
}

static struct kunit_case tls_bio_cases[] = {
	KUNIT_CASE(the_call_that_sends_the_bytes_tells_the_socket),
	KUNIT_CASE(other_calls_do_not),
	KUNIT_CASE(any_of_its_pieces_may_be_sent_first),
	KUNIT_CASE(two_sessions_with_the_same_bytes_are_unknown),
	KUNIT_CASE(what_is_freed_is_forgotten_but_its_bytes_are_not),
	KUNIT_CASE(what_waits_for_too_long_is_forgotten),
	KUNIT_CASE(the_oldest_one_makes_room),
	KUNIT_CASE(another_hello_begins_another_connection),
	KUNIT_CASE(what_changes_is_not_claimed),
	KUNIT_CASE(there_is_one_table),
	{}
};

static struct kunit_suite tls_bio_suite = {
	.name = "sendtrace_tls_bio",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.init = tls_bio_test_init,
	.exit = tls_bio_test_exit,
	.test_cases = tls_bio_cases,
};

kunit_test_suites(&tls_bio_suite);
