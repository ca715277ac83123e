// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample_line.h"

static struct text *text;

static int open_output(void **state)
{
	(void)state;
	sample_text_reset(&text, memfd_create("output", 0));
	return text->out.fd < 0;
}

static int close_output(void **state)
{
	(void)state;
	return close(text->out.fd);
}

/* Everything that was written, with a NUL; to be freed. */
static char *written(void)
{
	off_t size;
	char *bytes;

	assert_int_equal(sink_flush(&text->sink), 0);
	size = lseek(text->out.fd, 0, SEEK_END);
	bytes = malloc((size_t)size + 1);
	assert_int_equal(pread(text->out.fd, bytes, (size_t)size, 0), size);
	bytes[size] = '\0';
	return bytes;
}

static void assert_line(const struct sample *sample, const char *expected)
{
	char *line;

	sample_line(text, sample);
	line = written();
	assert_string_equal(line, expected);
	assert_int_equal(ftruncate(text->out.fd, 0), 0);
	lseek(text->out.fd, 0, SEEK_SET);
	free(line);
}

#define CALLER "pid=29664 tid=29963 comm=connection fd=35 "
#define HELLO  CALLER "msg=hello len=5 flg=64 addr_len=0 "

static void the_line_is_exactly_that_of_the_contract(void **state)
{
	static const char payload[] = "J\0\0\0\n8.0.31\0s\x82";
	struct sample sample = sample_send(0, payload, 78);
	char padded[78] = { 0 };

	(void)state;
	memcpy(padded, payload, sizeof(payload) - 1);
	sample.payload = padded;
	sample_peer_ipv6(&sample, "::ffff:10.196.6.35", 47698);
	sample.event.cap_len = sizeof(payload) - 1;
	sample.event.why = SENDTRACE_WHY_SNAPLEN;
	assert_line(
		&sample, CALLER
		"msg=J\\x00\\x00\\x00\\x0a8.0.31\\x00s\\x82 len=78 flg=64 addr_len=0 "
		"family=10 dest=::ffff:10.196.6.35 port=47698 ret=78 call=sendto cap=14 why=snaplen\n");
}

static void internet_addresses_come_with_their_port(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	assert_line(&sample,
		    HELLO "family=2 dest=192.0.2.7 port=47698 ret=5 call=sendto\n");
	sample_peer_ipv6(&sample, "2001:db8::1", 0);
	assert_line(&sample,
		    HELLO "family=10 dest=2001:db8::1 port=0 ret=5 call=sendto\n");
	/* An IPv6 socket that sends to an IPv4 address. */
	sample_peer_ipv4(&sample, "255.255.255.255", 65535);
	sample.event.family = AF_INET6;
	assert_line(&sample, HELLO
		    "family=10 dest=255.255.255.255 port=65535 ret=5 call=sendto\n");
}

static void an_address_that_is_too_short_or_unknown_is_a_dash(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	uint16_t length;

	(void)state;
	for (length = 0; length < 8; length++) {
		sample.event.peer_len = length;
		assert_line(&sample, HELLO "family=2 dest=- ret=5 call=sendto\n");
	}
	sample_peer_ipv6(&sample, "::1", 1);
	for (length = 0; length < 24; length++) {
		sample.event.peer_len = length;
		assert_line(&sample, HELLO "family=10 dest=- ret=5 call=sendto\n");
	}
	sample_peer_ipv6(&sample, "::1", 1);
	((unsigned char *)sample.peer)[0] = AF_NETLINK;
	sample.event.family = AF_NETLINK;
	assert_line(&sample, HELLO "family=16 dest=- ret=5 call=sendto\n");
	sample.event.family = 0;
	sample.event.peer_len = 0;
	sample.event.ret = -ENOTSOCK;
	assert_line(&sample, HELLO "family=0 dest=- ret=-ENOTSOCK call=sendto\n");
}

