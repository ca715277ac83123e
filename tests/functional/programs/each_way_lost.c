// SPDX-License-Identifier: GPL-2.0
/*
 * A small ring that nobody reads, flooded by each way in turn: every call is captured or lost, the
 * losses are told by LOST records, and what is shown is what was sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"
#include "tracer.h"

enum {
	RING_SIZE = 65536,
	CALLS = 150,
	OTHERS = 7,
	/* Longer than what is copied inline: task work copies it, or it is cut. */
	LONG = 20000,
	INLINE_MAX = 16384,
};

/* ---- The flood ------------------------------------------------------------------------ */

struct flood {
	const struct way *way;
	bool received;
	int calls;
};

/* Pages come in pieces if they are long, and these would be several calls. */
static size_t len_of(const struct way *way, unsigned int number)
{
	if (number % 9 == 4 && !way->pages)
		return LONG + number % 100;
	return 40 + number * 7 % 900;
}

/* At the beginning of a page: then a page's bytes are one piece. */
static char *page_with(const char *text, size_t len)
{
	char *bytes = aligned_alloc(4096, 2 * LONG / 4096 * 4096);

	memcpy(bytes, text, len);
	return bytes;
}

/* Each message goes through one call of the way, and one that is not traced. */
static void pass(const struct flood *flood, struct pair pair, unsigned int number)
{
	size_t len = len_of(flood->way, number);
	char *text = text_number(number, len), *got = page_with(text, len);

	if (flood->received) {
		memset(got, 0, len);
		check_equal(write(pair.far, text, len), len, "sending");
		check_equal(way_make(&each_ways, flood->way, pair.near, got, len), len,
			    "%s", flood->way->name);
	} else {
		check_equal(way_make(&each_ways, flood->way, pair.near, got, len), len,
			    "%s", flood->way->name);
		must_arrive(pair.far, text, len, flood->way->name);
	}
	free(text);
	free(got);
}

static void run_flood(const struct flood *flood)
{
	struct pair pair = each_pair(flood->way, 4 * LONG);

	for (int i = 0; i < flood->calls; i++)
		pass(flood, pair, i);
	close(pair.near);
	close(pair.far);
}

static void each_of(struct flood *flood, void (*fn)(const struct flood *flood))
{
	flood->received = false;
	for (flood->way = NULL; (flood->way = each_next(ways_to_send, flood->way));)
		fn(flood);
	flood->received = true;
	for (flood->way = NULL; (flood->way = each_next(ways_to_receive, flood->way));)
		fn(flood);
}

/* ---- A process that makes the calls --------------------------------------------------- */

struct flooder {
	const char *name;
	int calls;
	int go[2];
	int done[2];
	pid_t pid;
};

static struct flooder lost = { .name = "lost", .calls = CALLS };
static struct flooder other = { .name = "other", .calls = OTHERS };
static const struct flooder *self;

static void flood_when_told(const struct flood *flood)
{
	char byte;

	check_equal(read(self->go[0], &byte, 1), 1, "being told to begin");
	run_flood(flood);
	check_equal(write(self->done[1], "", 1), 1, "saying that it is done");
}

static void serve(void *arg)
{
	struct flood flood = { 0 };

	self = arg;
	flood.calls = self->calls;
	run_on(0);
	must(prctl(PR_SET_NAME, self->name), "PR_SET_NAME");
	ways_open(&each_ways);
	each_of(&flood, flood_when_told);
}

/* Before the sessions are opened: otherwise it would have them open, too. */
static void start_flooder(struct flooder *flooder)
{
	must(pipe(flooder->go), "pipe");
	must(pipe(flooder->done), "pipe");
	flooder->pid = start_child(serve, flooder);
	close(flooder->done[1]);
}

static void flood_next(const struct flooder *flooder)
{
	char byte;

	check_equal(write(flooder->go[1], "", 1), 1, "telling it to begin");
	if (read(flooder->done[0], &byte, 1) != 1)
		die("expected the process %s to flood", flooder->name);
}

/* ---- The result ----------------------------------------------------------------------- */

/* The call of a way, by the name that it is shown with. */
static int call_number(const struct flood *flood)
{
	static const struct {
		const char *name;
		int out;
		int in;
	} calls[] = {
		{ "sendto", SENDTRACE_CALL_SENDTO, 0 },
		{ "sendmsg", SENDTRACE_CALL_SENDMSG, 0 },
		{ "sendmmsg", SENDTRACE_CALL_SENDMMSG, 0 },
		{ "write", SENDTRACE_CALL_WRITE, 0 },
		{ "writev", SENDTRACE_CALL_WRITEV, 0 },
		{ "pwritev2", SENDTRACE_CALL_PWRITEV2, 0 },
		{ "sendfile", SENDTRACE_CALL_SENDFILE, 0 },
		{ "recvfrom", 0, SENDTRACE_CALL_RECVFROM },
		{ "recvmsg", 0, SENDTRACE_CALL_RECVMSG },
		{ "recvmmsg", 0, SENDTRACE_CALL_RECVMMSG },
		{ "read", 0, SENDTRACE_CALL_READ },
		{ "readv", 0, SENDTRACE_CALL_READV },
		{ "preadv2", 0, SENDTRACE_CALL_PREADV2 },
		{ "io_submit", SENDTRACE_CALL_IO_SUBMIT_WRITE,
		  SENDTRACE_CALL_IO_SUBMIT_READ },
		{ "splice", SENDTRACE_CALL_SPLICE_WRITE, SENDTRACE_CALL_SPLICE_READ },
		{ "io_uring", SENDTRACE_CALL_IO_URING_SEND,
		  SENDTRACE_CALL_IO_URING_RECV },
	};

	for (size_t i = 0; i < COUNT_OF(calls); i++)
		if (strcmp(calls[i].name, flood->way->call) == 0)
			return flood->received ? calls[i].in : calls[i].out;
	die("expected the name of a call, got '%s'", flood->way->call);
}

