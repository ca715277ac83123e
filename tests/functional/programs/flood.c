// SPDX-License-Identifier: GPL-2.0
/* More than the smallest ring holds: every loss is reported, and the counters add up. */
#include <netinet/in.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

enum {
	ROUNDS = 5,
	FLOOD = 307,
	FEW = 3,
	LEN_MAX = 1000,
	/* An event to and from IPv4, without its payload. */
	HEADER = sizeof(struct sendtrace_event) + 2 * sizeof(struct sockaddr_in),
};

/* Bytes of each payload. */
static size_t len = 400;

struct burst {
	int cpu;
	int sends;
};

static void send_burst(void *arg)
{
	const struct burst *burst = arg;
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	char bytes[LEN_MAX];

	run_on(burst->cpu);
	prctl(PR_SET_NAME, "flood");
	memset(bytes, 'f', len);
	for (int i = 0; i < burst->sends; i++)
		must(send(fd, bytes, len, 0), "send");
}

static uint64_t lost_in(const struct records *records)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < records->number; i++)
		if (records->record[i]->type == SENDTRACE_RECORD_LOST)
			lost += ((const struct sendtrace_lost *)records->record[i])->count;
	return lost;
}

static uint64_t events_in(const struct records *records)
{
	uint64_t events = 0;

	for (size_t i = 0; i < records->number; i++)
		events += as_event(records->record[i]) != NULL;
	return events;
}

static uint64_t cut_in(const struct records *records)
{
	uint64_t cut = 0;

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *event = as_event(records->record[i]);

		if (!event || event->cap_len == len)
			continue;
		cut++;
		check_equal(event->cap_len, 0, "bytes of a record cut by a full ring");
		check_equal(event->why, SENDTRACE_WHY_RING_FULL, "why it was cut");
	}
	return cut;
}

static void check_figures(struct tracer *tracer, const struct records *records,
			  uint64_t sends)
{
	struct sendtrace_stats stats = tracer_stats(tracer);

	check_equal(stats.hits, sends, "hits");
	check_equal(stats.captured, events_in(records), "captured");
	check_equal(stats.lost[SENDTRACE_LOST_RING_FULL], lost_in(records), "lost");
	check_equal(stats.hits, stats.filtered + stats.captured + stats.lost[0],
		    "hits = filtered + captured + lost");
	check_equal(stats.cut, cut_in(records), "cut");
	check(lost_in(records) > 0, "something was lost");
	check(cut_in(records) > 0, "something was cut");
}

/*
 * A length for which a full ring has room for a header at its end, but not for the payload.
 * Room for a LOST record always stays free.
 */
static size_t length_that_is_cut(uint32_t ring_size)
{
	uint32_t room = ring_size - sizeof(struct sendtrace_lost);
	size_t fits = 8;

	while (room % (HEADER + fits) < HEADER && fits < LEN_MAX)
		fits += 8;
	return fits;
}

static void begin_to_flood(struct tracer *tracer, bool mapped)
{
	tracer_open(tracer);
	tracer_config(tracer, tracer->info.ring_size_min, 0, SENDTRACE_EVENTS_SEND);
	tracer_filter(tracer, "flood");
	if (mapped)
		tracer_map(tracer);
	len = length_that_is_cut(tracer->config.ring_size);
	tracer_start(tracer);
}

/*
 * No reader reads during the flood. Then everything is read, and a few more sends on the
 * same CPU report the loss.
 */
static void overflow(bool mapped)
{
	struct records records = { 0 };
	struct tracer tracer;
	uint64_t sends = 0;

	begin_to_flood(&tracer, mapped);
	for (int i = 0; i < ROUNDS; i++) {
		struct burst flood = { i % 2, FLOOD + i }, few = { i % 2, FEW };

		in_child(send_burst, &flood);
		tracer_read(&tracer, &records);
		in_child(send_burst, &few);
		tracer_read(&tracer, &records);
		sends += flood.sends + few.sends;
	}
	tracer_stop(&tracer);
	check_sequence(&records);
	check_records(&records);
	check_figures(&tracer, &records, sends);
	tracer_close(&tracer);
}

