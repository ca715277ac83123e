// SPDX-License-Identifier: GPL-2.0
/*
 * A small ring that nobody reads, flooded by each way in turn: every call is captured or lost, the
 * losses are told by LOST records, and what is shown is what was sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"
#include "tracer.h"

enum {
	RING_SIZE = 65536,
	CALLS = 150,
	/* Of what is shown without its bytes. */
	CALLS_WITHOUT_BYTES = 300,
	OTHERS = 7,
	/* Longer than what is copied inline: task work copies it, or it is cut. */
	LONG = 20000,
	INLINE_MAX = 16384,
};

/* From one of enum sendtrace_call to another. */
#define CALLS_BETWEEN(first, last) \
	(SENDTRACE_CALL_BIT(last) * 2 - SENDTRACE_CALL_BIT(first))
#define ALL_SENDS    CALLS_BETWEEN(SENDTRACE_CALL_SENDTO, SENDTRACE_CALL_IO_URING_SEND)
#define ALL_RECEIVES CALLS_BETWEEN(SENDTRACE_CALL_RECVFROM, SENDTRACE_CALL_IO_URING_RECV)

/* ---- The flood ------------------------------------------------------------------------ */

struct flood {
	const struct way *way;
	bool received;
};

static unsigned int calls_of(const struct flood *flood)
{
	return flood->received && flood->way->pages ? CALLS_WITHOUT_BYTES : CALLS;
}

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

static void run_flood(const struct flood *flood, unsigned int calls)
{
	struct pair pair = each_pair(flood->way, 4 * LONG);

	for (unsigned int i = 0; i < calls; i++)
		pass(flood, pair, i);
	close(pair.near);
	close(pair.far);
}

/* Each way of sending, or of receiving. */
static void each_of(bool received, void (*fn)(const struct flood *flood))
{
	const struct way *table = received ? ways_to_receive : ways_to_send;
	struct flood flood = { .received = received };

	for (flood.way = NULL; (flood.way = each_next(table, flood.way));)
		fn(&flood);
}

/* ---- A process that makes the calls --------------------------------------------------- */

struct flooder {
	const char *name;
	/* So many calls; 0: enough to fill the ring. */
	unsigned int calls;
	int go[2];
	int done[2];
	pid_t pid;
};

static struct flooder lost = { .name = "lost" };
static struct flooder other = { .name = "other", .calls = OTHERS };
static const struct flooder *self;

static void flood_when_told(const struct flood *flood)
{
	char byte;

	check_equal(read(self->go[0], &byte, 1), 1, "being told to begin");
	run_flood(flood, self->calls ? self->calls : calls_of(flood));
	check_equal(write(self->done[1], "", 1), 1, "saying that it is done");
}

static void serve(void *arg)
{
	self = arg;
	run_on(0);
	must(prctl(PR_SET_NAME, self->name), "PR_SET_NAME");
	ways_open(&each_ways);
	each_of(false, flood_when_told);
	each_of(true, flood_when_told);
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
	while (from < calls_of(flood) && len_of(flood->way, from) != event->len)
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

	check(number < calls_of(flood), "%s: a message of %llu bytes, in order", name,
	      event->len);
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

/* One session sees all ways of a direction. */
static struct tracer tracer;
static struct records records;

/* What one way added to the session's counters is what there was, and what is shown. */
static void check_figures(const struct flood *flood, const struct sendtrace_stats *before,
			  const struct sendtrace_stats *after,
			  const struct records *added)
{
	uint64_t captured = after->captured - before->captured;
	uint64_t lost_now = after->lost[0] - before->lost[0];
	struct sums sums = add_up(flood, added);
	const char *name = flood->way->name;

	check_equal(after->hits, after->filtered + after->captured + after->lost[0],
		    "hits = filtered + captured + lost: %s", name);
	check(after->filtered - before->filtered >= OTHERS, "the others' calls: %s",
	      name);
	check_equal(captured, sums.events, "captured: %s", name);
	check_equal(captured + lost_now, calls_of(flood), "events and losses: %s", name);
	check_equal(after->cut - before->cut, sums.cut, "cut: %s", name);
	check_equal(after->bytes - before->bytes, sums.bytes, "bytes: %s", name);
	check(captured > 0 && lost_now > 0, "some are lost, some are not: %s", name);
}

static void flood_by(const struct flood *flood)
{
	struct sendtrace_stats before = tracer_stats(&tracer), after;
	size_t had = records.number;
	struct records added;

	flood_next(&other);
	flood_next(&lost);
	after = tracer_stats(&tracer);
	tracer_read(&tracer, &records);
	added = (struct records){ records.number - had, records.record + had };
	check_figures(flood, &before, &after, &added);
}

static uint64_t lost_as_told(void)
{
	uint64_t told = 0;

	for (size_t i = 0; i < records.number; i++)
		if (records.record[i]->type == SENDTRACE_RECORD_LOST)
			told += ((struct sendtrace_lost *)records.record[i])->count;
	return told;
}

/* A loss is told by the next record of its CPU; the last one by the stop. */
static void flood_all(bool received, uint64_t calls)
{
	struct sendtrace_stats stats;

	tracer_open(&tracer);
	tracer_config_calls(&tracer, RING_SIZE, calls);
	tracer_filter(&tracer, "lost");
	if (received)
		tracer_map(&tracer);
	tracer_start(&tracer);
	each_of(received, flood_by);
	tracer_stop(&tracer);
	tracer_read(&tracer, &records);
	stats = tracer_stats(&tracer);
	check_sequence(&records);
	check_records(&records);
	check_equal(lost_as_told(), stats.lost[0], "lost, as LOST records tell");
	check_equal(stats.missed, 0, "missed");
	tracer_close(&tracer);
	records_free(&records);
}

void each_lost(void)
{
	each_open();
	start_flooder(&lost);
	start_flooder(&other);
	flood_all(false, ALL_SENDS);
	flood_all(true, ALL_RECEIVES);
	end_child(lost.pid);
	end_child(other.pid);
}
