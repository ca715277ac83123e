// SPDX-License-Identifier: GPL-2.0
/* The lines of all kinds of calls but sends, the names of calls, and ancillary data. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "sample_line.h"

#define CALLER "pid=29664 tid=29963 comm=connection fd=35 "
#define PEER   "family=2 dest=192.0.2.7 port=47698 "

static struct text *text;

static int begin(void **state)
{
	(void)state;
	sample_text_reset(&text, -1);
	return 0;
}

static void assert_line(const struct sample *sample, const char *expected)
{
	int i;

	/* The second time perhaps from what was kept. */
	for (i = 0; i < 2; i++) {
		sample_line(text, sample);
		text->out.buffer[text->out.used] = '\0';
		assert_string_equal(text->out.buffer, expected);
		text->out.used = 0;
	}
}

static struct sample sample_of(uint16_t type, int64_t ret)
{
	struct sample sample = sample_send(0, "", 0);

	sample_type(&sample, type);
	sample.event.ret = ret;
	return sample;
}

static struct sample sample_receive(const char *payload, size_t size)
{
	struct sample sample = sample_send(0, payload, size);

	sample_type(&sample, SENDTRACE_RECORD_RECV);
	sample.event.len = 100;
	return sample;
}

static void what_is_received_has_a_source(void **state)
{
	struct sample sample = sample_receive("hello", 5);

	(void)state;
	assert_line(&sample, CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 "
				    "src=192.0.2.7 port=47698 ret=5 call=recvfrom\n");
	sample.event.event_flags = SENDTRACE_EVENT_PEER_LATE;
	sample.event.call = SENDTRACE_CALL_READ;
	assert_line(&sample,
		    CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 src=192.0.2.7 "
			   "port=47698 src_is=late ret=5 call=read\n");
	sample.event.peer_len = 0;
	assert_line(&sample, CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 src=- "
				    "ret=5 call=read\n");
	sample_peer_unix(&sample, "/a", 2);
	sample.event.peer_pid = 7;
	sample.event.event_flags = 0;
	assert_line(&sample,
		    CALLER "msg=hello len=100 flg=64 addr_len=0 family=1 src=localhost "
			   "path=/a peer_pid=7 ret=5 call=read\n");
}

static void sends_and_receives_of_one_socket_do_not_share_their_text(void **state)
{
	struct sample sample = sample_receive("hello", 5);

	(void)state;
	assert_line(&sample, CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 "
				    "src=192.0.2.7 port=47698 ret=5 call=recvfrom\n");
	sample_type(&sample, SENDTRACE_RECORD_SEND);
	assert_line(&sample, CALLER "msg=hello len=100 flg=64 addr_len=0 " PEER
				    "ret=5 call=sendto\n");
	sample_type(&sample, SENDTRACE_RECORD_RECV);
	assert_line(&sample, CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 "
				    "src=192.0.2.7 port=47698 ret=5 call=recvfrom\n");
}

static void a_receive_that_failed_received_nothing_and_is_not_cut(void **state)
{
	struct sample sample = sample_receive("", 0);

	(void)state;
	sample.event.ret = -ECONNRESET;
	sample.event.why = SENDTRACE_WHY_FAILED;
	assert_line(&sample,
		    CALLER "msg= len=100 flg=64 addr_len=0 family=2 src=192.0.2.7 "
			   "port=47698 ret=-ECONNRESET call=recvfrom\n");
}

/* Also: MSG_TRUNC may return more than there was room for. */
static void what_was_not_copied_of_a_receive_says_why(void **state)
{
	struct sample sample = sample_receive("hello", 5);

	(void)state;
	sample.event.ret = 200;
	sample.event.why = SENDTRACE_WHY_ASYNC;
	assert_line(&sample,
		    CALLER "msg=hello len=100 flg=64 addr_len=0 family=2 src=192.0.2.7 "
			   "port=47698 ret=200 call=recvfrom cap=5 why=async\n");
	sample = sample_receive("", 0);
	sample.event.ret = 60;
	sample.event.call = SENDTRACE_CALL_SPLICE_READ;
	sample.event.why = SENDTRACE_WHY_NOT_COPIED;
	assert_line(&sample,
		    CALLER "msg= len=100 flg=64 addr_len=0 family=2 src=192.0.2.7 "
			   "port=47698 ret=60 call=splice cap=0 why=not_copied\n");
}

static void a_connect_has_both_ends(void **state)
{
	static const unsigned char inet[16] = { AF_INET, 0, 0x9c, 0x40, 127, 0, 0, 1 };
	static const unsigned char named[] = { AF_UNIX, 0, '/', 'b' };
	struct sample sample = sample_of(SENDTRACE_RECORD_CONNECT, 0);

	(void)state;
	sample.local = inet;
	sample.event.local_len = sizeof(inet);
	assert_line(&sample, "connect " CALLER PEER
			     "local=127.0.0.1 lport=40000 ret=0 call=connect\n");
	sample.event.ret = -EINPROGRESS;
	sample.event.event_flags = SENDTRACE_EVENT_PEER_ASKED;
	sample.event.call = SENDTRACE_CALL_IO_URING_CONNECT;
	sample.event.fd = -1;
	assert_line(&sample, "connect pid=29664 tid=29963 comm=connection fd=-1 " PEER
			     "dest_is=asked local=127.0.0.1 lport=40000 "
			     "ret=-EINPROGRESS call=io_uring\n");
	sample.event.local_len = 0;
	assert_line(&sample, "connect pid=29664 tid=29963 comm=connection fd=-1 " PEER
			     "dest_is=asked local=- ret=-EINPROGRESS call=io_uring\n");
	sample = sample_of(SENDTRACE_RECORD_CONNECT, 0);
	sample_peer_unix(&sample, "/a", 2);
	sample.event.peer_pid = 9;
	assert_line(&sample,
		    "connect " CALLER "family=1 dest=localhost path=/a peer_pid=9 "
		    "local=localhost ret=0 call=connect\n");
	sample.local = named;
	sample.event.local_len = sizeof(named);
	assert_line(&sample,
		    "connect " CALLER "family=1 dest=localhost path=/a peer_pid=9 "
		    "local=localhost lpath=/b ret=0 call=connect\n");
}

