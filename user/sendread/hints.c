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

/* Whether another process can read our output. */
static bool output_has_readers;

static int check_not_readers(int err)
{
	if (!process_ids_are_global()) {
		message("--not-readers finds processes by their ids, expected the host's PID "
			"namespace");
		return -EPERM;
	}
	if (err)
		message("--not-readers cannot look for the processes that read these lines: %s; "
			"expected CAP_SYS_PTRACE",
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

static void begin_readers(const struct options *options)
{
	struct readers readers;

	if (!output_has_readers || (options->quiet && !options->not_readers))
		return;
	readers_find(getpid(), &readers);
	if (options->not_readers)
		left_out_begin(&readers);
	else
		readers_warn(&readers, &options->filter);
}

void hints_begin(const struct options *options)
{
	if (!process_ids_are_global())
		return;
	begin_readers(options);
	if (!options->quiet)
		names_hint(&options->filter);
}

void hints_output(const struct options *options)
{
	if (!options->quiet)
		readers_warn_of_mode(STDOUT_FILENO);
}

void hints_end(const struct options *options, uint64_t printed)
{
	struct unseen unseen;

	if (options->quiet)
		return;
	left_out_say();
	if (printed == 0 && scout_count_unseen(&unseen))
		unseen_say(&unseen);
}
