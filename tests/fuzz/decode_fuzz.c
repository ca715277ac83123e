// SPDX-License-Identifier: GPL-2.0
/* The input is a record, in memory of exactly its size. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "decode_record.h"
#include "escape.h"
#include "escape_variants.h"

/* For an incomplete record the size is returned, and nothing beyond it is read. */
static void try_frame(const unsigned char *from, size_t size)
{
	struct sendtrace_fault fault = { .text = "" };
	struct sendtrace_record rec;
	int err = decode_frame(from, size, &rec, &fault);

	switch (err) {
	case 0:
		require(rec.size <= size, "a frame of %u bytes in %zu", rec.size, size);
		break;
	case -EAGAIN:
		require(rec.size == 0 || rec.size > size, "a frame of %u bytes is there",
			rec.size);
		require(rec.size == 0 ? size < sizeof(rec) :
					rec.size <= DECODE_RECORD_MAX,
			"waits for %u bytes with %zu there", rec.size, size);
		break;
	default:
		require(err == -EBADMSG, "decode_frame() returned %d", err);
		require_reason(&fault);
	}
}

/* Once as the first line of all, and once with the kept text of that line. */
static void try_lines(const struct sendtrace_item *record)
{
	const struct output *output = output_of(STDOUT_FILENO);
	unsigned char *first;
	size_t size;

	outputs_reset(SIZE_MAX);
	line_sink_reset();
	require_line(record);
	if (output->size == 0)
		return; /* not an event */
	size = output->size;
	first = exact_copy(output->text, size);
	require_line(record);
	require(output->size == size && memcmp(output->text, first, size) == 0,
		"the same event is then shown as '%.*s'", (int)output->size,
		output->text);
	free(first);
}

/* The line was written by the fastest variant; other machines use the portable one. */
static void try_portable_escape(const unsigned char *payload, size_t size)
{
	size_t room = size * ESCAPE_WIDEST + ESCAPE_SLACK, length;
	unsigned char *from = exact_copy(payload, size);
	char *text = malloc(room), *portable = malloc(room);

	if (!text || !portable)
		abort();
	length = (size_t)(escape_portable(portable, from, size) - portable);
	require((size_t)(escape(text, from, size) - text) == length &&
			memcmp(text, portable, length) == 0,
		"the portable escape writes '%.*s'", (int)length, portable);
	free(from);
	free(text);
	free(portable);
}

static void try_payload(const struct sendtrace_item *record)
{
	if (sendtrace_is_event(record))
		try_portable_escape(record->payload, record->event.cap_len);
	if (record->rec.type == SENDTRACE_RECORD_FRAGMENT)
		try_portable_escape(record->payload, record->fragment.cap_len);
}

/* What an event says, whichever module has written it. */
static void require_event(const struct sendtrace_item *record)
{
	const struct sendtrace_event *event = &record->event;
	uint64_t captured = (uint64_t)event->frag_len + event->cap_len;

	if (!sendtrace_is_event(record))
		return;
	require(captured <= sendtrace_sent(event), "%llu bytes of %llu are there",
		(unsigned long long)captured, (unsigned long long)sendtrace_sent(event));
	require(event->rec.header_size >= 160, "a header of %u bytes",
		event->rec.header_size);
	if (event->rec.header_size > 160)
		return;
	require(event->call == SENDTRACE_CALL_SENDTO ||
			event->call == SENDTRACE_CALL_ACCEPT,
		"call %u of a module that did not know it", event->call);
	require(event->rec.type <= SENDTRACE_RECORD_ACCEPT && !event->cookie &&
			!event->nr_cmsgs && !event->netns,
		"fields that are not there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sendtrace_fault fault = { .text = "" };
	unsigned char *from = exact_copy(data, size);
	struct sendtrace_item record;
	int err;

	memset(&record, 0xaa, sizeof(record));
	try_frame(from, size);
	err = decode_record(from, size, &record, &fault);
	if (err) {
		require(err == -EBADMSG, "decode_record() returned %d", err);
		require_reason(&fault);
	} else {
		require_inside(&record, from, size);
		require_event(&record);
		try_lines(&record);
		try_payload(&record);
	}
	free(from);
	return 0;
}
