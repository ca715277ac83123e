/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_REPORT_H
#define _SENDREAD_REPORT_H

/* What sendread says beside the lines themselves: when it listens, losses, the summary. */
#include <stdint.h>
#include <linux/sendtrace.h>

#include "decode.h"

struct options;
struct reader;
struct record;

enum {
	REPORT_WHYS = WHY_UNJOINED + 1
};

/**
 * struct tally - what came, and what did not
 * @printed: lines
 * @cut: of them those with less payload than was sent, for each enum sendtrace_why
 * @lost: events lost, for each enum sendtrace_lost_reason, as LOST records told
 * @untold: events that are missing in the sequence, and no record told
 * @pending: losses that were not yet said on stderr
 * @said: when losses were last said there; milliseconds
 */
struct tally {
	uint64_t printed;
	uint64_t cut[REPORT_WHYS];
	__u64 lost[SENDTRACE_LOST_REASONS];
	__u64 untold;
	struct {
		__u64 lost[SENDTRACE_LOST_REASONS];
		__u64 untold;
		uint32_t first_cpu;
		uint32_t last_cpu;
		_Bool any;
	} pending;
	int64_t said;
};

/* Which of the pids to be shown are those of no process; said before that it listens. */
void report_absent(const struct sendtrace_filter *filter);

/* The probes are armed. */
void report_listening(const struct options *options, const struct reader *reader,
		      const struct sendtrace_config *config);

/* What is in force, for --verbose. */
void report_versions(const struct reader *reader, const struct sendtrace_config *config);

/* Count a payload of which less was printed than was sent. */
void report_cut(struct tally *tally, const struct record *record);

/* Count an event that was printed. */
static inline void report_printed(struct tally *tally, const struct record *record)
{
	tally->printed++;
	if (event_is_cut(record))
		report_cut(tally, record);
}

/* Count the losses that a LOST record tells. */
void report_lost(struct tally *tally, const struct record *record);

/* Count a step in the sequence of @record's CPU that no LOST record told. */
void report_untold(struct tally *tally, const struct record *record, uint64_t expected);

/*
 * Say the losses that are pending, not more often than once in a second unless @now.
 * Return: milliseconds until the rest may be said, -1 if there is none.
 */
int report_pending(struct tally *tally, _Bool now);

/* The counters, in tcpdump's words. */
void report_summary(const struct tally *tally, struct reader *reader);

#endif /* _SENDREAD_REPORT_H */
