// SPDX-License-Identifier: GPL-2.0
/* The loop: records to the sink, losses to the report, and waiting in between. */
#include "tracer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "left_out.h"
#include "signals.h"
#include "tls.h"
#include "ways.h"

enum {
	/* Records between two looks at the clock while records keep coming. */
	TICK_RECORDS = 1024,
	CHECK_MS = 1000,
};

/* Call the sink if it is due. Return: milliseconds until it is due again, -1 for never. */
static int tick(struct tracer *tracer)
{
	int64_t now = clock_ms();
	int wait;

	if (tracer->next_tick == INT64_MAX)
		return -1;
	if (now < tracer->next_tick)
		return (int)(tracer->next_tick - now);
	wait = sink_tick(tracer->sink);
	tracer->next_tick = wait < 0 ? INT64_MAX : now + wait;
	return wait;
}

/*
 * Ask the session's counters if it is time: for losses that no record tells, and for probes
 * that see nothing. Return: milliseconds until it is time again, -1 for a saved stream.
 */
static int check(struct tracer *tracer)
{
	int64_t now = clock_ms();
	struct sendtrace_stats stats;

	if (now < tracer->next_check)
		return (int)(tracer->next_check - now);
	if (sendtrace_get_stats(tracer->trace, &stats))
		return -1;
	tracer->next_check = now + CHECK_MS;
	blind_check(&tracer->blind, &stats);
	report_counters(&tracer->tally, &stats);
	return CHECK_MS;
}

/* What is due from time to time. Return: milliseconds until something is due, -1 for never. */
static int look_around(struct tracer *tracer)
{
	int timeout = check(tracer);

	timeout = clock_sooner(timeout, report_pending(&tracer->tally, false));
	return clock_sooner(timeout, tick(tracer));
}

/* ---- Records -------------------------------------------------------------------- */

static bool counted_out(const struct tracer *tracer)
{
	return tracer->tally.printed >= tracer->enough;
}

static bool enough(const struct tracer *tracer)
{
	return counted_out(tracer) || signals_give_up() ||
	       (signals_stop() && !tracer->stopping);
}

/* Calls that are all of a type are shown, also such that only a newer module knows. */
static bool has_whole_type(const struct tracer *tracer, uint16_t type)
{
	uint64_t calls = ways_of_type(type);

	return calls && !(calls & ~tracer->options.calls);
}

/* A saved stream has calls that were not asked for. */
static bool is_asked_for(const struct tracer *tracer, const struct sendtrace_item *item)
{
	uint16_t call = item->event.call;

	if (!sendtrace_is_event(item))
		return false;
	if (call == SENDTRACE_CALL_UNKNOWN || call >= SENDTRACE_CALLS)
		return has_whole_type(tracer, item->rec.type);
	return tracer->options.calls >> call & 1;
}

/* The first error of the output: lines that it had taken before may not have got out. */
static int note_output(struct tracer *tracer, int err)
{
	uint64_t unwritten;

	if (!err || tracer->output_failed)
		return err;
	tracer->output_failed = true;
	unwritten = sink_unwritten(tracer->sink);
	tracer->tally.printed -= unwritten;
	tracer->tally.unprinted += unwritten;
	return err;
}

/* Always inline, although it has two callers: most events come by the one that matters. */
static inline __attribute__((always_inline)) int
show_event(struct tracer *tracer, const struct sendtrace_item *item)
{
	int err = sink_record(tracer->sink, item);

	if (err)
		tracer->tally.unprinted++;
	else if (report_printed(&tracer->tally, item))
		report_kept(&tracer->tally, tracer->trace);
	return err;
}

/* All but the usual case. Return: as show(). */
static __attribute__((noinline)) int show_any(struct tracer *tracer,
					      const struct sendtrace_item *item)
{
	int err = 0;

	if (sendtrace_is_gap(item)) {
		report_gap(&tracer->tally, item);
		report_pending(&tracer->tally, false);
		err = sink_gap(tracer->sink, item);
	}
	if (!err && is_asked_for(tracer, item) && !left_out_has(item->event.pid))
		err = show_event(tracer, item);
	else if (sendtrace_is_unknown(item))
		report_unknown(&tracer->tally, item);
	else if (!err && sendtrace_is_event(item))
		tracer->tally.skipped++;
	/* Also what is not shown: the sums are those of all that was traced. */
	if (tracer->sums && sendtrace_is_event(item))
		sums_note(tracer->sums, item);
	return note_output(tracer, err);
}

/* Return: 0, or an error of the output. */
static inline int show(struct tracer *tracer, const struct sendtrace_item *item)
{
	uint16_t type = item->rec.type;
	int err;

	if (item->missing || type >= 32 || !(tracer->plain_types >> type & 1) ||
	    item->event.call > tracer->plain_call)
		return show_any(tracer, item);
	err = show_event(tracer, item);
	return err ? note_output(tracer, err) : 0;
}

