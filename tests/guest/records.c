// SPDX-License-Identifier: GPL-2.0
/* Parses and checks records. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tracer.h"

enum {
	CPUS_MAX = 64
};

static size_t padded(size_t len)
{
	return (len + SENDTRACE_ALIGN - 1) & ~(size_t)(SENDTRACE_ALIGN - 1);
}

static bool whole(const struct sendtrace_record *record, size_t left)
{
	return left >= sizeof(*record) && record->size <= left &&
	       record->size % SENDTRACE_ALIGN == 0 &&
	       record->header_size <= record->size &&
	       record->header_size >= sizeof(*record) &&
	       record->header_size % SENDTRACE_ALIGN == 0;
}

void records_add(struct records *records, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len) {
		const struct sendtrace_record *record = (const void *)at;
		size_t wanted = (records->number + 1) * sizeof(records->record[0]);
		struct sendtrace_record *copy;

		errno = EBADMSG;
		if (!check(whole(record, len), "every record is whole"))
			die("a corrupt record after %zu good ones", records->number);
		copy = malloc(record->size);
		memcpy(copy, record, record->size);
		records->record = realloc(records->record, wanted);
		records->record[records->number++] = copy;
		len -= record->size;
		at += record->size;
	}
}

void records_free(struct records *records)
{
	for (size_t i = 0; i < records->number; i++)
		free(records->record[i]);
	free(records->record);
	*records = (struct records){ 0 };
}

const struct sendtrace_event *as_event(const struct sendtrace_record *record)
{
	switch (record->type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_ACCEPT:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
	case SENDTRACE_RECORD_CLOSE:
		return (const struct sendtrace_event *)record;
	default:
		return NULL;
	}
}

const struct sendtrace_event *event_at(const struct records *records, size_t nth)
{
	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *event = as_event(records->record[i]);

		if (event && nth-- == 0)
			return event;
	}
	errno = ENODATA;
	die("expected more events among %zu records", records->number);
}

const void *event_local(const struct sendtrace_event *event)
{
	return (const char *)event + event->rec.header_size;
}

const void *event_peer(const struct sendtrace_event *event)
{
	return (const char *)event_local(event) + padded(event->local_len);
}

const void *event_payload(const struct sendtrace_event *event)
{
	return (const char *)event_peer(event) + padded(event->peer_len);
}

/* The time of the thread's previous event: that one's fragments are not this one's. */
static uint64_t event_before(const struct records *records,
			     const struct sendtrace_event *event)
{
	uint64_t time = 0;

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *other = as_event(records->record[i]);

		if (other && other->tid == event->tid &&
		    other->rec.time < event->rec.time && other->rec.time > time)
			time = other->rec.time;
	}
	return time;
}

static const struct sendtrace_fragment *fragment_of(const struct sendtrace_record *record,
						    const struct sendtrace_event *event,
						    uint64_t after)
{
	const struct sendtrace_fragment *fragment = (const void *)record;

	if (record->type != SENDTRACE_RECORD_FRAGMENT || fragment->tid != event->tid ||
	    record->time <= after || record->time > event->rec.time)
		return NULL;
	return fragment;
}

char *joined_payload(const struct records *records, const struct sendtrace_event *event)
{
	uint64_t after = event_before(records, event), total = 0;
	char *bytes = calloc(1, event->frag_len + event->cap_len + 1);

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_fragment *fragment =
			fragment_of(records->record[i], event, after);

		if (!fragment)
			continue;
		errno = EBADMSG;
		if (fragment->offset + fragment->cap_len > event->frag_len)
			die("a fragment of bytes %llu to %llu, of %u",
			    (unsigned long long)fragment->offset,
			    (unsigned long long)fragment->offset + fragment->cap_len,
			    event->frag_len);
		memcpy(bytes + fragment->offset,
		       (const char *)fragment + fragment->rec.header_size,
		       fragment->cap_len);
		total += fragment->cap_len;
	}
	check_equal(total, event->frag_len, "bytes in the fragments of an event");
	memcpy(bytes + event->frag_len, event_payload(event), event->cap_len);
	return bytes;
}

static void check_lost(const struct sendtrace_lost *lost)
{
	uint64_t sum = 0;

	for (int i = 0; i < SENDTRACE_LOST_REASONS; i++)
		sum += lost->reasons[i];
	check(lost->count > 0, "expected a LOST record to count events");
	check_equal(sum, lost->count, "the sum of a LOST record's reasons");
	check_equal(lost->rec.size, sizeof(*lost), "the size of a LOST record");
}

void check_sequence(const struct records *records)
{
	uint64_t next[CPUS_MAX] = { 0 };

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_record *record = records->record[i];
		const struct sendtrace_lost *lost = (const void *)record;

		if (record->cpu >= CPUS_MAX)
			die("a record of CPU %u", record->cpu);
		check_equal(record->seq, next[record->cpu], "seq of record %zu, CPU %u",
			    i, record->cpu);
		if (record->type == SENDTRACE_RECORD_FRAGMENT)
			continue;
		next[record->cpu] = record->seq + 1;
		if (record->type != SENDTRACE_RECORD_LOST)
			continue;
		check_lost(lost);
		next[record->cpu] = record->seq + lost->count;
	}
}

static void check_zero_after(const char *from, size_t used, const char *what)
{
	for (size_t i = used; i < padded(used); i++)
		check(from[i] == 0, "expected the padding of %s to be zero", what);
}

static void check_event(const struct sendtrace_event *event)
{
	const char *payload = event_payload(event);

	check(event->enter_time <= event->rec.time,
	      "expected a call to return after it was entered");
	check_equal(event->rec.header_size, sizeof(*event), "header_size");
	check_equal(event->rec.size,
		    sizeof(*event) + padded(event->local_len) + padded(event->peer_len) +
			    padded(event->cap_len),
		    "a record's size, compared with its contents");
	check_zero_after(event_local(event), event->local_len, "the local address");
	check_zero_after(event_peer(event), event->peer_len, "the peer's address");
	check_zero_after(payload, event->cap_len, "the payload");
	check(memchr(event->comm, 0, sizeof(event->comm)), "comm is ended by NUL");
	check(memchr(event->process, 0, sizeof(event->process)),
	      "process is ended by NUL");
}

static void check_fragment(const struct sendtrace_fragment *fragment)
{
	const char *payload = (const char *)fragment + fragment->rec.header_size;

	check_equal(fragment->rec.size, sizeof(*fragment) + padded(fragment->cap_len),
		    "a fragment's size, compared with its contents");
	check(fragment->cap_len > 0, "a fragment has bytes");
	check_zero_after(payload, fragment->cap_len, "a fragment");
}

void check_records(const struct records *records)
{
	uint64_t time[CPUS_MAX] = { 0 };

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_record *record = records->record[i];

		check_equal(record->reserved, 0, "reserved of record %zu", i);
		check(record->cpu < CPUS_MAX && record->time >= time[record->cpu],
		      "expected ascending times on one CPU, record %zu", i);
		time[record->cpu % CPUS_MAX] = record->time;
		if (as_event(record))
			check_event(as_event(record));
		if (record->type == SENDTRACE_RECORD_FRAGMENT)
			check_fragment((const void *)record);
	}
}
