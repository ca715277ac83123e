// SPDX-License-Identifier: GPL-2.0
/*
 * Overload. On each CPU only one process sends: so its nth send must have the sequence
 * number n, and every missing byte is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

enum {
	CPUS = 2,
	SENDS = 900,
	OTHERS = 13,
	KIB = 1024,
	LEN_MAX = 21000,
	/* Large enough that nothing may be lost. */
	LARGE = 16 << 20,
	PACE_US = 300,
};

/* ---- Senders ------------------------------------------------------------------------ */

struct burst {
	const char *name;
	int cpu;
	int from;
	int to;
	/* A pipe whose other end is closed when the burst is to begin, or NULL. */
	const int *start;
};

/*
 * Forked before the sessions are opened: otherwise the child would have them open, too, and
 * keep those that end.
 */
static void wait_for_start(const int *start)
{
	char byte;

	close(start[1]);
	must(read(start[0], &byte, 1), "waiting for the start");
}

/* Sometimes more than is copied inline. */
static size_t len_of(uint64_t number)
{
	return number % 9 == 4 ? 20000 + number % 100 : 40 + number * 7 % 400;
}

static unsigned char byte_of(uint64_t number, size_t at)
{
	return number + at * 3 + at / 256;
}

static void send_burst(void *arg)
{
	const struct burst *burst = arg;
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	unsigned char bytes[LEN_MAX];

	run_on(burst->cpu);
	prctl(PR_SET_NAME, burst->name);
	if (burst->start)
		wait_for_start(burst->start);
	for (int number = burst->from; number < burst->to; number++) {
		for (size_t i = 0; i < len_of(number); i++)
			bytes[i] = byte_of(number, i);
		must(send(fd, bytes, len_of(number), 0), "send");
	}
}

/* ---- Sessions ----------------------------------------------------------------------- */

struct session {
	const char *what;
	uint32_t ring_size;
	bool mapped;
	/* Read every so many rounds; 0: only at the end. */
	unsigned int every;
	/* Nothing may be missing. */
	bool complete;
	struct tracer tracer;
	struct records records;
};

static struct session sessions[] = {
	{ .what = "a tiny ring, mapped",
	  .ring_size = 4 * KIB,
	  .mapped = true,
	  .every = 1 },
	{ .what = "a tiny ring, read", .ring_size = 4 * KIB, .every = 1 },
	{ .what = "a small ring, mapped",
	  .ring_size = 64 * KIB,
	  .mapped = true,
	  .every = 7 },
	{ .what = "a small ring, read", .ring_size = 64 * KIB, .every = 9 },
	{ .what = "a stopped reader, mapped", .ring_size = 32 * KIB, .mapped = true },
	{ .what = "a stopped reader, read", .ring_size = 128 * KIB },
	{ .what = "a large ring, mapped",
	  .ring_size = LARGE,
	  .mapped = true,
	  .complete = true },
	{ .what = "a large ring, read", .ring_size = LARGE, .every = 3, .complete = true },
};

static void begin(struct session *session)
{
	struct tracer *tracer = &session->tracer;

	tracer_open(tracer);
	tracer_config(tracer, session->ring_size, 0, SENDTRACE_EVENTS_SEND);
	tracer_filter(tracer, "loss");
	if (session->mapped)
		tracer_map(tracer);
	tracer_start(tracer);
}

static void read_all(void)
{
	for (size_t i = 0; i < COUNT_OF(sessions); i++)
		tracer_read(&sessions[i].tracer, &sessions[i].records);
}

/* A reader that ends in the middle. */
static void quit_some_time(struct tracer *quitter)
{
	if (!quitter->info.abi || tracer_stats(quitter).captured < SENDS / 2)
		return;
	tracer_close(quitter);
	quitter->info.abi = 0;
}

static void read_while_they_run(int children, struct tracer *quitter)
{
	unsigned int round = 0;

	while (children) {
		round++;
		for (size_t i = 0; i < COUNT_OF(sessions); i++) {
			struct session *session = &sessions[i];

			if (session->every && round % session->every == 0)
				tracer_read(&session->tracer, &session->records);
		}
		quit_some_time(quitter);
		if (waitpid(-1, NULL, WNOHANG) > 0)
			children--;
		usleep(PACE_US);
	}
	check_equal(quitter->info.abi, 0,
		    "the reader that should have ended still exists");
}

/* ---- The result --------------------------------------------------------------------- */

struct sums {
	uint64_t events;
	uint64_t lost;
	uint64_t cut;
	uint64_t bytes;
};

/* How much of the next event's payload has arrived in fragments, on each CPU. */
struct parts {
	uint64_t len[CPUS];
};

static void check_bytes(uint64_t number, size_t from, const unsigned char *bytes,
			size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != byte_of(number, from + i)) {
			check(false, "byte %zu of send %llu is 0x%02x", from + i,
			      (unsigned long long)number, bytes[i]);
			return;
		}
}

/* An event's first fragment drops the fragments of a lost event. */
static void add_fragment(struct parts *parts, const struct sendtrace_fragment *fragment)
{
	uint64_t *len = &parts->len[fragment->rec.cpu];

	if (fragment->offset == 0)
		*len = 0;
	check_equal(fragment->offset, *len, "where a fragment begins");
	check_bytes(fragment->rec.seq, fragment->offset,
		    (const unsigned char *)fragment + fragment->rec.header_size,
		    fragment->cap_len);
	*len += fragment->cap_len;
}

