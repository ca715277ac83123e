// SPDX-License-Identifier: GPL-2.0
/* sendread - what processes send, and to whom, as lines of text */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "report.h"
#include "signals.h"
#include "start.h"
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

static int complain(const struct tracer *tracer, int err)
{
	const char *device = tracer->options.device;
	struct sendtrace_order_stats order;

	sendtrace_get_order_stats(tracer->trace, &order);
	if (tracer->output_failed)
		message("cannot write to standard output: %s", strerror(-err));
	else if (order.error)
		message("--sort cannot use its temporary file: %s; expected room for the stream "
			"in TMPDIR, or /tmp",
			strerror(-err));
	else if (err == -EBADMSG)
		complain_corrupt(sendtrace_get_fault(tracer->trace));
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
	/* Somebody closed the pipe, or interrupted twice: print no more. */
	if (err == -EPIPE || err == -EINTR)
		return EXIT_DONE;
	if (err && err != -ENODATA)
		status = complain(tracer, err);
	if (!tracer->options.quiet)
		report_summary(&tracer->tally, tracer->trace);
	else
		report_order(tracer->trace);
	return tracer->tally.unreported ? EXIT_FAILED : status;
}

static int open_output(struct tracer *tracer)
{
	tracer->signal_fd = signals_init();
	if (tracer->signal_fd < 0) {
		message("cannot catch signals: %s", strerror(-tracer->signal_fd));
		return tracer->signal_fd;
	}
	tracer->sink = tracer->options.sink_new(STDOUT_FILENO, signals_give_up());
	if (tracer->sink)
		return 0;
	message("no memory for the output");
	return -ENOMEM;
}

static int trace(struct tracer *tracer)
{
	struct sendtrace_config config = { .snaplen = 0 };
	int err, status;

	err = open_output(tracer);
	if (!err)
		err = start_source(&tracer->options, &tracer->trace, &config);
	if (err) {
		status = err == -ERANGE ? EXIT_USAGE : EXIT_FAILED;
	} else {
		report_started(&tracer->options, tracer->trace, &config);
		signals_stop_after(tracer->options.duration);
		status = run(tracer);
	}
	sendtrace_close(tracer->trace);
	sink_free(tracer->sink);
	return status;
}

/* ---- The command line ----------------------------------------------------------- */

/* Otherwise the device could become standard output, and be written to. */
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

	message_set_program("sendread");
	open_missing_stdio();
	if (options_parse(&tracer.options, argc, argv))
		return wrong_usage(&tracer.options);
	if (tracer.options.action == OPTIONS_HELP)
		return print_usage();
	if (tracer.options.action == OPTIONS_VERSION)
		return print_version();
	return trace(&tracer);
}