static void a_shutdown_says_which_direction(void **state)
{
	static const struct {
		uint32_t flags;
		const char *shown;
	} hows[] = { { SHUT_RD, "rd" },		 { SHUT_WR, "wr" },
		     { SHUT_RDWR, "rdwr" },	 { 3, "3" },
		     { 4711, "4711" },		 { UINT32_MAX, "-1" },
		     { INT32_MAX, "2147483647" } };
	struct sample sample = sample_of(SENDTRACE_RECORD_SHUTDOWN, 0);
	char expected[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		sample.event.flags = hows[i].flags;
		snprintf(expected, sizeof(expected),
			 "shutdown " CALLER "how=%s " PEER "ret=0 call=shutdown\n",
			 hows[i].shown);
		assert_line(&sample, expected);
	}
	sample.event.flags = SHUT_WR;
	sample.event.ret = -ENOTCONN;
	sample.event.peer_len = 0;
	assert_line(&sample, "shutdown " CALLER
			     "how=wr family=2 dest=- ret=-ENOTCONN call=shutdown\n");
}

static void a_close_says_what_is_known_of_the_connection(void **state)
{
	struct sample sample = sample_of(SENDTRACE_RECORD_CLOSE, 0);

	(void)state;
	assert_line(&sample, "close " CALLER PEER
			     "ret=0 call=close seen=0.000 sent=0 received=0\n");
}

/* Those that fields_prepare() has made, and others. */
static void every_call_has_its_name(void **state)
{
	struct sample sample = sample_send(0, "", 0);
	char expected[300];
	uint16_t call;

	(void)state;
	for (call = 1; call < SENDTRACE_CALLS; call++) {
		sample.event.call = call;
		snprintf(expected, sizeof(expected),
			 CALLER "msg= len=0 flg=64 addr_len=0 " PEER "ret=0 call=%s\n",
			 sendtrace_call_name(call));
		assert_line(&sample, expected);
		assert_string_not_equal(sendtrace_call_name(call), "unknown");
	}
	sample.event.call = SENDTRACE_CALLS;
	assert_line(&sample,
		    CALLER "msg= len=0 flg=64 addr_len=0 " PEER "ret=0 call=39\n");
	sample.event.call = UINT16_MAX;
	assert_line(&sample,
		    CALLER "msg= len=0 flg=64 addr_len=0 " PEER "ret=0 call=65535\n");
}

static void assert_cmsg(struct sample *sample, const char *shown)
{
	char expected[300];

	snprintf(expected, sizeof(expected),
		 CALLER "msg= len=9 flg=64 addr_len=0 " PEER
			"ret=9 call=sendmsg%s cap=0 why=fault\n",
		 shown);
	assert_line(sample, expected);
}

static void ancillary_data_is_shown_by_kind_and_size(void **state)
{
	struct sample sample = sample_send(0, "", 0);

	(void)state;
	sample.event.len = sample.event.ret = 9;
	sample.event.why = SENDTRACE_WHY_FAULT;
	sample.event.call = SENDTRACE_CALL_SENDMSG;
	assert_cmsg(&sample, "");
	sample.event.nr_cmsgs = 1;
	sample.event.cmsgs[0] = (struct sendtrace_cmsg){ SOL_SOCKET, SCM_RIGHTS, 12 };
	assert_cmsg(&sample, " cmsg=SCM_RIGHTS:3");
	sample.event.nr_cmsgs = 2;
	sample.event.cmsgs[1] = (struct sendtrace_cmsg){ 17, 103, 2 };
	assert_cmsg(&sample, " cmsg=SCM_RIGHTS:3,UDP_SEGMENT:2");
	sample.event.nr_cmsgs = 5;
	assert_cmsg(&sample, " cmsg=SCM_RIGHTS:3,UDP_SEGMENT:2,+3");
	sample.event.nr_cmsgs = 1;
	sample.event.cmsgs[0] = (struct sendtrace_cmsg){ 4711, 65535, UINT32_MAX };
	assert_cmsg(&sample, " cmsg=4711/65535:4294967295");
}

#define kinds_case(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		kinds_case(what_is_received_has_a_source),
		kinds_case(sends_and_receives_of_one_socket_do_not_share_their_text),
		kinds_case(a_receive_that_failed_received_nothing_and_is_not_cut),
		kinds_case(what_was_not_copied_of_a_receive_says_why),
		kinds_case(a_connect_has_both_ends),
		kinds_case(a_shutdown_says_which_direction),
		kinds_case(a_close_says_what_is_known_of_the_connection),
		kinds_case(every_call_has_its_name),
		kinds_case(ancillary_data_is_shown_by_kind_and_size),
	};

	return run_all("format_kinds", tests);
}