static void add_event(struct sums *sums, struct parts *parts,
		      const struct sendtrace_event *event)
{
	uint64_t total = (uint64_t)event->frag_len + event->cap_len;

	check_equal(event->len, len_of(event->rec.seq), "the length of send %llu",
		    (unsigned long long)event->rec.seq);
	if (event->frag_len)
		check_equal(event->frag_len, parts->len[event->rec.cpu],
			    "bytes in fragments of send %llu",
			    (unsigned long long)event->rec.seq);
	check_bytes(event->rec.seq, event->frag_len, event_payload(event),
		    event->cap_len);
	if (event->why == SENDTRACE_WHY_COMPLETE) {
		check_equal(total, event->len, "bytes of a complete event");
	} else {
		check_equal(event->why, SENDTRACE_WHY_RING_FULL, "why it was cut");
		check_equal(event->cap_len, 0, "bytes in the event that was cut");
	}
	parts->len[event->rec.cpu] = 0;
	sums->events++;
	sums->cut += event->why != SENDTRACE_WHY_COMPLETE;
	sums->bytes += total;
}

static struct sums add_up(const struct records *records)
{
	struct sums sums = { 0 };
	struct parts parts = { 0 };

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_record *record = records->record[i];

		if (record->cpu >= CPUS)
			die("a record of CPU %u", record->cpu);
		if (as_event(record))
			add_event(&sums, &parts, as_event(record));
		else if (record->type == SENDTRACE_RECORD_FRAGMENT)
			add_fragment(&parts, (const void *)record);
		else
			sums.lost += ((const struct sendtrace_lost *)record)->count;
	}
	return sums;
}

static void check_session(struct session *session)
{
	struct sendtrace_stats stats = tracer_stats(&session->tracer);
	struct sums sums = add_up(&session->records);

	check_sequence(&session->records);
	check_records(&session->records);
	check_equal(stats.hits, CPUS * (SENDS + 1) + OTHERS, "hits: %s", session->what);
	check_equal(stats.filtered, OTHERS, "filtered: %s", session->what);
	check_equal(stats.captured, sums.events, "captured: %s", session->what);
	check_equal(stats.lost[SENDTRACE_LOST_RING_FULL], sums.lost, "lost: %s",
		    session->what);
	check_equal(stats.cut, sums.cut, "cut: %s", session->what);
	check_equal(stats.bytes, sums.bytes, "bytes: %s", session->what);
	check_equal(sums.events + sums.lost, CPUS * (SENDS + 1),
		    "events and losses together: %s", session->what);
	if (session->complete)
		check_equal(sums.lost + sums.cut, 0, "lost or cut: %s", session->what);
	else
		check(sums.lost > 0, "expected losses: %s", session->what);
	fprintf(stderr, "%s: %llu events, %llu of them cut, %llu lost\n", session->what,
		(unsigned long long)sums.events, (unsigned long long)sums.cut,
		(unsigned long long)sums.lost);
}

static void start_senders(int start[2])
{
	must(pipe(start), "pipe");
	for (int cpu = 0; cpu < CPUS; cpu++) {
		struct burst burst = { "loss", cpu, 0, SENDS, start };

		start_child(send_burst, &burst);
	}
}

/* One more send on each CPU reports what was lost last. */
static void send_last_ones(void)
{
	struct burst others = { "other", 0, 0, OTHERS, NULL };

	in_child(send_burst, &others);
	for (int cpu = 0; cpu < CPUS; cpu++) {
		struct burst burst = { "loss", cpu, SENDS, SENDS + 1, NULL };

		in_child(send_burst, &burst);
	}
}

static void overload(void)
{
	struct tracer quitter;
	int start[2];

	start_senders(start);
	for (size_t i = 0; i < COUNT_OF(sessions); i++)
		begin(&sessions[i]);
	tracer_begin(&quitter, "loss", true);
	close(start[1]);
	read_while_they_run(CPUS, &quitter);
	read_all();
	send_last_ones();
	read_all();
	for (size_t i = 0; i < COUNT_OF(sessions); i++) {
		tracer_stop(&sessions[i].tracer);
		check_session(&sessions[i]);
		tracer_close(&sessions[i].tracer);
	}
}

/* ---- For sendread -------------------------------------------------------------------- */

static void send_texts(void *arg)
{
	const struct burst *burst = arg;
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	char text[400];

	run_on(burst->cpu);
	prctl(PR_SET_NAME, burst->name);
	memset(text, '.', sizeof(text));
	for (int i = burst->from; i < burst->to; i++) {
		text[snprintf(text, 16, "%d", i)] = ' ';
		must(send(fd, text, 40 + i * 7 % 300, 0), "send");
	}
}

/* NUMBER sends on each CPU, concurrently. */
static void texts(void)
{
	int number = atoi(case_args[0]);
	pid_t child[CPUS];

	gate();
	for (int cpu = 0; cpu < CPUS; cpu++) {
		struct burst burst = { "loss", cpu, 0, number, NULL };

		child[cpu] = start_child(send_texts, &burst);
	}
	for (int cpu = 0; cpu < CPUS; cpu++)
		end_child(child[cpu]);
}

/* One on each CPU, distinguishable from the others. */
static void last(void)
{
	static const char *const name[CPUS] = { "last0", "last1" };
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	prctl(PR_SET_NAME, "loss");
	for (int cpu = 0; cpu < CPUS; cpu++) {
		run_on(cpu);
		must(send(fd, name[cpu], strlen(name[cpu]), 0), "send");
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "overload", overload },
		{ "texts", texts },
		{ "last", last },
		{},
	};

	return run_cases(argc, argv, cases);
}
