// SPDX-License-Identifier: GPL-2.0
/* The bytes of each socket, and the line of its close. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sample_line.h"
#include "sums.h"

enum {
	SOCKETS = 4,
	SECOND = 1000000000,
};

static struct sums *sums;
static struct text *text;

static struct sendtrace_item event_of(uint16_t type, uint64_t cookie, int64_t ret)
{
	static uint64_t clock = 7ull * SECOND;
	struct sendtrace_item item = { .missing = 0 };
	struct sample sample = sample_send(0, "", 0);

	sample_type(&sample, type);
	item.event = sample.event;
	item.event.cookie = cookie;
	item.event.netns = 4026531840;
	item.event.inode = 1234;
	item.event.ret = ret;
	item.event.enter_time = clock;
	item.event.exit_time = clock += SECOND / 10;
	return item;
}

static void note(uint16_t type, uint64_t cookie, int64_t ret)
{
	struct sendtrace_item item = event_of(type, cookie, ret);

	sums_note(sums, &item);
}

static struct socket_sums sums_now(uint64_t cookie)
{
	struct sendtrace_item item = event_of(SENDTRACE_RECORD_CLOSE, cookie, 0);
	struct socket_sums now;

	sums_of(sums, &item.event, &now);
	return now;
}

static void assert_sums(uint64_t cookie, bool whole, uint64_t sent, uint64_t received)
{
	struct socket_sums now = sums_now(cookie);

	assert_int_equal(now.whole, whole);
	assert_int_equal(now.sent, sent);
	assert_int_equal(now.received, received);
}

static int begin(void **state)
{
	(void)state;
	sums = sums_new(SOCKETS);
	sample_text_reset(&text, -1);
	return !sums;
}

static int end(void **state)
{
	(void)state;
	sums_free(sums);
	return 0;
}

static void bytes_are_added_up_for_each_socket_and_direction(void **state)
{
	(void)state;
	note(SENDTRACE_RECORD_CONNECT, 1, 0);
	note(SENDTRACE_RECORD_SEND, 1, 5);
	note(SENDTRACE_RECORD_SEND, 2, 100);
	note(SENDTRACE_RECORD_RECV, 1, 7);
	note(SENDTRACE_RECORD_SEND, 1, 6);
	note(SENDTRACE_RECORD_RECV, 1, 0);
	assert_sums(1, true, 11, 7);
	assert_sums(2, false, 100, 0);
	assert_sums(3, false, 0, 0);
}

static void calls_that_failed_and_bytes_that_stay_do_not_count(void **state)
{
	struct sendtrace_item peek = event_of(SENDTRACE_RECORD_RECV, 1, 50);
	struct sendtrace_item error = event_of(SENDTRACE_RECORD_RECV, 1, 50);

	(void)state;
	note(SENDTRACE_RECORD_SEND, 1, -EPIPE);
	note(SENDTRACE_RECORD_RECV, 1, -ECONNRESET);
	peek.event.flags = MSG_PEEK | MSG_TRUNC;
	sums_note(sums, &peek);
	error.event.flags = MSG_ERRQUEUE;
	sums_note(sums, &error);
	note(SENDTRACE_RECORD_SHUTDOWN, 1, 9);
	assert_sums(1, false, 0, 0);
}

static void a_connection_begins_when_it_is_accepted_or_connected(void **state)
{
	struct sendtrace_item accepted = event_of(SENDTRACE_RECORD_ACCEPT, 1, 36);
	struct sendtrace_item pending =
		event_of(SENDTRACE_RECORD_CONNECT, 2, -EINPROGRESS);

	(void)state;
	sums_note(sums, &accepted);
	sums_note(sums, &pending);
	assert_true(sums_now(1).whole && sums_now(2).whole);
	assert_int_equal(sums_now(1).since, accepted.event.exit_time);
	note(SENDTRACE_RECORD_CONNECT, 3, -ECONNREFUSED);
	note(SENDTRACE_RECORD_ACCEPT, 4, -EAGAIN);
	assert_false(sums_now(3).whole || sums_now(4).whole);
	/* A second one does not begin anew. */
	note(SENDTRACE_RECORD_CONNECT, 2, 0);
	assert_int_equal(sums_now(2).since, pending.event.exit_time);
}

static void a_close_ends_it_and_the_next_socket_begins_anew(void **state)
{
	(void)state;
	note(SENDTRACE_RECORD_CONNECT, 1, 0);
	note(SENDTRACE_RECORD_SEND, 1, 5);
	note(SENDTRACE_RECORD_CLOSE, 1, 0);
	assert_sums(1, false, 0, 0);
	note(SENDTRACE_RECORD_SEND, 1, 3);
	assert_sums(1, false, 3, 0);
	assert_int_equal(sums_forgotten(sums), 0);
}