static void overflow_mapped(void)
{
	overflow(true);
}

static void overflow_read(void)
{
	overflow(false);
}

/* Nobody reads, and no event comes after the loss: the stop reports it. */
static void stopped_full(bool mapped)
{
	struct records records = { 0 };
	struct burst flood = { 0, FLOOD };
	struct tracer tracer;

	begin_to_flood(&tracer, mapped);
	in_child(send_burst, &flood);
	tracer_stop(&tracer);
	tracer_read(&tracer, &records);
	check_sequence(&records);
	check_records(&records);
	check_figures(&tracer, &records, FLOOD);
	tracer_close(&tracer);
}

static void stopped_full_mapped(void)
{
	stopped_full(true);
}

static void stopped_full_read(void)
{
	stopped_full(false);
}

/* The ring wraps many times while it is read: nothing is lost, nothing is torn. */
static void many_times_round(void)
{
	struct records records = { 0 };
	struct burst one = { 1, 5 };
	struct tracer tracer;

	tracer_open(&tracer);
	tracer_config(&tracer, tracer.info.ring_size_min, 0, SENDTRACE_EVENTS_SEND);
	tracer_filter(&tracer, "flood");
	tracer_map(&tracer);
	tracer_start(&tracer);
	for (int i = 0; i < 23; i++) {
		in_child(send_burst, &one);
		for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++)
			tracer_read(&tracer, &records);
	}
	check_equal(records.number, 23 * 5, "records");
	check_sequence(&records);
	check_records(&records);
	for (size_t i = 0; i < records.number; i++) {
		const struct sendtrace_event *event = event_at(&records, i);
		const char *payload = event_payload(event);

		check_equal(event->cap_len, len, "bytes of record %zu", i);
		check(payload[0] == 'f' && payload[len - 1] == 'f', "record %zu", i);
	}
}

static void send_big(void *arg)
{
	static char bytes[60000];
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	(void)arg;
	prctl(PR_SET_NAME, "big");
	memset(bytes, 'B', sizeof(bytes));
	check_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes), "send");
}

/* Of a payload larger than the ring, what fits is there, and the reason why the rest is not. */
static void larger_than_ring(void)
{
	struct records records = { 0 };
	const struct sendtrace_event *event;
	struct tracer tracer;
	const char *payload;
	uint32_t total;

	tracer_open(&tracer);
	tracer_config(&tracer, tracer.info.ring_size_min, 0, SENDTRACE_EVENTS_SEND);
	tracer_filter(&tracer, "big");
	tracer_start(&tracer);
	in_child(send_big, NULL);
	tracer_read(&tracer, &records);
	check_records(&records);
	event = event_at(&records, 0);
	payload = joined_payload(&records, event);
	total = event->frag_len + event->cap_len;
	check_equal(event->len, 60000, "len");
	check_equal(event->ret, 60000, "ret");
	check_equal(event->why, SENDTRACE_WHY_RING_FULL, "why");
	check(total > 0 && total < tracer.config.ring_size,
	      "expected a part smaller than the ring, got %u bytes", total);
	for (uint32_t i = 0; i < total; i++)
		check(payload[i] == 'B', "byte %u is 0x%02x", i, payload[i]);
	check_equal(tracer_stats(&tracer).cut, 1, "cut");
	check_equal(tracer_stats(&tracer).bytes, total, "bytes");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "overflow_mapped", overflow_mapped },
		{ "overflow_read", overflow_read },
		{ "stopped_full_mapped", stopped_full_mapped },
		{ "stopped_full_read", stopped_full_read },
		{ "many_times_round", many_times_round },
		{ "larger_than_ring", larger_than_ring },
		{},
	};

	return run_cases(argc, argv, cases);
}
