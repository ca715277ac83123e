// SPDX-License-Identifier: GPL-2.0
/* The loop: records to the sink, losses to the report, and waiting in between. */
#include "tracer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "signals.h"

enum {
	/* Records between two looks at the clock while records keep coming. */
	TICK_RECORDS = 1024
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

/* ---- Records -------------------------------------------------------------------- */

static bool counted_out(const struct tracer *tracer)
{
	return tracer->options.count && tracer->tally.printed >= tracer->options.count;
}

static bool enough(const struct tracer *tracer)
{
	return counted_out(tracer) || *signals_give_up() ||
	       (signals_stop() && !tracer->stopping);
}

/* A saved stream has accepts whether they are asked for or not. */
static bool is_asked_for(const struct tracer *tracer, const struct sendtrace_item *item)
{
	return item->rec.type == SENDTRACE_RECORD_SEND ||
	       (item->rec.type == SENDTRACE_RECORD_ACCEPT && tracer->options.accepts);
}

/* Return: 0, or an error of the output. */
static int show(struct tracer *tracer, const struct sendtrace_item *item)
{
	int err = 0;

	if (sendtrace_is_gap(item)) {
		report_gap(&tracer->tally, item);
		report_pending(&tracer->tally, false);
		err = sink_gap(tracer->sink, item);
	}
	if (!err && is_asked_for(tracer, item)) {
		err = sink_record(tracer->sink, item);
		report_printed(&tracer->tally, item);
	}
	return err;
}

static int flush(struct tracer *tracer)
{
	int err = sink_flush(tracer->sink);

	tracer->output_failed |= err;
	return err;
}

static void summarize_if_asked(struct tracer *tracer)
{
	if (!signals_take_summary())
		return;
	flush(tracer);
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
		if (got) {
			tracer->output_failed = true;
			return got;
		}
		summarize_if_asked(tracer);
		if (++records % TICK_RECORDS == 0)
			tick(tracer);
	}
	return 0;
}

/* ---- Waiting -------------------------------------------------------------------- */

/*
 * How long to wait for records: until losses are to be printed, the probes to be checked, or
 * the sink's tick to be due. Return: milliseconds, -1 for no limit.
 */
static int time_to_wait(struct tracer *tracer)
{
	int timeout = report_pending(&tracer->tally, false);

	timeout = clock_sooner(timeout, blind_check(&tracer->blind, tracer->trace));
	return clock_sooner(timeout, tick(tracer));
}

/* Return: 0, -EPIPE if nobody reads our output any more, or another errno. */
static int wait_for_more(struct tracer *tracer)
{
	struct pollfd fds[] = {
		{ .fd = -1 },
		{ .fd = tracer->signal_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 },
	};
	int timeout = time_to_wait(tracer);

	sendtrace_poll_before(tracer->trace, &fds[0], &timeout);
	if (poll(fds, 3, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[1].revents)
		signals_acknowledge();
	if (fds[2].revents & POLLERR)
		return -EPIPE;
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

/* The rest of what is sorted may need several steps. Return: as show_all(). */
static int show_rest(struct tracer *tracer)
{
	int err;

	do {
		err = show_all(tracer);
	} while (!err && !enough(tracer));
	return err;
}

int tracer_run(struct tracer *tracer)
{
	int err = show_until_enough(tracer);

	signals_stop_after(0);
	tracer->stopping = true;
	/* The kernel stops first: what is sent from now on is not waited for. */
	if (sendtrace_stop(tracer->trace) == 0 && !err)
		err = show_rest(tracer);
	report_pending(&tracer->tally, true);
	return flush(tracer) ?: err;
}
