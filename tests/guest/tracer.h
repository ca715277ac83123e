/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader of /dev/sendtrace for the tests, written from the uapi header alone. What
 * fails here ends the case.
 */
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sendtrace.h>

struct ring {
	struct sendtrace_consumer *consumer;
	const struct sendtrace_producer *producer;
	uint64_t tail;
};

struct tracer {
	int fd;
	struct sendtrace_info info;
	struct sendtrace_config config;
	/* NULL: read() is used. */
	struct ring *rings;
};

/* Copied records in the order in which they were read. */
struct records {
	size_t number;
	struct sendtrace_record **record;
};

/* Open the device, non-blocking, and ask for INFO. */
void tracer_open(struct tracer *tracer);
void tracer_close(struct tracer *tracer);

/* CONFIG; 0 means the default. */
void tracer_config(struct tracer *tracer, uint32_t ring_size, uint32_t snaplen,
		   uint32_t events);

/* The same with the default snap length, and SENDTRACE_CALL_BIT() of each call in @calls. */
void tracer_config_calls(struct tracer *tracer, uint32_t ring_size, uint64_t calls);

/* FILTER with one pattern; NULL matches everything. */
void tracer_filter(struct tracer *tracer, const char *pattern);
void tracer_start(struct tracer *tracer);
void tracer_stop(struct tracer *tracer);
struct sendtrace_stats tracer_stats(struct tracer *tracer);

/* Map all rings; from then on records are read from them. */
void tracer_map(struct tracer *tracer);

/* Add all available records. */
void tracer_read(struct tracer *tracer, struct records *records);

/* tracer_open(), CONFIG with defaults, the filter, mapped or not, START. */
void tracer_begin(struct tracer *tracer, const char *pattern, bool mapped);

/* Add the records in @bytes; check that they are whole. */
void records_add(struct records *records, const void *bytes, size_t len);

/* Forget them all. */
void records_free(struct records *records);

/* The record, if it is an event. */
const struct sendtrace_event *as_event(const struct sendtrace_record *record);

/* The nth event; dies if there is none. */
const struct sendtrace_event *event_at(const struct records *records, size_t nth);

/* What follows an event's fixed part. */
const void *event_local(const struct sendtrace_event *event);
const void *event_peer(const struct sendtrace_event *event);
const void *event_payload(const struct sendtrace_event *event);

/*
 * The whole payload of an event with its fragments joined; the caller frees it. Check that
 * it has as many bytes as the event says.
 */
char *joined_payload(const struct records *records, const struct sendtrace_event *event);

/* Check that on no CPU a record is missing that no LOST record counts. */
void check_sequence(const struct records *records);

/* Check that padding and reserved fields are zero and that times make sense. */
void check_records(const struct records *records);

#endif /* TRACER_H */
