// SPDX-License-Identifier: GPL-2.0
/* One thing shown for every way of sending and receiving. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"

enum {
	/* What a handler copies where task work copies the rest, or would have to. */
	INLINE_MAX = 16384,
	PAGES_MAX = 65536,
};

size_t each_snap = 1 << 20;
struct ways each_ways;

/* ---- The ways ------------------------------------------------------------------------- */

/* Every value of enum sendtrace_call that carries bytes. */
static const char *const sends[] = { "sendto", "sendmsg",  "sendmmsg",	"write",
				     "writev", "pwritev2", "io_submit", "sendfile",
				     "splice", "io_uring", NULL };
static const char *const receives[] = { "recvfrom", "recvmsg", "recvmmsg",  "read",
					"readv",    "preadv2", "io_submit", "splice",
					"io_uring", NULL };

const struct way *each_next(const struct way *table, const struct way *way)
{
	for (way = way ? way + 1 : table; way->name; way++)
		if (way_exists(&each_ways, way))
			return way;
	return NULL;
}

const struct way *each_table(const char *direction)
{
	return strcmp(direction, "send") == 0 ? ways_to_send : ways_to_receive;
}

static bool has_way(const struct way *table, const char *call)
{
	for (const struct way *way = NULL; (way = each_next(table, way));)
		if (strcmp(way->call, call) == 0)
			return true;
	return false;
}

static void look_at_table(const struct way *table, const char *const *calls)
{
	for (const struct way *way = table; way->name; way++)
		if (!way_exists(&each_ways, way))
			fprintf(stderr, "%s is left out: this kernel does not have it\n",
				way->name);
	for (; *calls; calls++)
		if (!has_way(table, *calls))
			die("expected a way with call=%s", *calls);
}

void each_open(void)
{
	ways_open(&each_ways);
	look_at_table(ways_to_send, sends);
	look_at_table(ways_to_receive, receives);
}

/* ---- What is expected ----------------------------------------------------------------- */

size_t each_pages_max(void)
{
	return is_rt() ? INLINE_MAX : PAGES_MAX;
}

/* How much of a payload is copied of which nothing can be copied later. */
static size_t at_once_max(const struct way *way)
{
	/* Registered buffers are pages. */
	if (way->op == IORING_OP_WRITE_FIXED || way->op == IORING_OP_READ_FIXED)
		return each_pages_max();
	return INLINE_MAX;
}

/* How much is shown, and the reason if that is not all. */
static void cut(struct event *event, const struct each_call *call)
{
	const struct way *way = call->way;
	size_t want = (size_t)call->ret < each_snap ? (size_t)call->ret : each_snap;

	if (way->pages) {
		event->why = "not_copied";
	} else if (call->readable && way->op >= 0) {
		event->cap = call->readable;
		event->why = "fault";
	} else if (way->op >= 0 && want > at_once_max(way)) {
		event->cap = at_once_max(way);
		event->why = "async";
	} else if ((size_t)call->ret > each_snap) {
		event->cap = each_snap;
		event->why = "snaplen";
	}
}

/* As each_join() writes it. */
static void expect_pages(const struct each_call *call)
{
	struct sent caller = { 0 };

	expect_caller(&caller);
	printf("pid=%d tid=%d comm=%s fd=%d msg=", caller.pid, caller.tid, caller.comm,
	       call->fd);
	if (call->ret < 0)
		printf("[failed]");
	else
		printf("[%u: %ld bytes]", call->number, call->ret);
	printf(" addr_len=0");
	expect_where(&call->where, "dest");
	if (call->ret < 0)
		printf(" ret=-%s", expect_error_name(-call->ret));
	printf(" call=%s\n", call->way->call);
	fflush(stdout);
}

void each_expect(const struct each_call *call)
{
	struct event event = {
		.call = call->way->call,
		.fd = call->fd,
		.worker = call->way->worker,
		.received = call->received,
		.bytes = call->text,
		.len = call->len,
		.flags = call->way->flags,
		.addr_len = call->received ? each_ways.from_len : 0,
		.where = call->where,
		.ret = call->ret,
	};

	if (call->way->pages && !call->received) {
		expect_pages(call);
		return;
	}
	if (call->ret > 0)
		cut(&event, call);
	expect_event(&event);
}

