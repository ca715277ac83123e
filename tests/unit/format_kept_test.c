// SPDX-License-Identifier: GPL-2.0
/*
 * Lines whose text is kept and used again: every change from one event to the next shows in
 * the line. The expected line is written by printf().
 */
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sample_line.h"

enum {
	STEPS = 60000,
	LINE = 4096,
};

static struct text *text;

static uint32_t random_state = 1;

static uint32_t random_number(uint32_t limit)
{
	return test_random(&random_state) % limit;
}

/* ---- Values that change ------------------------------------------------------------ */

/**
 * struct peer - an address and its text in a line
 * @family: of the socket
 * @size: bytes of @bytes
 * @shown: what follows "family="
 */
struct peer {
	uint16_t family;
	uint16_t size;
	unsigned char bytes[112];
	const char *shown;
};

#define IPV4(size, a, port, zero, shown)                                          \
	{                                                                         \
		AF_INET, size, { AF_INET, 0, 0, port, 192, 0, 2, a, zero }, shown \
	}
#define IPV6(size, a, scope, shown)                                                       \
	{                                                                                 \
		AF_INET6, size,                                                           \
			{ AF_INET6, 0, 1, 0, [8] = 0x20, 1, [23] = (a), [24] = (scope) }, \
			shown                                                             \
	}
#define UNIX(size, path, shown)                            \
	{                                                  \
		AF_UNIX, size, { AF_UNIX, 0, path }, shown \
	}

static const struct peer peers[] = {
	IPV4(16, 1, 1, 0, "2 dest=192.0.2.1 port=1"),
	IPV4(16, 1, 2, 0, "2 dest=192.0.2.1 port=2"),
	IPV4(16, 2, 1, 0, "2 dest=192.0.2.2 port=1"),
	IPV4(16, 2, 1, 9, "2 dest=192.0.2.2 port=1"),
	IPV4(8, 1, 1, 0, "2 dest=192.0.2.1 port=1"),
	IPV4(7, 1, 1, 0, "2 dest=-"),
	IPV4(0, 0, 0, 0, "2 dest=-"),
	IPV6(28, 1, 0, "10 dest=2001::1 port=256"),
	IPV6(28, 2, 0, "10 dest=2001::2 port=256"),
	IPV6(28, 2, 7, "10 dest=2001::2 port=256"),
	IPV6(24, 1, 0, "10 dest=2001::1 port=256"),
	IPV6(23, 1, 0, "10 dest=-"),
	{ AF_INET6, 16, { AF_INET, 0, 0, 1, 192, 0, 2, 1 }, "10 dest=192.0.2.1 port=1" },
	{ AF_INET, 28, { AF_INET6, 0, 1, 0, [23] = 1 }, "2 dest=::1 port=256" },
	{ AF_NETLINK, 12, { AF_NETLINK }, "16 dest=-" },
	UNIX(2, 0, "1 dest=localhost"),
	UNIX(0, 0, "1 dest=localhost"),
	{ AF_UNIX, 4, { AF_UNIX, 0, '/', 'a' }, "1 dest=localhost path=/a" },
	{ AF_UNIX, 4, { AF_UNIX, 0, '/', 'b' }, "1 dest=localhost path=/b" },
	{ AF_UNIX, 4, { AF_UNIX, 0, 0, 'b' }, "1 dest=localhost path=@b" },
	{ AF_UNIX, 5, { AF_UNIX, 0, '/', 'b' }, "1 dest=localhost path=/b" },
	/* These differ only in the first bytes, or only in the last. */
	{ AF_INET6,
	  28,
	  { AF_INET6, 0, 2, 0, [8] = 0x20, 1, [23] = 1 },
	  "10 dest=2001::1 port=512" },
	{ AF_INET6,
	  28,
	  { AF_INET6, 0, 1, 0, [8] = 0x20, 2, [23] = 1 },
	  "10 dest=2002::1 port=256" },
	/* Longer ones that differ in the middle. */
	{ AF_UNIX, 40, { AF_UNIX, 0, [2 ... 39] = 'k' }, NULL },
	{ AF_UNIX, 40, { AF_UNIX, 0, [2 ... 19] = 'k', 'l', [21 ... 39] = 'k' }, NULL },
	/* Of the same length, but the text of one is too long to be kept. */
	{ AF_UNIX, 32, { AF_UNIX, 0, [2 ... 31] = 'k' }, NULL },
	{ AF_UNIX, 32, { AF_UNIX, 0, [2 ... 31] = 1 }, NULL },
	/* The text, or the address itself, is too long to be kept. */
	{ AF_UNIX, 65, { AF_UNIX, 0, [2 ... 64] = 'k' }, NULL },
	{ AF_UNIX, 64, { AF_UNIX, 0, [2 ... 63] = 'k' }, NULL },
	{ AF_UNIX, 64, { AF_UNIX, 0, [2 ... 62] = 'k', 'l' }, NULL },
	{ AF_UNIX, 110, { AF_UNIX, 0, [2 ... 109] = 'k' }, NULL },
	{ AF_UNIX, 110, { AF_UNIX, 0, [2 ... 108] = 'k', 'l' }, NULL },
};

