// SPDX-License-Identifier: GPL-2.0
/* sendread - what processes send, and to whom, as lines of text */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "blind.h"
#include "text.h"
#include "message.h"
#include "options.h"
#include "out.h"
#include "sendtrace.h"
#include "report.h"
#include "start.h"
#include "signals.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct tracer {
	struct options options;
	struct reader *reader;
	bool session;
	bool stopping; /* the kernel records no more: what is left is still wanted */
	bool busy; /* records came since we last slept */
	int signal_fd;
	struct blind blind;
	struct tally tally;
};

/*
 * Once records come, more are likely to: instead of being woken for each, we look for them
 * that much later. Only where nothing came do we ask to be woken, so that a lone record is
 * shown at once and the sender is spared the wake-ups when there are many.
 */
enum {
	NAP_MS = 2
};

/* Static: its buffer is too large for the stack. */
static struct out out = { .fd = STDOUT_FILENO };

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

static void show_event(struct tracer *tracer, const struct record *record)
{
	if (record->rec.type == SENDTRACE_RECORD_SEND)
		format_text_send(&out, record);
	else if (tracer->options.accepts)
		format_text_accept(&out, record);
	else
		return; /* a saved stream has them whether they are wanted or not */
	report_printed(&tracer->tally, record);
}

static void show(struct tracer *tracer, const struct record *record)
{
	uint64_t expected;

	if (reader_untold(tracer->reader, &expected)) {
		report_untold(&tracer->tally, record, expected);
		report_pending(&tracer->tally, false);
	}
	switch (record->rec.type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_ACCEPT:
		show_event(tracer, record);
		break;
	case SENDTRACE_RECORD_LOST:
		report_lost(&tracer->tally, record);
		report_pending(&tracer->tally, false);
		break;
	default:
		break; /* of a newer module */
	}
}

static void summarize(struct tracer *tracer)
{
	out_flush(&out);
	report_summary(&tracer->tally, tracer->reader);
}

/* Return: 0 when there is nothing now, or it is enough, or a negative errno. */
static int show_all(struct tracer *tracer)
{
	struct record record;
	int got;

	while (!enough(tracer) && !out.error) {
		got = reader_next(tracer->reader, &record);
		if (got <= 0)
			return got;
		tracer->busy = true;
		show(tracer, &record);
		if (signals_take_summary())
			summarize(tracer);
	}
	return out.error;
}

/* ---- Waiting -------------------------------------------------------------------- */

/* Return: 0, -EPIPE if nobody reads our output any more, or another errno. */
static int wait_for_more(struct tracer *tracer)
{
	struct pollfd fds[] = {
		{ .fd = reader_fd(tracer->reader), .events = POLLIN },
		{ .fd = tracer->signal_fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO, .events = 0 },
	};
	int timeout = report_pending(&tracer->tally, false);

	if (tracer->session)
		blind_check(&tracer->blind, tracer->reader);
	if (tracer->session && (timeout < 0 || timeout > BLIND_CHECK_MS))
		timeout = BLIND_CHECK_MS;
	if (tracer->session && tracer->busy) {
		fds[0].fd = -1;
		timeout = NAP_MS;
	}
	tracer->busy = false;
	if (poll(fds, 3, timeout) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[1].revents)
		signals_acknowledge();
	if (fds[2].revents & POLLERR)
		return -EPIPE;
	/* A saved stream's end is seen by read(); only a session can be taken away. */
	if (tracer->session && (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)))
		return -ENODEV;
	return 0;
}

/* Return: 0 when asked to end, -ENODATA at the end of the stream, or another errno. */
static int trace(struct tracer *tracer)
{
	int err = 0;

	while (!err && !enough(tracer)) {
		err = show_all(tracer);
		if (err || enough(tracer))
			break;
		err = out_flush(&out);
		if (!err)
			err = wait_for_more(tracer);
		if (signals_take_summary())
			summarize(tracer);
	}
	return err;
}

/* The kernel stops first: what senders do from now on is not waited for. */
static int finish(struct tracer *tracer, int err)
{
	signals_stop_after(0);
	tracer->stopping = true;
	if (tracer->session && reader_stop(tracer->reader) == 0 && !err)
		err = show_all(tracer);
	report_pending(&tracer->tally, true);
	return out_flush(&out) ?: err;
}

/* ---- The whole ------------------------------------------------------------------ */

static int complain(const struct tracer *tracer, int err)
{
	const struct fault *fault = reader_fault(tracer->reader);

	if (err == -EBADMSG)
		message("corrupt record at %s: %s%s", fault->where, fault->text,
			tracer->session ? "" :
					  "; is it all that 'cat " SENDTRACE_DEVICE
					  "' wrote?");
	else if (out.error)
		message("cannot write to standard output: %s", strerror(-err));
	else if (err == -ENODEV)
		message("'%s' ended the session by itself, expected it to run until "
			"sendread stops it",
			tracer->options.device);
	else
		message("cannot read '%s': %s", tracer->options.device, strerror(-err));
	return EXIT_FAILED;
}

static int run(struct tracer *tracer)
{
	int err, status = EXIT_DONE;

	err = finish(tracer, trace(tracer));
	/* Whoever closed the pipe, or interrupted twice, wants no more words. */
	if (err == -EPIPE || err == -EINTR)
		return EXIT_DONE;
	if (err && err != -ENODATA)
		status = complain(tracer, err);
	if (!tracer->options.quiet)
		report_summary(&tracer->tally, tracer->reader);
	return tracer->tally.untold ? EXIT_FAILED : status;
}

static int open_session(struct tracer *tracer)
{
	struct sendtrace_config config;
	int err;

	err = session_start(&tracer->options, &tracer->reader, &config);
	if (err)
		return err;
	if (tracer->options.verbose)
		report_versions(tracer->reader, &config);
	if (tracer->options.quiet)
		return 0;
	report_absent(&tracer->options.filter);
	report_listening(&tracer->options, tracer->reader, &config);
	return 0;
}

static int trace_as_asked(struct tracer *tracer)
{
	int err, status;

	tracer->signal_fd = signals_init();
	out.give_up = signals_give_up();
	if (tracer->signal_fd < 0) {
		message("cannot catch signals: %s", strerror(-tracer->signal_fd));
		return EXIT_FAILED;
	}
	if (tracer->session)
		err = open_session(tracer);
	else
		err = session_open_saved(&tracer->options, &tracer->reader);
	if (err)
		return err == -ERANGE ? EXIT_USAGE : EXIT_FAILED;
	signals_stop_after(tracer->options.duration);
	status = run(tracer);
	reader_free(tracer->reader);
	return status;
}

/* Else the device could become standard output, and be written to. */
static void open_missing_stdio(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

static int print_usage(void)
{
	options_usage(stdout);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int print_version(void)
{
	printf("sendread %s (ABI %d)\n", SENDTRACE_VERSION, SENDTRACE_ABI);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

static int wrong_usage(const struct options *options)
{
	message("%s", options->error);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct tracer tracer;
	int saved;

	open_missing_stdio();
	if (options_parse(&tracer.options, argc, argv))
		return wrong_usage(&tracer.options);
	if (tracer.options.action == OPTIONS_HELP)
		return print_usage();
	if (tracer.options.action == OPTIONS_VERSION)
		return print_version();
	saved = session_is_saved(&tracer.options);
	if (saved < 0)
		return EXIT_FAILED;
	tracer.session = !saved;
	if (options_check_source(&tracer.options, tracer.session))
		return wrong_usage(&tracer.options);
	return trace_as_asked(&tracer);
}
