// SPDX-License-Identifier: GPL-2.0
/* One case for each way of sending, on sockets of every kind. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"
#include "whole_sum.h"

enum {
	CASES_MAX = 64,
	/* More than is copied inline, and less than a socket holds. */
	LONG = 60000,
	INLINE_MAX = 16384,
	AT_ONCE_MAX = 65536,
};

static const struct way *chosen;
static struct ways ways;

/* Ways that need more than a connected socket cannot be had on all kinds. */
static bool suits(const struct way *way, enum pair_kind kind)
{
	return !way->inet_only || pair_is_inet(kind);
}

static void prepare_socket(int fd, const struct way *way)
{
	int yes = 1;

	if (way->flags & MSG_ZEROCOPY)
		must(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)),
		     "SO_ZEROCOPY");
}

static void need_way(const struct way *way)
{
	ways_open(&ways);
	if (!way_exists(&ways, way))
		skip("this kernel's io_uring does not have what %s needs", way->name);
}

static struct event event_of(const struct way *way, int fd, const char *text, size_t len)
{
	return (struct event){
		.call = way->call,
		.fd = fd,
		.worker = way->worker,
		.bytes = text,
		.len = len,
		.flags = way->flags,
		.where = to_peer(fd),
	};
}

static void send_and_expect(const struct way *way, struct pair pair, unsigned int number,
			    size_t len)
{
	char *text = text_number(number, len);
	struct event event = event_of(way, pair.near, text, len);

	event.ret = result_of(way_make(&ways, way, pair.near, text, len));
	check_equal(event.ret, len, "%s of %zu bytes", way->name, len);
	must_arrive(pair.far, text, len, way->name);
	expect_event(&event);
	free(text);
}

/* Short, then as long as may be copied inline; twice, since calls may take another path then. */
static void one_way(void)
{
	static const size_t lens[] = { 40, 3000, 1, 4096 };
	unsigned int number = 0;

	need_way(chosen);
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair;

		if (!suits(chosen, kind))
			continue;
		pair = pair_of(kind);
		prepare_socket(pair.near, chosen);
		for (size_t i = 0; i < COUNT_OF(lens); i++)
			send_and_expect(chosen, pair, number++, lens[i]);
		take_notifications(pair.near);
	}
}

/* ---- Pages --------------------------------------------------------------------------- */

/*
 * How many pieces the kernel makes is its own affair: ways_join joins those of a socket, and
 * replaces them by their sum.
 */
static void expect_joined(const struct way *way, int fd, struct where where,
			  const char *bytes, size_t len)
{
	struct sent caller = { 0 };
	char text[SUM_TEXT];

	expect_caller(&caller);
	sum_text(text, bytes, len);
	printf("pid=%d tid=%d comm=%s fd=%d msg=%s addr_len=0", caller.pid, caller.tid,
	       caller.comm, fd, text);
	expect_where(&where, "dest");
	printf(" call=%s\n", way->call);
	fflush(stdout);
}

static void send_pages(const struct way *way, enum pair_kind kind, const size_t *lens,
		       size_t number)
{
	struct pair pair = pair_of(kind);
	size_t total = 0;
	char *all = NULL;

	for (size_t i = 0; i < number; i++) {
		char *text = text_number(i, lens[i]);

		check_equal(way_make(&ways, way, pair.near, text, lens[i]), lens[i],
			    "%s of %zu bytes", way->name, lens[i]);
		must_arrive(pair.far, text, lens[i], way->name);
		all = realloc(all, total + lens[i]);
		memcpy(all + total, text, lens[i]);
		total += lens[i];
		free(text);
	}
	/* On RT its name would be read later, but by then the pages are gone. */
	expect_joined(way, pair.near,
		      kind == PAIR_UNIX_DGRAM && is_rt() ? to_nowhere(AF_UNIX) :
							   to_peer(pair.near),
		      all, total);
	free(all);
}

/*
 * A datagram is one page at most: of more the kernel makes several, as it likes. On RT only 16 KiB
 * of a piece are copied.
 */
static void pages(void)
{
	const size_t lens[] = { 40, 3000, 1, 4096, is_rt() ? 12000 : 50000 };

	need_way(chosen);
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++)
		send_pages(chosen, kind, lens, pair_is_stream(kind) ? COUNT_OF(lens) : 1);
}

/* ---- Long ---------------------------------------------------------------------------- */

/* Without late copying a parameter is the bound, up to what interrupts may wait for. */
static size_t parameter_inline_max(void)
{
	FILE *file = fopen("/sys/module/sendtrace/parameters/inline_max", "r");
	size_t most;

	if (!file || fscanf(file, "%zu", &most) != 1)
		die("reading inline_max");
	fclose(file);
	return most < AT_ONCE_MAX ? most : AT_ONCE_MAX;
}

/* How much of a payload is copied before the call returns. */
static size_t inline_max(const struct way *way)
{
	const char *late = getenv("LATE");

	/* Registered buffers are pages. */
	if (way->op == IORING_OP_WRITE_FIXED)
		return is_rt() ? INLINE_MAX : AT_ONCE_MAX;
	return late && *late == '1' ? INLINE_MAX : parameter_inline_max();
}

/* The buffer belongs to the caller again before more could be copied. */
static void long_of_ring(const struct way *way)
{
	struct pair pair = pair_of(way->inet_only ? PAIR_TCP4 : PAIR_UNIX_STREAM);
	char *text = text_number(1, LONG);
	struct event event = event_of(way, pair.near, text, LONG);
	size_t most = inline_max(way);

	event.ret = result_of(way_make(&ways, way, pair.near, text, LONG));
	check(event.ret > 0, "%s of %d bytes: it sent something", way->name, LONG);
	must_arrive(pair.far, text, event.ret, way->name);
	if (most < (size_t)event.ret) {
		event.cap = most;
		event.why = "async";
	}
	expect_event(&event);
	free(text);
}

static void each_long(bool rings)
{
	ways_open(&ways);
	for (const struct way *way = ways_to_send; way->name; way++) {
		struct pair pair;

		if (way->pages || (way->op >= 0) != rings || !way_exists(&ways, way))
			continue;
		if (rings) {
			long_of_ring(way);
			continue;
		}
		pair = pair_of(way->inet_only ? PAIR_TCP4 : PAIR_UNIX_STREAM);
		prepare_socket(pair.near, way);
		send_and_expect(way, pair, 1, LONG);
	}
}

static void long_whole(void)
{
	each_long(false);
}

static void long_ring(void)
{
	each_long(true);
}

/* The names of the ways are cases. */
int main(int argc, char **argv)
{
	struct test_case cases[CASES_MAX] = {
		{ "long_whole", long_whole },
		{ "long_ring", long_ring },
	};
	size_t number = 2;

	for (const struct way *way = ways_to_send; way->name; way++) {
		cases[number++] =
			(struct test_case){ way->name, way->pages ? pages : one_way };
		if (argc > 1 && strcmp(way->name, argv[1]) == 0)
			chosen = way;
	}
	return run_cases(argc, argv, cases);
}