struct sums {
	uint64_t events;
	uint64_t lost;
	uint64_t cut;
	uint64_t bytes;
};

/* Why fewer bytes are shown than there were, if the ring had room for all. */
static unsigned int usual_why(const struct flood *flood, uint64_t len)
{
	const struct way *way = flood->way;

	if (flood->received && way->pages)
		return SENDTRACE_WHY_NOT_COPIED;
	/* Registered buffers are pages, of which a quarter of the ring is copied. */
	return way->op >= 0 && len > INLINE_MAX ? SENDTRACE_WHY_ASYNC :
						  SENDTRACE_WHY_COMPLETE;
}

static uint64_t usual_bytes(unsigned int why, uint64_t len)
{
	if (why == SENDTRACE_WHY_NOT_COPIED)
		return 0;
	return why == SENDTRACE_WHY_ASYNC ? INLINE_MAX : len;
}

/* Which message it is follows from its length and from the order. */
static unsigned int number_of(const struct flood *flood,
			      const struct sendtrace_event *event, unsigned int from)
{
	while (from < CALLS && len_of(flood->way, from) != event->len)
		from++;
	return from;
}

static void check_event(const struct flood *flood, const struct records *records,
			const struct sendtrace_event *event, unsigned int number)
{
	const char *name = flood->way->name;
	uint64_t total = (uint64_t)event->frag_len + event->cap_len;
	unsigned int why = usual_why(flood, event->len);
	char *text = text_number(number, event->len);
	char *payload = joined_payload(records, event);

	check(number < CALLS, "%s: a message of %llu bytes, in order", name, event->len);
	check_equal(event->ret, event->len, "ret of message %u by %s", number, name);
	check_equal(event->call, call_number(flood), "call of %s", name);
	if (event->why == SENDTRACE_WHY_RING_FULL) {
		check(total < event->len, "%s: cut", name);
	} else {
		check_equal(event->why, why, "why of message %u by %s", number, name);
		check_equal(total, usual_bytes(why, event->len),
			    "bytes of message %u by %s", number, name);
	}
	check(memcmp(payload, text, total) == 0, "bytes of message %u by %s", number,
	      name);
	free(text);
	free(payload);
}

static struct sums add_up(const struct flood *flood, const struct records *records)
{
	struct sums sums = { 0 };
	unsigned int next = 0;

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_record *record = records->record[i];
		const struct sendtrace_event *event = as_event(record);

		if (record->type == SENDTRACE_RECORD_LOST)
			sums.lost += ((const struct sendtrace_lost *)record)->count;
		if (!event)
			continue;
		/* Workers may run on both CPUs, and each has a ring of its own. */
		next = number_of(flood, event, flood->way->worker ? 0 : next);
		check_event(flood, records, event, next++);
		sums.events++;
		sums.cut += event->why != SENDTRACE_WHY_COMPLETE;
		sums.bytes += (uint64_t)event->frag_len + event->cap_len;
	}
	return sums;
}

static void check_figures(const struct flood *flood, struct tracer *tracer,
			  const struct records *records)
{
	struct sendtrace_stats stats = tracer_stats(tracer);
	struct sums sums = add_up(flood, records);
	const char *name = flood->way->name;

	check_equal(stats.hits, stats.filtered + stats.captured + stats.lost[0],
		    "hits = filtered + captured + lost: %s", name);
	check(stats.filtered >= OTHERS, "the others' calls are counted: %s", name);
	check_equal(stats.captured, sums.events, "captured: %s", name);
	check_equal(stats.lost[0], sums.lost, "lost, as LOST records tell: %s", name);
	check_equal(sums.events + sums.lost, flood->calls, "events and losses: %s", name);
	check_equal(stats.cut, sums.cut, "cut: %s", name);
	check_equal(stats.bytes, sums.bytes, "bytes: %s", name);
	check_equal(stats.missed, 0, "missed: %s", name);
	check(sums.lost > 0 && sums.events > 0, "some are lost, some are not: %s", name);
}

static void flood_by(const struct flood *flood)
{
	static bool mapped;
	struct records records = { 0 };
	struct tracer tracer;

	tracer_open(&tracer);
	tracer_config_calls(&tracer, RING_SIZE, SENDTRACE_CALL_BIT(call_number(flood)));
	tracer_filter(&tracer, "lost");
	mapped = !mapped;
	if (mapped)
		tracer_map(&tracer);
	tracer_start(&tracer);
	flood_next(&other);
	flood_next(&lost);
	/* What was lost last is told by the stop. */
	tracer_read(&tracer, &records);
	tracer_stop(&tracer);
	tracer_read(&tracer, &records);
	check_sequence(&records);
	check_records(&records);
	check_figures(flood, &tracer, &records);
	tracer_close(&tracer);
	records_free(&records);
}

void each_lost(void)
{
	struct flood flood = { .calls = CALLS };

	each_open();
	start_flooder(&lost);
	start_flooder(&other);
	each_of(&flood, flood_by);
	end_child(lost.pid);
	end_child(other.pid);
}
