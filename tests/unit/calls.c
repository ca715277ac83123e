// SPDX-License-Identifier: GPL-2.0
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"

enum {
	CPUS = 3,
	PIECE = 3000,
	LARGE_PIECE = 60000,
	PIECES_MAX = 4,
};

struct call {
	uint64_t enter;
	uint64_t leave;
	uint32_t tid;
};

static struct {
	const struct calls *calls;
	FILE *to;
	uint64_t random;
	uint64_t seq[CPUS];
	unsigned char bytes[2 * LARGE_PIECE];
} stream;

static uint64_t below(uint64_t limit)
{
	stream.random = stream.random * 6364136223846793005u + 1442695040888963407u;
	return (stream.random >> 33) % limit;
}

static bool one_in(uint64_t number)
{
	return below(number) == 0;
}

/* ---- The calls -------------------------------------------------------------------- */

/* In causal order as they are made, until they are sorted by their return. */
static void make(struct call *calls)
{
	uint64_t clock = 1000000, free_at[CALLS_THREADS + 1] = { 0 };
	size_t i;

	for (i = 0; i < stream.calls->number; i++) {
		struct call *call = &calls[i];

		clock += below(2000);
		call->tid = 1 + (uint32_t)below(CALLS_THREADS);
		call->enter = clock > free_at[call->tid] ? clock : free_at[call->tid];
		call->leave = call->enter + below(one_in(20) ? 3000000 : 30000);
		free_at[call->tid] = call->leave;
		if (!stream.calls->shuffled)
			continue;
		call->enter = below(UINT32_MAX);
		call->leave = below(UINT32_MAX);
	}
}

static int by_return(const void *a, const void *b)
{
	const struct call *one = a, *other = b;

	if (one->leave != other->leave)
		return one->leave < other->leave ? -1 : 1;
	return one->enter < other->enter ? -1 : one->enter > other->enter;
}

static uint64_t coarse(uint64_t time)
{
	return stream.calls->resolution ? time - time % stream.calls->resolution : time;
}

/* ---- Their records ---------------------------------------------------------------- */

static void put(const void *record, size_t size)
{
	if (fwrite(record, size, 1, stream.to) != 1)
		abort();
}

static void put_lost(uint32_t cpu, uint64_t time)
{
	struct sendtrace_lost lost = sample_lost(stream.seq[cpu], 1 + below(9));

	lost.rec.cpu = cpu;
	lost.rec.time = time;
	stream.seq[cpu] += lost.count;
	put(&lost, sizeof(lost));
}

static void put_unknown(uint32_t cpu, uint64_t time)
{
	struct sendtrace_record rec = {
		.size = sizeof(rec) + 64,
		.header_size = sizeof(rec) + 8,
		.type = 99,
		.seq = stream.seq[cpu],
		.time = time,
		.cpu = cpu,
	};

	put(&rec, sizeof(rec));
	put(stream.bytes, 64);
}

/* Return: how many bytes of payload they have. */
static uint32_t put_fragments(uint32_t cpu, uint32_t tid, uint64_t time)
{
	uint64_t piece = stream.calls->large ? LARGE_PIECE : PIECE;
	uint64_t number = 1 + below(PIECES_MAX), offset = 0, size;
	struct sendtrace_fragment *fragment;

	while (number--) {
		size_t length;

		size = 1 + below(piece);
		fragment = (void *)sample_fragment(
			tid, offset, stream.bytes + below(LARGE_PIECE), size, &length);
		fragment->rec.seq = stream.seq[cpu];
		fragment->rec.cpu = cpu;
		fragment->rec.time = time;
		put(fragment, length);
		free(fragment);
		offset += size;
	}
	return (uint32_t)offset;
}

static size_t size_of_payload(void)
{
	if (!one_in(50))
		return below(300);
	return below(stream.calls->large ? LARGE_PIECE : 3 * PIECE);
}

static const uint16_t types[] = { SENDTRACE_RECORD_ACCEPT, SENDTRACE_RECORD_RECV,
				  SENDTRACE_RECORD_CONNECT, SENDTRACE_RECORD_SHUTDOWN,
				  SENDTRACE_RECORD_CLOSE };

static void put_event(const struct call *call, uint32_t cpu, uint32_t frag_len)
{
	size_t size = size_of_payload(), length;
	struct sample sample =
		sample_send(stream.seq[cpu]++, stream.bytes + below(9999), size);
	unsigned char *record;

	if (one_in(3))
		sample_type(&sample, types[below(sizeof(types) / sizeof(types[0]))]);
	if (sample.event.rec.type <= SENDTRACE_RECORD_ACCEPT && one_in(4))
		sample.added = SAMPLE_OLDEST;
	if (one_in(8)) {
		sample.local = stream.bytes;
		sample.event.local_len = (uint16_t)below(100);
	}
	sample.event.rec.time = coarse(call->leave);
	sample.event.rec.cpu = cpu;
	sample.event.enter_time = coarse(call->enter);
	sample.event.exit_time = coarse(call->leave);
	sample.event.tid = call->tid;
	sample.event.frag_len = frag_len;
	sample.event.len = sample.event.ret = (int64_t)(frag_len + size);
	record = sample_build(&sample, &length);
	put(record, length);
	free(record);
}

static void put_call(const struct call *call)
{
	uint32_t cpu = (uint32_t)below(CPUS), frag_len = 0;
	uint64_t time = coarse(call->leave);

	if (one_in(40))
		put_lost(cpu, time);
	if (one_in(40))
		stream.seq[cpu] += 1 + below(5);
	if (one_in(60))
		put_unknown(cpu, time);
	if (one_in(15))
		frag_len = put_fragments(cpu, call->tid, time);
	/* Fragments that are gone. */
	if (one_in(100) && !frag_len)
		frag_len = 7;
	put_event(call, cpu, frag_len);
}

void calls_write(const struct calls *calls, char *path)
{
	struct call *made = calloc(calls->number, sizeof(*made));
	size_t i;

	memset(&stream, 0, sizeof(stream));
	stream.calls = calls;
	stream.random = calls->seed;
	stream.to = fdopen(mkstemp(path), "w");
	if (!stream.to || !made)
		abort();
	for (i = 0; i < sizeof(stream.bytes); i++)
		stream.bytes[i] = (unsigned char)below(256);
	make(made);
	qsort(made, calls->number, sizeof(*made), by_return);
	for (i = 0; i < calls->number; i++)
		put_call(&made[i]);
	if (fclose(stream.to))
		abort();
	free(made);
}

size_t calls_largest(const struct calls *calls)
{
	size_t piece = calls->large ? LARGE_PIECE : PIECE;

	return 4096 + 3 * piece + PIECES_MAX * piece;
}