static const char comms[][SENDTRACE_COMM_LEN] = {
	"connection",
	"connectiom",
	"a",
	"",
	{ 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z',
	  'z' },
	{ 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z',
	  'y' },
	"\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1",
	/* Bytes behind the end are not shown. */
	{ 'a', 0, 'x' },
};

/* Descriptors that are 64 apart share a place. */
static const uint32_t tids[] = { 1, 65, 29963, 29963 + 64, 29964, UINT32_MAX };
static const int32_t fds[] = { 3, 67, 35, 35 - 31, 0, -1, INT32_MIN };
static const uint32_t numbers[] = { 0, 64, 999, 1000, 16384, UINT32_MAX };
static const int32_t lengths[] = { 0, 16, 28, -1, INT32_MIN };
static const uint32_t doubts[] = { 0, SENDTRACE_EVENT_PEER_FROM_CALL,
				   SENDTRACE_EVENT_PEER_LATE, SENDTRACE_EVENT_PEER_ASKED,
				   SENDTRACE_EVENT_PEER_INIT_NET };
static const uint16_t types[] = { SENDTRACE_RECORD_SEND, SENDTRACE_RECORD_SEND,
				  SENDTRACE_RECORD_RECV, SENDTRACE_RECORD_RECV,
				  SENDTRACE_RECORD_ACCEPT };
static const uint16_t calls[] = { SENDTRACE_CALL_SENDTO, SENDTRACE_CALL_IO_URING_RECV,
				  SENDTRACE_CALL_UNKNOWN, SENDTRACE_CALLS, UINT16_MAX };
static const uint16_t cmsgs[] = { 0, 0, 1, 2, 3, UINT16_MAX };
static const int64_t results[] = { 5, -EPIPE, 4 };

#define ONE_OF(values) (values[random_number(sizeof(values) / sizeof(values[0]))])

struct step {
	struct sample sample;
	const struct peer *peer;
};

static void change_peer(struct step *step)
{
	step->peer = &peers[random_number(sizeof(peers) / sizeof(peers[0]))];
	step->sample.peer = step->peer->bytes;
	step->sample.event.peer_len = step->peer->size;
	step->sample.event.family = step->peer->family;
}

static void change_caller(struct sendtrace_event *event)
{
	switch (random_number(4)) {
	case 0:
		event->pid = ONE_OF(numbers);
		break;
	case 1:
		event->tid = ONE_OF(tids);
		break;
	case 2:
		event->fd = ONE_OF(fds);
		break;
	default:
		memcpy(event->comm, ONE_OF(comms), sizeof(event->comm));
	}
}

static void change_call(struct sendtrace_event *event)
{
	switch (random_number(8)) {
	case 6:
		event->nr_cmsgs = ONE_OF(cmsgs);
		break;
	case 5:
		event->call = ONE_OF(calls);
		break;
	case 4:
		event->event_flags = ONE_OF(doubts);
		break;
	case 0:
		event->flags = ONE_OF(numbers);
		break;
	case 1:
		event->addr_len = ONE_OF(lengths);
		break;
	case 2:
		event->peer_pid = ONE_OF(numbers);
		break;
	case 3:
		event->ret = ONE_OF(results);
		break;
	default:
		event->rec.type = ONE_OF(types);
	}
}

/* Changes one thing at a time, and sometimes nothing. */
static void change(struct step *step)
{
	switch (random_number(4)) {
	case 0:
		change_peer(step);
		break;
	case 1:
		change_caller(&step->sample.event);
		break;
	case 2:
		change_call(&step->sample.event);
		break;
	default:
		break;
	}
	step->sample.event.cap_len = step->sample.event.ret == 4 ? 4 : 5;
	/* A receive that failed has received nothing. */
	if (step->sample.event.rec.type == SENDTRACE_RECORD_RECV &&
	    step->sample.event.ret < 0)
		step->sample.event.cap_len = 0;
}

/* ---- The expected line ----------------------------------------------------------- */

static char *print_bytes(char *to, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;

	for (; size > 0 && *from; size--, from++)
		to += sprintf(to, *from < ' ' ? "\\x%02x" : "%c", *from);
	return to;
}

static char *print_dest(char *to, const struct step *step)
{
	const struct sendtrace_event *event = &step->sample.event;

	if (step->peer->shown) {
		to += sprintf(to, " family=%s", step->peer->shown);
	} else {
		to += sprintf(to, " family=1 dest=localhost path=");
		to = print_bytes(to, step->peer->bytes + 2, step->peer->size - 2);
	}
	if (event->family == AF_UNIX && event->peer_pid)
		to += sprintf(to, " peer_pid=%u", event->peer_pid);
	if (step->peer->shown && strstr(step->peer->shown, "dest=-"))
		return to;
	if (event->event_flags & SENDTRACE_EVENT_PEER_LATE)
		to += sprintf(to, " dest_is=late");
	if (event->event_flags & SENDTRACE_EVENT_PEER_ASKED)
		to += sprintf(to, " dest_is=asked");
	return to;
}

