// SPDX-License-Identifier: GPL-2.0
/* sendread - what processes send and receive, and to whom, as lines of text */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hints.h"
#include "hits.h"
#include "message.h"
#include "options.h"
#include "report.h"
#include "scope.h"
#include "signals.h"
#include "start.h"
#include "tls.h"
#include "tracer.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* ---- Tracing -------------------------------------------------------------------- */

static void complain_corrupt(const struct sendtrace_fault *fault)
{
	message("corrupt record at %s: %s%s%s", fault->where, fault->text,
		*fault->hint ? "; " : "", fault->hint);
}

/* The end that was asked for, or that of the records. */
static bool is_end(int err)
{
	return !err || err == -ENODATA;
}

static const char *output_error(int err)
{
	switch (err) {
	case 0:
	case -ENODATA:
	case -EINTR:
		/* The second signal may also come while the output takes what it gets. */
		return "interrupted";
	case -ETIMEDOUT:
		return "nobody reads it";
	case -EFBIG:
		return "File too large (the limit is that of 'ulimit -f')";
	default:
		return strerror(-err);
	}
}

static void complain_output(const struct tracer *tracer, int err)
{
	uint64_t unprinted = tracer->tally.unprinted;

	if (unprinted)
		message("cannot write to standard output: %s, %llu event%s captured %s not "
			"printed",
			output_error(err), (unsigned long long)unprinted,
			unprinted == 1 ? "" : "s", unprinted == 1 ? "was" : "were");
	else
		message("cannot write to standard output: %s", output_error(err));
}

static int complain(const struct tracer *tracer, int err)
{
	const char *device = tracer->options.device;
	struct sendtrace_order_stats order;

	sendtrace_get_order_stats(tracer->trace, &order);
	if (tracer->output_failed || (is_end(err) && signals_give_up()))
		complain_output(tracer, err);
	else if (order.error)
		message("--sort cannot use its temporary file: %s; expected room for the stream "
			"in TMPDIR, or /tmp",
			strerror(-order.error));
	else if (err == -EBADMSG)
		complain_corrupt(sendtrace_get_fault(tracer->trace));
	else if (is_end(err))
		message("the rings held %llu events fewer than the kernel counted: please report "
			"this",
			(unsigned long long)tracer->tally.unprinted);
	else if (err == -ENODEV)
		message("the session of '%s' ended unexpectedly: 'dmesg' may say why. Run "
			"sendread again",
			device);
	else
		message("cannot read '%s': %s", device, strerror(-err));
	return EXIT_FAILED;
}

static int run(struct tracer *tracer)
{
	int err, status = EXIT_DONE;

	err = tracer_run(tracer);
	/* Somebody closed the pipe: print no more. */
	if (err == -EPIPE) {
		message_finish();
		return EXIT_DONE;
	}
	if (tracer->tally.unprinted || !is_end(err))
		status = complain(tracer, err);
	if (tracer->partial && !tracer->options.quiet)
		message("stopped before the end of the stream");
	if (!tracer->options.quiet)
		report_summary(&tracer->tally, tracer->trace);
	else
		report_order(tracer->trace);
	hits_end();
	if (is_end(err))
		hints_end(&tracer->options,
			  tracer->tally.printed + tracer->tally.unprinted);
	/* Losses that nobody could read of were not reported. */
	if (!message_finish() || signals_muted() || tracer->tally.unreported)
		status = EXIT_FAILED;
	return status;
}

static int open_output(struct tracer *tracer)
{
	tracer->signal_fd = signals_init();
	if (tracer->signal_fd < 0) {
		message("cannot catch signals: %s", strerror(-tracer->signal_fd));
		return tracer->signal_fd;
	}
	tracer->sink = tracer->options.sink_new(STDOUT_FILENO, signals_patience());
	if (tracer->sink && !tracer_init(tracer))
		return 0;
	message("no memory for the output");
	return -ENOMEM;
}

/* In a signal handler; the loop does it again. */
static void stop_session(void *trace)
{
	sendtrace_stop(trace);
}

/* From now on the end comes in time, whatever blocks: the messages, too. */
static int run_started(struct tracer *tracer, const struct sendtrace_config *config)
{
	int status;

	if (sendtrace_get_info(tracer->trace)) { /* live */
		signals_on_stop(stop_session, tracer->trace);
		scope_use_names();
	}
	signals_stop_after(tracer->options.duration);
	report_started(&tracer->options, tracer->trace, config);
	status = run(tracer);
	signals_on_stop(NULL, NULL);
	return status;
}

static int trace(struct tracer *tracer)
{
	struct sendtrace_config config = { .snaplen = 0 };
	int err, status;

	err = open_output(tracer);
	if (!err)
		err = start_source(&tracer->options, &tracer->trace, &config);
	if (err) {
		message_finish();
		status = err == -ERANGE ? EXIT_USAGE : EXIT_FAILED;
	} else {
		status = run_started(tracer, &config);
	}
	sendtrace_close(tracer->trace);
	tls_end();
	sink_free(tracer->sink);
	tracer_free(tracer);
	return status;
}

/* ---- The command line ----------------------------------------------------------- */

/*
 * Otherwise the device could become standard output, and be written to. What is missing stays
 * unusable: neither can standard input be read, nor the others be written to.
 */
static bool open_missing_stdio(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
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

	message_set_program("sendread");
	if (!open_missing_stdio()) {
		message("cannot open /dev/null in the place of a closed standard descriptor: %s",
			strerror(errno));
		return EXIT_FAILED;
	}
	if (options_parse(&tracer.options, argc, argv))
		return wrong_usage(&tracer.options);
	if (tracer.options.action == OPTIONS_HELP)
		return print_usage();
	if (tracer.options.action == OPTIONS_VERSION)
		return print_version();
	return trace(&tracer);
}
