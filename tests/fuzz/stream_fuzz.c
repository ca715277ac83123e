// SPDX-License-Identifier: GPL-2.0
/*
 * The input is a saved record stream, after a few bytes that say how read() returns it: in
 * pieces of any size, sometimes with nothing to read, and perhaps with an error.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decode_record.h"
#include "order.h"
#include "sendtrace.h"
#include "report.h"
#include "source.h"
#include "stream.h"

enum {
	PATIENCE = 1000000,
};

/* The whole stream. */
static struct input whole;

/* The header of the record where @rest begins. Return: whether there is one. */
static bool header_of(const struct input *rest, struct sendtrace_record *rec)
{
	if (rest->size < sizeof(*rec))
		return false;
	memcpy(rec, rest->data, sizeof(*rec));
	return rec->size >= sizeof(*rec) && rec->size <= rest->size;
}

static bool is_fragment(const struct input *rest, const struct sendtrace_record *rec)
{
	struct sendtrace_item record;
	struct sendtrace_fault unused;

	return rec->type == SENDTRACE_RECORD_FRAGMENT &&
	       decode_record(rest->data, rec->size, &record, &unused) == 0;
}

/* The reader does not return fragments, unless one is behind a gap. */
static void pass_fragments(struct input *rest, const struct sendtrace_item *record)
{
	struct sendtrace_record rec;

	while (header_of(rest, &rec) && is_fragment(rest, &rec) &&
	       (!record || memcmp(&rec, &record->rec, sizeof(rec)) != 0))
		input_bytes(rest, &(size_t){ rec.size });
}

static bool is_event(uint16_t type)
{
	return type == SENDTRACE_RECORD_SEND || type == SENDTRACE_RECORD_ACCEPT ||
	       (type >= SENDTRACE_RECORD_RECV && type <= SENDTRACE_RECORD_CLOSE);
}

/* Join a thread's fragments once more, up to @end, in the simplest way. */
static size_t model_fragments(struct input all, const uint8_t *end, uint32_t tid,
			      unsigned char *to)
{
	struct sendtrace_fragment fragment;
	struct sendtrace_record rec;
	bool whole_so_far = false;
	uint32_t sender;
	size_t size = 0;

	for (; all.data < end && header_of(&all, &rec);
	     input_bytes(&all, &(size_t){ rec.size })) {
		if (is_event(rec.type)) {
			/* Not the whole event: an older module's is shorter. */
			memcpy(&sender, all.data + offsetof(struct sendtrace_event, tid),
			       sizeof(sender));
			size = sender == tid ? 0 : size;
		} else if (rec.type == SENDTRACE_RECORD_FRAGMENT) {
			memcpy(&fragment, all.data, sizeof(fragment));
			if (fragment.tid != tid)
				continue;
			size = fragment.offset ? size : 0;
			whole_so_far = fragment.offset == size &&
				       (whole_so_far || size == 0);
			memcpy(to + size, all.data + rec.header_size, fragment.cap_len);
			size += fragment.cap_len;
		}
	}
	require(whole_so_far, "joined although a part is missing");
	return size;
}

static void require_joined(const struct sendtrace_item *record, const struct input *rest)
{
	unsigned char *joined, *model = malloc(whole.size + 1);
	size_t size, model_size;

	if (!model)
		abort();
	joined = joined_copy(record, &size);
	model_size = model_fragments(whole, rest->data, record->event.tid, model);
	require(size == model_size && memcmp(joined, model, size) == 0,
		"%zu bytes were joined that were not sent so", size);
	free(joined);
	free(model);
}

/* What sendread does with a record besides the line. */
static void report(struct tally *tally, const struct sendtrace_item *record)
{
	if (sendtrace_is_gap(record))
		report_gap(tally, record);
	if (is_event(record->rec.type))
		report_printed(tally, record);
}

static void require_record(const struct sendtrace_item *record, struct input *rest)
{
	pass_fragments(rest, record);
	require(record->rec.size <= rest->size &&
			memcmp(&record->rec, rest->data, sizeof(record->rec)) == 0,
		"the record is not the next one of the stream");
	if (is_event(record->rec.type) && record->joined)
		require_joined(record, rest);
	require_line(record);
	input_bytes(rest, &(size_t){ record->rec.size });
}

/* Whether fragments add up cannot be seen from one record alone. */
static bool is_misfit(const struct sendtrace_item *record, bool sound)
{
	return sound && is_event(record->rec.type) && record->event.frag_len;
}

