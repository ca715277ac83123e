// SPDX-License-Identifier: GPL-2.0
/* One case for each way of receiving, on sockets of every kind. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	CASES_MAX = 64,
	ROOM = 8192,
	LONG = 60000,
	PIECES_MAX = 1024,
};

static const struct way *chosen;
static struct ways ways;

static void need_way(const struct way *way)
{
	ways_open(&ways);
	if (!way_exists(&ways, way))
		skip("this kernel's io_uring does not have what %s needs", way->name);
}

static struct event event_of(const struct way *way, int fd, const char *got, size_t room)
{
	return (struct event){
		.call = way->call,
		.fd = fd,
		.worker = way->worker,
		.received = true,
		.bytes = got,
		.len = room,
		.flags = way->flags,
		.where = to_peer(fd),
	};
}

/* What is spliced is nowhere that could be read. */
static void expect_length_only(struct event *event)
{
	event->cap = 0;
	event->why = "not_copied";
}

static void receive_and_expect(const struct way *way, struct pair pair,
			       unsigned int number, size_t len, size_t room)
{
	char *text = text_number(number, len), *got = calloc(1, room);
	struct event event = event_of(way, pair.near, got, room);

	check_equal(write(pair.far, text, len), len, "sending from the far end");
	event.ret = result_of(way_make(&ways, way, pair.near, got, room));
	check_equal(event.ret, len, "%s of %zu bytes", way->name, len);
	check(memcmp(got, text, len) == 0, "%s: what arrived is what was sent",
	      way->name);
	event.addr_len = ways.from_len;
	if (way->pages)
		expect_length_only(&event);
	expect_event(&event);
	free(text);
	free(got);
}

static void one_way(void)
{
	static const size_t lens[] = { 40, 3000, 1, 4096 };
	unsigned int number = 0;

	need_way(chosen);
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair = pair_of(kind);

		for (size_t i = 0; i < COUNT_OF(lens); i++)
			receive_and_expect(chosen, pair, number++, lens[i], ROOM);
	}
}

/* Longer than what is copied inline: shown whole, from all pieces of memory. */
static void long_whole(void)
{
	ways_open(&ways);
	for (const struct way *way = ways_to_receive; way->name; way++)
		if (!way->pages && way->op < 0)
			receive_and_expect(way, pair_of(PAIR_UNIX_STREAM), 1, LONG, LONG);
}

/* ---- Pieces -------------------------------------------------------------------------- */

static void into_pieces(enum pair_kind kind, size_t number, bool readv_too)
{
	static char bytes[8 * PIECES_MAX];
	static struct iovec iov[PIECES_MAX];
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = number };
	struct pair pair = pair_of(kind);
	struct event event = {
		.call = readv_too ? "readv" : "recvmsg",
		.fd = pair.near,
		.received = true,
		.where = to_peer(pair.near),
	};
	char *text;

	for (size_t i = 0; i < number; i++) {
		size_t len = i % 5 == 3 ? 0 : 1 + i % 7;

		iov[i] = (struct iovec){ bytes + sizeof(bytes) - 8 * (i + 1), len };
		event.len += len;
	}
	text = text_number(number, event.len);
	event.bytes = text;
	check_equal(write(pair.far, text, event.len), event.len, "sending");
	event.ret = result_of(readv_too ? readv(pair.near, iov, number) :
					  recvmsg(pair.near, &message, 0));
	check_equal(event.ret, event.len, "a receive into %zu pieces", number);
	expect_event(&event);
	free(text);
}

static void pieces(void)
{
	static const size_t numbers[] = { 1, 2, 8, 9, 1024 };

	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(numbers); i++) {
			into_pieces(kind, numbers[i], false);
			into_pieces(kind, numbers[i], true);
		}
}

/* ---- recvmmsg ------------------------------------------------------------------------ */

enum {
	MESSAGES = 6,
	ASKED = 8,
};

/* Each message is an event; the attempt to get a seventh one would block, and is none. */
static void messages_on(enum pair_kind kind)
{
	struct pair pair = pair_of(kind);
	static char got[ASKED][256];
	struct mmsghdr messages[ASKED] = { 0 };
	struct iovec iov[ASKED];

	for (int i = 0; i < ASKED; i++) {
		iov[i] = (struct iovec){ got[i], sizeof(got[i]) };
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (int i = 0; i < MESSAGES; i++) {
		char *text = text_number(i, 100 + i);

		must(write(pair.far, text, 100 + i), "sending");
		free(text);
	}
	check_equal(recvmmsg(pair.near, messages, ASKED, MSG_WAITFORONE, NULL), MESSAGES,
		    "messages received");
	for (int i = 0; i < MESSAGES; i++) {
		struct event event = {
			.call = "recvmmsg",
			.fd = pair.near,
			.received = true,
			.bytes = got[i],
			.len = sizeof(got[i]),
			.flags = MSG_WAITFORONE,
			.where = to_peer(pair.near),
			.ret = 100 + i,
		};

		/* A record of its own ends each message of a SOCK_SEQPACKET. */
		if (kind == PAIR_UNIX_SEQPACKET)
			event.flags |= messages[i].msg_hdr.msg_flags & MSG_EOR;
		expect_event(&event);
	}
}

static void messages(void)
{
	messages_on(PAIR_UDP4);
	messages_on(PAIR_UDP6);
	messages_on(PAIR_UNIX_DGRAM);
	messages_on(PAIR_UNIX_SEQPACKET);
}

/* The names of the ways are cases. */
int main(int argc, char **argv)
{
	struct test_case cases[CASES_MAX] = {
		{ "long_whole", long_whole },
		{ "pieces", pieces },
		{ "messages", messages },
	};
	size_t number = 3;

	for (const struct way *way = ways_to_receive; way->name; way++) {
		cases[number++] = (struct test_case){ way->name, one_way };
		if (argc > 1 && strcmp(way->name, argv[1]) == 0)
			chosen = way;
	}
	return run_cases(argc, argv, cases);
}
