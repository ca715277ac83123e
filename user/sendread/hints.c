// SPDX-License-Identifier: GPL-2.0
/* When which hint is printed. */
#include "hints.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "left_out.h"
#include "message.h"
#include "names.h"
#include "options.h"
#include "process.h"
#include "readers.h"
#include "scout.h"
#include "unseen.h"
#include "ways.h"

/* Whether another process can read our output. */
static bool output_has_readers;

static int check_not_readers(int err)
{
	if (!process_ids_are_global()) {
		message("--not-readers finds processes by their ids, expected the host's PID "
			"namespace");
		return -EPERM;
	}
	if (err == -EPERM)
		message("--not-readers looks for the processes that read these lines, expected "
			"CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH");
	else if (err == -EINTR)
		message("interrupted before the trace began");
	else if (err)
		message("--not-readers cannot look for the processes that read these lines: the "
			"helper does not answer (%s)",
			strerror(-err));
	return err;
}

int hints_prepare(const struct options *options)
{
	int err;

	output_has_readers = readers_init(STDOUT_FILENO);
	if (options->not_readers && output_has_readers)
		return check_not_readers(scout_start(&options->filter));
	if (options->quiet || !process_ids_are_global())
		return 0;
	/* Without it there is no hint at the end. */
	err = scout_start(&options->filter);
	(void)err;
	return 0;
}

/* The helper looks, since a signal must be able to end the wait. */
static int begin_readers(const struct options *options)
{
	struct readers readers;
	int err;

	if (!output_has_readers || (options->quiet && !options->not_readers))
		return 0;
	err = scout_find_readers(&readers);
	if (options->not_readers && !err)
		left_out_begin(&readers);
	else if (!err)
		readers_warn(&readers, &options->filter);
	return options->not_readers ? check_not_readers(err) : 0;
}

int hints_begin(const struct options *options)
{
	int err;

	if (!process_ids_are_global())
		return 0;
	err = begin_readers(options);
	if (!err && !options->quiet)
		names_hint(&options->filter);
	return err;
}

void hints_output(const struct options *options)
{
	if (!options->quiet)
		readers_warn_of_mode(STDOUT_FILENO);
}

void hints_end(const struct options *options, uint64_t events)
{
	struct unseen unseen;
	bool has_writes = options->calls & SENDTRACE_CALL_BIT(SENDTRACE_CALL_WRITE);

	if (options->quiet || events + left_out.number)
		return;
	if (!(options->calls & ~ways_tls()))
		message("no call of a TLS library was seen; without --tls, what goes through "
			"sockets is shown, as it is there");
	else if (!has_writes && scout_count_unseen(&unseen))
		unseen_say(&unseen);
}