static void
sockets_are_told_apart_by_namespace_and_without_a_cookie_by_inode(void **state)
{
	struct sendtrace_item other = event_of(SENDTRACE_RECORD_SEND, 1, 20);
	struct sendtrace_item older = event_of(SENDTRACE_RECORD_SEND, 0, 40);
	struct sendtrace_item none = event_of(SENDTRACE_RECORD_SEND, 0, 80);
	struct socket_sums now;

	(void)state;
	note(SENDTRACE_RECORD_SEND, 1, 10);
	other.event.netns++;
	sums_note(sums, &other);
	older.event.inode = 1;
	sums_note(sums, &older);
	none.event.inode = 0;
	sums_note(sums, &none);
	assert_sums(1, false, 10, 0);
	sums_of(sums, &other.event, &now);
	assert_int_equal(now.sent, 20);
	sums_of(sums, &older.event, &now);
	assert_int_equal(now.sent, 40);
	sums_of(sums, &none.event, &now);
	assert_int_equal(now.sent, 0);
}

static void of_too_many_sockets_the_one_that_was_quiet_longest_is_forgotten(void **state)
{
	uint64_t cookie;

	(void)state;
	for (cookie = 1; cookie <= SOCKETS; cookie++)
		note(SENDTRACE_RECORD_CONNECT, cookie, 0);
	note(SENDTRACE_RECORD_SEND, 1, 5);
	note(SENDTRACE_RECORD_SEND, 1, 5);
	note(SENDTRACE_RECORD_CONNECT, 9, 0);
	assert_int_equal(sums_forgotten(sums), 1);
	assert_sums(1, true, 10, 0);
	assert_sums(2, false, 0, 0);
	assert_sums(3, true, 0, 0);
	note(SENDTRACE_RECORD_SEND, 2, 7);
	assert_sums(2, false, 7, 0);
	assert_sums(3, false, 0, 0);
	assert_int_equal(sums_forgotten(sums), 2);
}

static void a_table_that_is_used_for_long_keeps_what_is_there(void **state)
{
	uint32_t random = 1;
	uint64_t sent[SOCKETS + 1] = { 0 };
	unsigned int i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		uint64_t cookie = 1 + test_random(&random) % SOCKETS;

		if (test_random(&random) % 10) {
			note(SENDTRACE_RECORD_SEND, cookie, i);
			sent[cookie] += i;
		} else {
			assert_sums(cookie, false, sent[cookie], 0);
			note(SENDTRACE_RECORD_CLOSE, cookie, 0);
			sent[cookie] = 0;
		}
	}
	assert_int_equal(sums_forgotten(sums), 0);
}

static void assert_close(struct sendtrace_item *item, const char *expected)
{
	const char *at;

	item->peer = (const unsigned char *)"";
	item->event.peer_len = 0;
	text->sink.sums = sums;
	text->out.used = 0;
	assert_int_equal(sink_record(&text->sink, item), 0);
	text->out.buffer[text->out.used] = '\0';
	at = strstr(text->out.buffer, " ret=0");
	assert_non_null(at);
	assert_string_equal(at, expected);
	assert_true(strncmp(text->out.buffer, "close pid=29664 tid=29963 ", 26) == 0);
}

static void the_line_of_a_close_says_how_long_and_how_much(void **state)
{
	struct sendtrace_item connect = event_of(SENDTRACE_RECORD_CONNECT, 1, 0);
	struct sendtrace_item item = event_of(SENDTRACE_RECORD_CLOSE, 1, 0);

	(void)state;
	assert_close(&item, " ret=0 call=close seen=0.000 sent=0 received=0\n");
	sums_note(sums, &connect);
	note(SENDTRACE_RECORD_SEND, 1, 1234567);
	note(SENDTRACE_RECORD_RECV, 1, 89);
	item.event.exit_time = connect.event.exit_time + 61007999999;
	assert_close(&item, " ret=0 call=close lived=61.007 sent=1234567 received=89\n");
	sums_note(sums, &item);
	connect.event.ret = -ECONNREFUSED;
	sums_note(sums, &connect);
	item.event.exit_time = connect.event.enter_time + 1000000;
	assert_close(&item, " ret=0 call=close seen=0.001 sent=0 received=0\n");
	/* A clock that goes back, in a damaged stream. */
	item.event.exit_time = 5;
	assert_close(&item, " ret=0 call=close seen=0.000 sent=0 received=0\n");
	sums_free(sums);
	sums = NULL;
	assert_close(&item, " ret=0 call=close seen=0.000 sent=0 received=0\n");
}

#define sums_case(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		sums_case(bytes_are_added_up_for_each_socket_and_direction),
		sums_case(calls_that_failed_and_bytes_that_stay_do_not_count),
		sums_case(a_connection_begins_when_it_is_accepted_or_connected),
		sums_case(a_close_ends_it_and_the_next_socket_begins_anew),
		sums_case(
			sockets_are_told_apart_by_namespace_and_without_a_cookie_by_inode),
		sums_case(
			of_too_many_sockets_the_one_that_was_quiet_longest_is_forgotten),
		sums_case(a_table_that_is_used_for_long_keeps_what_is_there),
		sums_case(the_line_of_a_close_says_how_long_and_how_much),
	};

	return run_all("sums", tests);
}