static void unix_peers_are_localhost_with_path_and_process_where_known(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample_peer_unix(&sample, "/run/x.sock", 11);
	assert_line(&sample,
		    HELLO "family=1 dest=localhost path=/run/x.sock ret=5 call=sendto\n");
	sample.event.peer_pid = 12;
	assert_line(
		&sample, HELLO
		"family=1 dest=localhost path=/run/x.sock peer_pid=12 ret=5 call=sendto\n");
	/* The caller of sendto() may have counted the NUL. */
	sample_peer_unix(&sample, "/run/x.sock", 12);
	assert_line(
		&sample, HELLO
		"family=1 dest=localhost path=/run/x.sock peer_pid=12 ret=5 call=sendto\n");
	sample_peer_unix(&sample, "", 0);
	assert_line(&sample,
		    HELLO "family=1 dest=localhost peer_pid=12 ret=5 call=sendto\n");
	sample.event.peer_len = 0;
	sample.event.peer_pid = 0;
	assert_line(&sample, HELLO "family=1 dest=localhost ret=5 call=sendto\n");
}

static void unix_names_are_escaped_and_abstract_ones_begin_with_an_at_sign(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	char longest[108];

	(void)state;
	sample_peer_unix(&sample, "\0a\0b\\\n", 6);
	assert_line(&sample, HELLO
		    "family=1 dest=localhost path=@a\\x00b\\\\\\x0a ret=5 call=sendto\n");
	sample_peer_unix(&sample, "a b\xff", 4);
	assert_line(&sample, HELLO
		    "family=1 dest=localhost path=a\\x20b\\xff ret=5 call=sendto\n");
	/* A file whose name begins with '@' cannot pass for an abstract name. */
	sample_peer_unix(&sample, "@file", 5);
	assert_line(&sample,
		    HELLO "family=1 dest=localhost path=\\x40file ret=5 call=sendto\n");
	memset(longest, 0xff, sizeof(longest));
	sample_peer_unix(&sample, longest, sizeof(longest));
	sample_line(text, &sample);
	assert_int_equal(text->out.used,
			 strlen(HELLO
				"family=1 dest=localhost path= ret=5 call=sendto\n") +
				 4 * sizeof(longest));
}

static void results_are_bytes_or_the_name_of_the_error(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample.event.ret = -EPIPE;
	assert_line(&sample,
		    HELLO "family=2 dest=192.0.2.7 port=47698 ret=-EPIPE call=sendto\n");
	sample.event.ret = -EAGAIN;
	assert_line(&sample,
		    HELLO "family=2 dest=192.0.2.7 port=47698 ret=-EAGAIN call=sendto\n");
	sample.event.ret = -512;
	assert_line(&sample, HELLO
		    "family=2 dest=192.0.2.7 port=47698 ret=-ERESTARTSYS call=sendto\n");
	sample.event.ret = -516;
	assert_line(
		&sample, HELLO
		"family=2 dest=192.0.2.7 port=47698 ret=-ERESTART_RESTARTBLOCK call=sendto\n");
	sample.event.ret = -4000;
	assert_line(&sample,
		    HELLO "family=2 dest=192.0.2.7 port=47698 ret=-4000 call=sendto\n");
}

static void a_cut_payload_says_how_much_there_is_and_why(void **state)
{
	static const char *const words[] = { [1] = "snaplen", "inline_bound", "ring_size",
					     "ring_full",     "fault",	      "no_work",
					     "again",	      "failed" };
	struct sample sample = sample_send(0, "hello", 5);
	char expected[256];

	(void)state;
	sample.event.ret = sample.event.len = 9;
	for (sample.event.why = 1; sample.event.why < 9; sample.event.why++) {
		sprintf(expected,
			CALLER
			"msg=hello len=9 flg=64 addr_len=0 family=2 dest=192.0.2.7 "
			"port=47698 ret=9 call=sendto cap=5 why=%s\n",
			words[sample.event.why]);
		assert_line(&sample, expected);
	}
	/* A partial send is complete with what was sent. */
	sample.event.ret = 5;
	assert_line(&sample, CALLER "msg=hello len=9 flg=64 addr_len=0 family=2 "
				    "dest=192.0.2.7 port=47698 ret=5 call=sendto\n");
	/* A send that failed is complete with all that it was asked to send. */
	sample.event.ret = -EPIPE;
	sample.event.why = SENDTRACE_WHY_FAILED;
	assert_line(&sample,
		    CALLER "msg=hello len=9 flg=64 addr_len=0 family=2 dest=192.0.2.7 "
			   "port=47698 ret=-EPIPE call=sendto cap=5 why=failed\n");
}

