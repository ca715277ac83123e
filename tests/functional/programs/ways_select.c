// SPDX-License-Identifier: GPL-2.0
/* One message through every way; only the chosen ones are expected to be shown. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	LEN = 40,
};

static struct ways ways;

/* Is @call one of the arguments? "send" and "recv" stand for all of one table. */
static bool chosen(const char *call, bool received)
{
	for (char **arg = case_args; *arg; arg++)
		if (strcmp(*arg, call) == 0 ||
		    strcmp(*arg, received ? "recv" : "send") == 0)
			return true;
	return false;
}

/* A call on @fd, and its line if it is one of the chosen. */
static void make(const struct way *way, int fd, bool received)
{
	char *text = text_number(1, LEN), got[LEN];
	struct event event = {
		.call = way->call,
		.fd = fd,
		.received = received,
		.bytes = text,
		.len = LEN,
		.flags = way->flags,
		.where = to_peer(fd),
	};

	event.ret = result_of(way_make(&ways, way, fd, received ? got : text, LEN));
	check_equal(event.ret, LEN, "%s", way->name);
	if (chosen(way->call, received))
		expect_event(&event);
	free(text);
}

static bool is_simple(const struct way *way)
{
	return !way->pages && !way->worker && !way->flags && way_exists(&ways, way);
}

/* CALL...: those that are expected. */
static void only(void)
{
	struct pair pair = pair_of(PAIR_TCP4);

	ways_open(&ways);
	for (const struct way *way = ways_to_send; way->name; way++)
		if (is_simple(way))
			make(way, pair.near, false);
	pair = pair_of(PAIR_TCP4);
	for (const struct way *way = ways_to_receive; way->name; way++)
		if (is_simple(way)) {
			make(way_named(ways_to_send, "send"), pair.far, false);
			make(way, pair.near, true);
		}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = { { "only", only }, {} };

	return run_cases(argc, argv, cases);
}
