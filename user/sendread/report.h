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
 * @skipped: events that came and are not to be printed
 * @unprinted: events that were captured and are to be printed, but the output did not take them
 * @cut: lines with less payload than was sent, for each reason of sendtrace_why()
 * @lost: events lost, for each enum sendtrace_lost_reason, as LOST records report
 * @unreported: events that are missing in the sequence and that no LOST record reports
 * @unknown: records of types that are not known
 * @forgotten: sockets whose sums had to go, as sums_forgotten()
 * @keep_failed: report_kept() has printed why
 * @counted: what the session's counters say of the same losses, of calls missed, and of events
 *	that may stand before earlier ones; 0 for a saved stream, which has none
 * @earlier: losses that the counters had when they were asked last
 * @pending: what was not printed yet; @counted: some of @lost is known by the counters alone,
 *	which name no CPU; @end: the trace has ended
 * @said: when losses were printed last; milliseconds of clock_ms(), 0 for never
 */
struct tally {
	uint64_t printed;
	uint64_t skipped;
	uint64_t unprinted;
	uint64_t cut[SENDTRACE_WHYS];
	__u64 lost[SENDTRACE_LOST_REASONS];
	__u64 unreported;
	uint64_t unknown;
	uint64_t forgotten;
	_Bool keep_failed;
	struct {
		__u64 lost[SENDTRACE_LOST_REASONS];
		__u64 missed;
		__u64 early;
	} counted;
	__u64 earlier[SENDTRACE_LOST_REASONS];
	struct {
		__u64 lost[SENDTRACE_LOST_REASONS];
		__u64 unreported;
		__u64 missed;
		uint32_t first_cpu;
		uint32_t last_cpu;
		_Bool any;
		_Bool counted;
		_Bool end;
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

/* Count an event that was printed. Return: whether it is cut; then report_kept() is due. */
static inline _Bool report_printed(struct tally *tally, const struct sendtrace_item *item)
{
	tally->printed++;
	if (!sendtrace_is_cut(item))
		return 0;
	report_cut(tally, item);
	return 1;
}

/* Count a record with sendtrace_is_unknown(); the first one is printed. */
void report_unknown(struct tally *tally, const struct sendtrace_item *item);

/* Print once why parts of payloads are lost, if they are. */
void report_kept(struct tally *tally, const struct sendtrace *trace);

/* Count the events that are missing at a gap; report_pending() prints them. */
void report_gap(struct tally *tally, const struct sendtrace_item *item);

/*
 * Compare the counters of the session with what its records report: a loss that no record
 * reports within two calls is pending, and so are calls missed.
 */
void report_counters(struct tally *tally, const struct sendtrace_stats *stats);

/**
 * report_end - compare for the last time, after the last record
 * @tally: all that was shown
 * @stats: counters of the session, which was stopped
 * @count: lines that are enough; 0 for no end
 *
 * What no record reports is pending now, @tally->unprinted is known, and @tally->unreported
 * has only what the counters do not know either.
 */
void report_end(struct tally *tally, const struct sendtrace_stats *stats, uint64_t count);

/*
 * Print pending losses and calls missed, at most once a second unless @now.
 * Return: milliseconds until the rest may be printed, -1 if there is none.
 */
int report_pending(struct tally *tally, _Bool now);

/* The counters, in tcpdump's words. */
void report_summary(const struct tally *tally, struct sendtrace *trace);

/* What was to be sorted, but is not in its place; a part of the summary. */
void report_order(const struct sendtrace *trace);

#endif /* _SENDREAD_REPORT_H */