/* The pieces must not change where the stream ends. */
static void require_end(int got, const struct sendtrace_fault *fault, struct input *rest)
{
	struct sendtrace_fault unused;
	struct sendtrace_item record;
	unsigned char *copy;
	int err;

	pass_fragments(rest, NULL);
	if (got == -EBADMSG) {
		require_reason(fault);
		require(fault->where[0], "a fault without its place");
		copy = exact_copy(rest->data, rest->size);
		err = decode_record(copy, rest->size, &record, &unused);
		require(err == got || is_misfit(&record, !err),
			"refused in pieces, accepted as a whole");
		free(copy);
		return;
	}
	require(got == (source.breaks ? -EIO : -ENODATA), "the stream ends with %d", got);
	require(source.breaks || rest->size == 0, "%zu bytes were not returned",
		rest->size);
}

/* Losses are printed in words, and the summary after them. */
static void require_report(struct tally *tally, struct sendtrace *trace)
{
	const struct output *output = output_of(STDERR_FILENO);
	bool losses = tally->pending.any;

	outputs_reset(1 + source.random % 1000);
	report_pending(tally, true);
	require_plain_lines(output);
	require(!losses || memmem(output->text, output->size, " lost: ", 7),
		"losses are printed as '%.*s'", (int)output->size, output->text);
	report_summary(tally, trace);
	require_plain_lines(output);
}

/* As sendread reads a file. Return: how many records there were. */
static size_t read_by_reader(struct input expected)
{
	static struct tally tally;
	struct sendtrace *trace;
	const struct sendtrace_item *record;
	int got, patience = PATIENCE;
	size_t records = 0;

	memset(&tally, 0, sizeof(tally));
	if (sendtrace_open_stream(&trace, SOURCE_FD))
		abort();
	while ((got = sendtrace_next(trace, &record)) >= 0 && patience--) {
		if (got == 0)
			continue;
		require_record(record, &expected);
		report(&tally, record);
		records++;
	}
	require(patience > 0, "no end in %d calls", PATIENCE);
	require_end(got, sendtrace_get_fault(trace), &expected);
	require_report(&tally, trace);
	sendtrace_close(trace);
	return records;
}

static uint64_t causal_time(const struct sendtrace_item *record)
{
	switch (record->rec.type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
		return record->event.enter_time;
	case SENDTRACE_RECORD_ACCEPT:
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_CLOSE:
		return record->event.exit_time;
	default:
		return record->rec.time;
	}
}

/* The same in causal order, with so little memory that most of it is written to a file. */
static void read_sorted(size_t expected)
{
	struct sendtrace *trace;
	const struct sendtrace_item *record;
	uint64_t last = 0;
	int got, patience = PATIENCE;

	if (sendtrace_open_stream(&trace, SOURCE_FD) ||
	    order_set(trace, SENDTRACE_ORDER_CAUSAL, 0, 1024))
		abort();
	while ((got = sendtrace_next(trace, &record)) >= 0 && patience--) {
		if (got == 0)
			continue;
		require(causal_time(record) >= last, "not in causal order");
		last = causal_time(record);
		require_line(record);
		expected--;
	}
	require(patience > 0, "no end in %d calls", PATIENCE);
	require(expected == 0, "sorting changed the number of records by %zd",
		-(ssize_t)expected);
	sendtrace_close(trace);
}

/* With a buffer that is too small at first, so that it has to grow. */
static void read_by_stream(struct input expected, size_t capacity)
{
	struct sendtrace_fault fault = { .text = "" };
	const struct sendtrace_record *rec;
	struct stream stream;
	struct sendtrace_item record;
	const void *from;
	int got, patience = PATIENCE;

	if (stream_init(&stream, SOURCE_FD, capacity % 2, capacity))
		abort();
	while ((got = stream_next(&stream, &from, &rec, &fault)) >= 0 && patience--) {
		if (got == 0)
			continue;
		got = decode_framed(from, rec, &record, &fault);
		if (got) {
			snprintf(fault.where, sizeof(fault.where), "a record");
			break;
		}
		require_inside(&record, from, rec->size);
		require_record(&record, &expected);
	}
	require(patience > 0, "no end in %d calls", PATIENCE);
	require_end(got, &fault, &expected);
	stream_free(&stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t how = input_u8(&input);
	size_t records = 0;

	line_sink_reset();
	source.piece_max = 1 + input_u16(&input);
	source.random = input_u8(&input);
	source.breaks = how & 1;
	source.left = whole = input;
	if (how & 2)
		read_by_stream(input, 1 + (how >> 2));
	else
		records = read_by_reader(input);
	if (how & 4 && !(how & 2)) {
		line_sink_reset();
		source.left = whole;
		read_sorted(records);
	}
	return 0;
}