/* The keys of what was received: dest= is the first of its kind in a line. */
static void make_source(char *line)
{
	char *at = strstr(line, " dest="), *doubt;

	memmove(at + 4, at + 5, strlen(at + 5) + 1);
	memcpy(at, " src", 4);
	doubt = strstr(at, " dest_is=");
	if (doubt) {
		memmove(doubt + 4, doubt + 5, strlen(doubt + 5) + 1);
		memcpy(doubt, " src", 4);
	}
}

static char *print_call(char *to, const struct sendtrace_event *event)
{
	switch (event->call) {
	case SENDTRACE_CALL_SENDTO:
		to += sprintf(to, " call=sendto");
		break;
	case SENDTRACE_CALL_IO_URING_RECV:
		to += sprintf(to, " call=io_uring");
		break;
	case SENDTRACE_CALL_UNKNOWN:
		to += sprintf(to, " call=unknown");
		break;
	default:
		to += sprintf(to, " call=%u", event->call);
	}
	if (event->nr_cmsgs)
		to += sprintf(to, " cmsg=0/0:0%s", event->nr_cmsgs > 1 ? ",0/0:0" : "");
	if (event->nr_cmsgs > 2)
		to += sprintf(to, ",+%d", event->nr_cmsgs - 2);
	return to;
}

static void print_line(char *to, const struct step *step)
{
	const struct sendtrace_event *event = &step->sample.event;
	bool is_accept = event->rec.type == SENDTRACE_RECORD_ACCEPT;
	char *line = to;

	to += sprintf(to, "%spid=%u tid=%u comm=", is_accept ? "accept " : "", event->pid,
		      event->tid);
	to = print_bytes(to, event->comm, sizeof(event->comm));
	to += sprintf(to, " fd=%d", event->fd);
	if (!is_accept)
		to += sprintf(to, " msg=%.*s len=5 flg=%u addr_len=%d", event->cap_len,
			      "hello", event->flags, event->addr_len);
	else if (event->ret >= 0)
		to += sprintf(to, " newfd=%d", (int)event->ret);
	else
		to += sprintf(to, " newfd=-");
	to = print_dest(to, step);
	if (event->ret >= 0)
		to += sprintf(to, " ret=%d", (int)event->ret);
	else
		to += sprintf(to, " ret=-EPIPE");
	strcpy(print_call(to, event), "\n");
	if (event->rec.type == SENDTRACE_RECORD_RECV)
		make_source(line);
}

static void assert_line(const struct step *step)
{
	char expected[LINE];

	sample_line(text, &step->sample);
	print_line(expected, step);
	text->out.buffer[text->out.used] = '\0';
	assert_string_equal(text->out.buffer, expected);
	text->out.used = 0;
}

/* ---- Cases ---------------------------------------------------------------------- */

static struct step first_step(void)
{
	struct step step = { .sample = sample_send(0, "hello", 5), .peer = &peers[0] };

	step.sample.peer = step.peer->bytes;
	step.sample.event.peer_len = step.peer->size;
	return step;
}

static void every_change_from_line_to_line_is_seen(void **state)
{
	struct step step = first_step();
	unsigned int i;

	(void)state;
	for (i = 0; i < STEPS; i++) {
		assert_line(&step);
		change(&step);
	}
}

/* There and back again. */
static void each_single_change_is_seen(void **state)
{
	struct step step = first_step(), other;
	unsigned int i;

	(void)state;
	for (i = 0; i < STEPS / 10; i++) {
		other = step;
		change(&other);
		assert_line(&step);
		assert_line(&step);
		assert_line(&other);
		assert_line(&other);
		assert_line(&step);
		step = other;
	}
}

/* Nothing is kept yet: an event of zeros must not match the empty places. */
static void an_event_that_is_all_zero_is_shown(void **state)
{
	static const struct peer none = { .shown = "0 dest=-" };
	struct step step = { .sample = sample_send(0, "hello", 5), .peer = &none };

	(void)state;
	step.sample.event = (struct sendtrace_event){
		.rec.type = SENDTRACE_RECORD_SEND, .len = 5, .ret = 5, .cap_len = 5
	};
	assert_line(&step);
	assert_line(&step);
}

static int keep_nothing(void **state)
{
	(void)state;
	sample_text_reset(&text, -1);
	return 0;
}

#define kept_case(function) cmocka_unit_test_setup(function, keep_nothing)

int main(void)
{
	const struct CMUnitTest tests[] = {
		kept_case(an_event_that_is_all_zero_is_shown),
		kept_case(every_change_from_line_to_line_is_seen),
		kept_case(each_single_change_is_seen),
	};

	return run_all("format_kept", tests);
}