/* A newer module's. No manual knows "unknown". */
static void a_reason_without_a_word_is_its_number(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample.event.ret = sample.event.len = 9;
	sample.event.why = 29;
	assert_line(&sample,
		    CALLER "msg=hello len=9 flg=64 addr_len=0 family=2 "
			   "dest=192.0.2.7 port=47698 ret=9 call=sendto cap=5 why=29\n");
	sample.event.why = 60000;
	assert_line(&sample, CALLER
		    "msg=hello len=9 flg=64 addr_len=0 family=2 "
		    "dest=192.0.2.7 port=47698 ret=9 call=sendto cap=5 why=60000\n");
}

static void a_result_larger_than_what_was_asked_for_cuts_nothing(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample.event.ret = 4096;
	assert_line(&sample,
		    HELLO "family=2 dest=192.0.2.7 port=47698 ret=4096 call=sendto\n");
	/* Of what was asked for, some is missing. */
	sample.event.cap_len = 4;
	sample.event.why = SENDTRACE_WHY_FAULT;
	assert_line(&sample, CALLER
		    "msg=hell len=5 flg=64 addr_len=0 family=2 "
		    "dest=192.0.2.7 port=47698 ret=4096 call=sendto cap=4 why=fault\n");
}

static void a_destination_that_is_in_doubt_says_so_behind_it(void **state)
{
	static const struct {
		uint32_t flags;
		const char *shown;
	} doubts[] = {
		{ 0, "" },
		{ SENDTRACE_EVENT_PEER_FROM_CALL, "" },
		{ SENDTRACE_EVENT_PEER_ASKED, " dest_is=asked" },
		{ SENDTRACE_EVENT_PEER_FROM_CALL | SENDTRACE_EVENT_PEER_LATE,
		  " dest_is=late" },
		{ SENDTRACE_EVENT_PEER_LATE | SENDTRACE_EVENT_PEER_ASKED,
		  " dest_is=late" },
	};
	struct sample sample = sample_send(0, "hello", 5);
	char expected[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(doubts) / sizeof(doubts[0]); i++) {
		sample.event.event_flags = doubts[i].flags;
		sprintf(expected,
			HELLO "family=2 dest=192.0.2.7 port=47698%s ret=5 call=sendto\n",
			doubts[i].shown);
		assert_line(&sample, expected);
	}
	sample_peer_unix(&sample, "/a", 2);
	sample.event.peer_pid = 7;
	assert_line(&sample, HELLO "family=1 dest=localhost path=/a peer_pid=7 "
				   "dest_is=late ret=5 call=sendto\n");
	/* Nothing is shown that could be doubted. */
	sample.event.family = AF_NETLINK;
	assert_line(&sample, HELLO "family=16 dest=- ret=5 call=sendto\n");
}

static void
an_address_of_another_family_than_the_sockets_is_shown_as_its_own(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);

	(void)state;
	sample.event.family = AF_UNIX;
	assert_line(&sample,
		    HELLO "family=1 dest=192.0.2.7 port=47698 ret=5 call=sendto\n");
	sample_peer_unix(&sample, "/a", 2);
	sample.event.family = AF_INET;
	assert_line(&sample, HELLO "family=2 dest=- ret=5 call=sendto\n");
	/* Of a family that nobody knows: no path. */
	sample.event.family = AF_UNIX;
	*(unsigned char *)sample.peer = AF_NETLINK;
	assert_line(&sample, HELLO "family=1 dest=localhost ret=5 call=sendto\n");
}

static void a_name_cannot_break_the_line_and_need_not_end_in_nul(void **state)
{
	struct sample sample = sample_send(0, "", 0);

	(void)state;
	memset(sample.event.comm, 0, sizeof(sample.event.comm));
	strcpy(sample.event.comm, "a b\n\\\x1b");
	assert_line(
		&sample,
		"pid=29664 tid=29963 comm=a\\x20b\\x0a\\\\\\x1b fd=35 msg= len=0 "
		"flg=64 addr_len=0 family=2 dest=192.0.2.7 port=47698 ret=0 call=sendto\n");
	memcpy(sample.event.comm, "0123456789abcdef", 16);
	assert_line(
		&sample,
		"pid=29664 tid=29963 comm=0123456789abcdef fd=35 msg= len=0 "
		"flg=64 addr_len=0 family=2 dest=192.0.2.7 port=47698 ret=0 call=sendto\n");
}

