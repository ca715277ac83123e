// SPDX-License-Identifier: GPL-2.0
/* One thread sends and receives by all ways in rotation: its lines are in its order. */
#include <linux/aio_abi.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"

enum {
	MOST = 40000,
	/* Messages of one call. */
	SEVERAL = 4,
};

/* What a thread of the kernel does has no place in the order. */
static const struct way *next_of(const struct way *table, const struct way *way)
{
	do {
		way = each_next(table, way);
		if (!way)
			way = each_next(table, NULL);
	} while (way->worker);
	return way;
}

/* Some are copied inline, some by task work. */
static size_t len_of(unsigned int number)
{
	static const size_t lens[] = { 60, 20000, 300, 7, MOST, 16384, 90 };

	return lens[number % COUNT_OF(lens)];
}

static void send_number(const struct way *way, int fd, unsigned int number)
{
	char *text = text_number(number, len_of(number));
	struct each_call call = {
		.way = way,
		.fd = fd,
		.where = to_peer(fd),
		.text = text,
		.number = number,
		.len = len_of(number),
	};

	check_equal(each_make(&call, text), call.len, "message %u by %s", number,
		    way->name);
	each_expect(&call);
	take_notifications(fd);
	free(text);
}

/* ---- Several messages in one call ----------------------------------------------------- */

static const size_t several_lens[SEVERAL] = { 30000, 50, 20000, 8 };

static void expect_several(const char *call, int fd, bool received, char *const *texts)
{
	for (int i = 0; i < SEVERAL; i++) {
		struct event event = {
			.call = call,
			.fd = fd,
			.received = received,
			.bytes = texts[i],
			.len = several_lens[i],
			.where = to_peer(fd),
			.ret = several_lens[i],
		};

		expect_event(&event);
	}
}

static void messages(int fd, bool received, char *const *bytes)
{
	struct mmsghdr message[SEVERAL] = { 0 };
	struct iovec iov[SEVERAL];

	for (int i = 0; i < SEVERAL; i++) {
		iov[i] = (struct iovec){ bytes[i], several_lens[i] };
		message[i].msg_hdr.msg_iov = &iov[i];
		message[i].msg_hdr.msg_iovlen = 1;
	}
	check_equal(received ? recvmmsg(fd, message, SEVERAL, 0, NULL) :
			       sendmmsg(fd, message, SEVERAL, 0),
		    SEVERAL, "messages of one call");
}

static void requests(int fd, bool received, char *const *bytes)
{
	struct iocb request[SEVERAL], *list[SEVERAL];
	struct io_event ended[SEVERAL];

	for (int i = 0; i < SEVERAL; i++) {
		request[i] = (struct iocb){
			.aio_lio_opcode = received ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE,
			.aio_fildes = fd,
			.aio_buf = (uintptr_t)bytes[i],
			.aio_nbytes = several_lens[i],
		};
		list[i] = &request[i];
	}
	check_equal(syscall(SYS_io_submit, each_ways.aio, SEVERAL, list), SEVERAL,
		    "requests of one call");
	check_equal(syscall(SYS_io_getevents, each_ways.aio, SEVERAL, SEVERAL, ended,
			    NULL),
		    SEVERAL, "requests that have ended");
}

static void several(struct pair pair)
{
	char *texts[SEVERAL], *got[SEVERAL];

	for (int i = 0; i < SEVERAL; i++) {
		texts[i] = text_number(1000 + i, several_lens[i]);
		got[i] = malloc(several_lens[i]);
	}
	messages(pair.near, false, texts);
	expect_several("sendmmsg", pair.near, false, texts);
	messages(pair.far, true, got);
	expect_several("recvmmsg", pair.far, true, texts);
	requests(pair.near, false, texts);
	expect_several("io_submit", pair.near, false, texts);
	requests(pair.far, true, got);
	expect_several("io_submit", pair.far, true, texts);
	for (int i = 0; i < SEVERAL; i++) {
		check(memcmp(got[i], texts[i], several_lens[i]) == 0, "message %d", i);
		free(texts[i]);
		free(got[i]);
	}
}

/* NUMBER messages, each of them sent and received. */
void each_order(void)
{
	unsigned int number = atoi(case_args[0]);
	const struct way *out = NULL, *in = NULL;
	struct pair tcp, local;
	char *bytes = malloc(MOST);

	each_open();
	tcp = each_pair(way_named(ways_to_send, "zerocopy"), MOST);
	local = each_pair(way_named(ways_to_send, "send"), 4 * MOST);
	for (unsigned int i = 0; i < number; i++) {
		struct pair pair;

		out = next_of(ways_to_send, out);
		in = next_of(ways_to_receive, in);
		pair = out->inet_only || i % 3 == 0 ? tcp : local;
		send_number(out, pair.near, i);
		each_receive(in, pair.far, i, len_of(i), bytes);
	}
	for (int i = 0; i < 3; i++)
		several(local);
	free(bytes);
}