static int flush(struct tracer *tracer)
{
	return note_output(tracer, sink_flush(tracer->sink));
}

static void note_forgotten(struct tracer *tracer)
{
	if (tracer->sums)
		tracer->tally.forgotten = sums_forgotten(tracer->sums);
}

static void summarize_if_asked(struct tracer *tracer)
{
	if (!signals_take_summary())
		return;
	flush(tracer);
	note_forgotten(tracer);
	report_summary(&tracer->tally, tracer->trace);
}

/* Return: 0 when there is nothing now, or it is enough, or a negative errno. */
static int show_all(struct tracer *tracer)
{
	const struct sendtrace_item *item;
	unsigned int records = 0;
	int got;

	while (!enough(tracer)) {
		got = sendtrace_next(tracer->trace, &item);
		if (got <= 0)
			return got;
		got = show(tracer, item);
		if (got)
			return got;
		summarize_if_asked(tracer);
		if (++records % TICK_RECORDS == 0)
			look_around(tracer);
	}
	return 0;
}

/* ---- Waiting -------------------------------------------------------------------- */

/* Return: 0, -EPIPE if nobody reads our output any more, or another errno. */
static int wait_for_more(struct tracer *tracer)
{
	struct pollfd fds[] = {
		{ .fd = -1 },
		{ .fd = tracer->signal_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 },
		{ .fd = tls_fd(), .events = 0 },
	};
	int timeout = look_around(tracer);

	sendtrace_poll_before(tracer->trace, &fds[0], &timeout);
	if (poll(fds, 4, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[1].revents)
		signals_acknowledge();
	if (fds[2].revents & POLLERR)
		return -EPIPE;
	if (fds[3].revents)
		tls_has_ended();
	return sendtrace_poll_after(tracer->trace, &fds[0]);
}

/* ---- The whole ------------------------------------------------------------------ */

static int show_until_enough(struct tracer *tracer)
{
	int err = 0;

	while (!err && !enough(tracer)) {
		err = show_all(tracer);
		if (err || enough(tracer))
			break;
		err = flush(tracer);
		if (!err)
			err = wait_for_more(tracer);
		summarize_if_asked(tracer);
	}
	return err;
}

/*
 * The kernel stops first: what is sent from now on is not waited for. A signal's handler may
 * have stopped it already. Return: as sendtrace_stop().
 */
static int stop(struct tracer *tracer)
{
	int err = sendtrace_stop(tracer->trace);

	tracer->stopping = true;
	/* Only a session has an end that its output must not delay. */
	if (sendtrace_get_info(tracer->trace))
		signals_time_is_up();
	return err;
}

/*
 * The rest of what is sorted may need several steps. Return: 0 when it is enough, -ENODATA after
 * the last, or another negative errno.
 */
static int show_rest(struct tracer *tracer)
{
	int err;

	do {
		err = show_all(tracer);
	} while (!err && !enough(tracer));
	return err;
}

/* What records, counters and lines say must add up. */
static void settle(struct tracer *tracer)
{
	struct sendtrace_stats stats;

	if (!sendtrace_get_stats(tracer->trace, &stats))
		report_end(&tracer->tally, &stats, tracer->options.count);
	report_pending(&tracer->tally, true);
	note_forgotten(tracer);
}

int tracer_init(struct tracer *tracer)
{
	if (!(tracer->options.calls & ways_of_type(SENDTRACE_RECORD_CLOSE)))
		return 0;
	tracer->sums = sums_new(SUMS_SOCKETS);
	tracer->sink->sums = tracer->sums;
	return tracer->sums ? 0 : -ENOMEM;
}

void tracer_free(struct tracer *tracer)
{
	sums_free(tracer->sums);
}

static void find_plain_types(struct tracer *tracer)
{
	uint16_t type;

	tracer->plain_types = 0;
	tracer->plain_call = ways_tls() & ~tracer->options.calls ? SENDTRACE_CALL_CLOSE :
								   UINT16_MAX;
	for (type = 0; type < 32; type++)
		if (has_whole_type(tracer, type) && !left_out.on && !tracer->sums)
			tracer->plain_types |= 1U << type;
}

int tracer_run(struct tracer *tracer)
{
	bool stopped_early;
	int err, stopped;

	find_plain_types(tracer);
	tracer->enough = tracer->options.count ? tracer->options.count : UINT64_MAX;
	err = show_until_enough(tracer);
	stopped_early = !err && !counted_out(tracer) &&
			!sendtrace_get_info(tracer->trace);
	stopped = stop(tracer);

	if (!err && (!stopped || stopped == -EALREADY))
		err = show_rest(tracer);
	/* What is sorted may have been read to its end before. */
	tracer->partial = stopped_early && (stopped != -EALREADY || signals_give_up());
	err = flush(tracer) ?: err;
	settle(tracer);
	return err;
}