/* ---- Calls ---------------------------------------------------------------------------- */

struct pair each_pair(const struct way *way, size_t room)
{
	struct pair pair = pair_of(way->inet_only ? PAIR_TCP4 : PAIR_UNIX_STREAM);
	int size = 2 * room + 65536, yes = 1;

	must(setsockopt(pair.near, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)),
	     "SO_SNDBUFFORCE");
	must(setsockopt(pair.far, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)),
	     "SO_SNDBUFFORCE");
	if (way->inet_only)
		must(setsockopt(pair.near, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)),
		     "SO_ZEROCOPY");
	return pair;
}

long each_make(struct each_call *call, char *bytes)
{
	call->ret =
		result_of(way_make(&each_ways, call->way, call->fd, bytes, call->len));
	return call->ret;
}

void each_receive(const struct way *way, int fd, unsigned int number, size_t len,
		  char *bytes)
{
	char *text = text_number(number, len);
	size_t total = 0;

	while (total < len) {
		struct each_call call = {
			.way = way,
			.received = true,
			.fd = fd,
			.where = to_peer(fd),
			.text = text + total,
			.number = number,
			.len = len - total,
		};

		if (!check(each_make(&call, bytes + total) > 0, "%s: bytes %zu to %zu",
			   way->name, total, len))
			break;
		each_expect(&call);
		total += call.ret;
	}
	check(memcmp(bytes, text, total) == 0, "%s: what arrived is what was sent",
	      way->name);
	free(text);
}

/* ---- Lengths -------------------------------------------------------------------------- */

struct taker {
	int fd;
	const struct each_call *call;
};

/* Meanwhile, because some calls end only when their bytes have arrived (SEND_ZC). */
static void *take(void *arg)
{
	const struct taker *taker = arg;

	must_arrive(taker->fd, taker->call->text, taker->call->len,
		    taker->call->way->name);
	return NULL;
}

static void send_len(const struct way *way, struct pair pair, unsigned int number,
		     size_t len)
{
	char *text = text_number(number, len);
	struct each_call call = {
		.way = way,
		.fd = pair.near,
		.where = to_peer(pair.near),
		.text = text,
		.number = number,
		.len = len,
	};
	struct taker taker = { pair.far, &call };
	pthread_t thread;

	pthread_create(&thread, NULL, take, &taker);
	check_equal(each_make(&call, text), len, "%s of %zu bytes", way->name, len);
	pthread_join(thread, NULL);
	each_expect(&call);
	free(text);
}

static void receive_len(const struct way *way, struct pair pair, unsigned int number,
			size_t len)
{
	char *text = text_number(number, len), *bytes = malloc(len);

	check_equal(write(pair.far, text, len), len, "sending %zu bytes", len);
	each_receive(way, pair.near, number, len, bytes);
	free(text);
	free(bytes);
}

/* DIRECTION SNAP LEN...: messages of these lengths by each way. */
static void lens(void)
{
	const struct way *table = each_table(case_args[0]);
	bool sending = table == ways_to_send;

	each_snap = strtoul(case_args[1], NULL, 10);
	each_open();
	for (const struct way *way = NULL; (way = each_next(table, way));) {
		struct pair pair = each_pair(way, WAYS_MOST);

		for (unsigned int i = 0; case_args[2 + i]; i++) {
			size_t len = strtoul(case_args[2 + i], NULL, 10);

			if (sending)
				send_len(way, pair, i, len);
			else
				receive_len(way, pair, i, len);
		}
		close(pair.near);
		close(pair.far);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "lens", lens },
		{ "absent", each_absent },
		{ "lost", each_lost },
		{ "order", each_order },
		{ "join", each_join },
		{ "failed", each_failed },
		{},
	};

	signal(SIGPIPE, SIG_IGN);
	return run_cases(argc, argv, cases);
}