static void the_widest_values_have_room(void **state)
{
	struct sample sample = sample_send(0, "", 0);

	(void)state;
	sample.event.pid = sample.event.tid = sample.event.flags = UINT32_MAX;
	sample.event.fd = sample.event.addr_len = INT32_MIN;
	sample.event.len = UINT64_MAX;
	sample.event.ret = INT64_MAX;
	sample.event.why = 1;
	memset(sample.event.comm, 0xff, sizeof(sample.event.comm));
	assert_line(
		&sample,
		"pid=4294967295 tid=4294967295 comm=\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
		"\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff fd=-2147483648 msg= "
		"len=18446744073709551615 flg=4294967295 addr_len=-2147483648 family=2 "
		"dest=192.0.2.7 port=47698 ret=9223372036854775807 call=sendto cap=0 why=snaplen\n");
}

static void accepted_connections_have_a_line_of_their_own(void **state)
{
	struct sample sample = sample_send(0, "", 0);

	(void)state;
	sample_type(&sample, SENDTRACE_RECORD_ACCEPT);
	sample.event.ret = 36;
	assert_line(&sample,
		    "accept " CALLER
		    "newfd=36 family=2 dest=192.0.2.7 port=47698 ret=36 call=accept\n");
	sample.event.ret = -EMFILE;
	sample.event.peer_len = 0;
	assert_line(&sample,
		    "accept " CALLER "newfd=- family=2 dest=- ret=-EMFILE call=accept\n");
}

/* Payloads longer than the buffer: not a byte is lost. */
static void a_payload_of_any_length_goes_through_the_buffer_in_pieces(void **state)
{
	static const size_t sizes[] = { 4000, 16000, 65536, 300007 };
	char *payload = malloc(300007), *lines, *from;
	size_t i, at;

	(void)state;
	memset(payload, 0xab, 300007);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct sample sample = sample_send(0, payload, sizes[i]);

		sample_line(text, &sample);
		sample_line(text, &sample);
	}
	lines = from = written();
	for (i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		from = strstr(from, "msg=") + 4;
		for (at = 0; at < sizes[i / 2]; at++, from += 4)
			assert_memory_equal(from, "\\xab", 4);
		assert_memory_equal(from, " len=", 5);
	}
	assert_null(strstr(from, "msg="));
	free(lines);
	free(payload);
}

static void a_write_error_is_kept_and_the_rest_thrown_away(void **state)
{
	struct sample sample = sample_send(0, "hello", 5);
	int i;

	(void)state;
	close(text->out.fd);
	text->out.fd = open("/dev/full", O_WRONLY);
	for (i = 0; i < 5000; i++)
		sample_line(text, &sample);
	assert_int_equal(sink_flush(&text->sink), -ENOSPC);
	assert_int_equal(text->out.used, 0);
	sample_line(text, &sample);
	assert_int_equal(sink_flush(&text->sink), -ENOSPC);
}

#define output_case(function) \
	cmocka_unit_test_setup_teardown(function, open_output, close_output)

int main(void)
{
	const struct CMUnitTest tests[] = {
		output_case(the_line_is_exactly_that_of_the_contract),
		output_case(internet_addresses_come_with_their_port),
		output_case(an_address_that_is_too_short_or_unknown_is_a_dash),
		output_case(unix_peers_are_localhost_with_path_and_process_where_known),
		output_case(
			unix_names_are_escaped_and_abstract_ones_begin_with_an_at_sign),
		output_case(results_are_bytes_or_the_name_of_the_error),
		output_case(a_cut_payload_says_how_much_there_is_and_why),
		output_case(a_reason_without_a_word_is_its_number),
		output_case(a_result_larger_than_what_was_asked_for_cuts_nothing),
		output_case(a_destination_that_is_in_doubt_says_so_behind_it),
		output_case(
			an_address_of_another_family_than_the_sockets_is_shown_as_its_own),
		output_case(a_name_cannot_break_the_line_and_need_not_end_in_nul),
		output_case(the_widest_values_have_room),
		output_case(accepted_connections_have_a_line_of_their_own),
		output_case(a_payload_of_any_length_goes_through_the_buffer_in_pieces),
		output_case(a_write_error_is_kept_and_the_rest_thrown_away),
	};

	return run_all("format_text", tests);
}
