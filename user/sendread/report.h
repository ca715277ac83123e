/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_REPORT_H
#define _SENDREAD_REPORT_H

/* What sendread prints besides the lines: that it listens, losses, the summary. */
#include <stdint.h>

#include "sendtrace.h"

struct options;

/**
 * struct tally - what came, and what did not
 * @printed: lines
 * @cut: lines with less payload than was sent, for each reason of sendtrace_why()
 * @lost: events lost, for each enum sendtrace_lost_reason, as LOST records report
 * @unreported: events that are missing in the sequence and that no LOST record reports
 * @pending: losses that were not printed yet
 * @said: when losses were printed last; milliseconds of clock_ms(), 0 for never
 */
struct tally {
	uint64_t printed;
	uint64_t cut[SENDTRACE_WHYS];
	__u64 lost[SENDTRACE_LOST_REASONS];
	__u64 unreported;
	struct {
		__u64 lost[SENDTRACE_LOST_REASONS];
		__u64 unreported;
		uint32_t first_cpu;
		uint32_t last_cpu;
		_Bool any;
	} pending;
	int64_t said;
};

/*
 * The probes are armed: print what the options ask for, and warn of calls that will not be
 * seen. Nothing for a saved stream.
 */
void report_started(const struct options *options, const struct sendtrace *trace,
		    const struct sendtrace_config *config);

/* The message of report_started() that sendread listens. */
void report_listening(const struct options *options, const struct sendtrace *trace,
		      const struct sendtrace_config *config);

/* Count a payload of which less was printed than was sent. */
void report_cut(struct tally *tally, const struct sendtrace_item *item);

/* Count an event that was printed. */
static inline void report_printed(struct tally *tally, const struct sendtrace_item *item)
{
	tally->printed++;
	if (sendtrace_is_cut(item))
		report_cut(tally, item);
}

/* Count the events that are missing at a gap; report_pending() prints them. */
void report_gap(struct tally *tally, const struct sendtrace_item *item);

/*
 * Print pending losses, at most once a second unless @now.
 * Return: milliseconds until the rest may be printed, -1 if there is none.
 */
int report_pending(struct tally *tally, _Bool now);

/* The counters, in tcpdump's words. */
void report_summary(const struct tally *tally, struct sendtrace *trace);

/* What was to be sorted, but is not in its place; a part of the summary. */
void report_order(const struct sendtrace *trace);

#endif /* _SENDREAD_REPORT_H */
