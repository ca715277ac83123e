// SPDX-License-Identifier: GPL-2.0
/* What sendread prints on standard error when it begins: that it listens, and to what. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "message.h"
#include "options.h"
#include "process.h"
#include "report.h"
#include "ways.h"
#include "words.h"

static void append_filter(struct words *words, const struct sendtrace_filter *filter)
{
	bool all = filter->nr_patterns == 0;
	uint32_t i;

	for (i = 0; i < filter->nr_patterns; i++)
		all |= strcmp(filter->patterns[i], ".") == 0;
	words_add(words, all ? "calls of everyone" : "calls of ");
	for (i = 0; !all && i < filter->nr_patterns; i++)
		words_add(words, "%s%s", i ? ", " : "", filter->patterns[i]);
	if (filter->nr_pids)
		words_add(words, filter->nr_pids > 1 ? " in processes " : " in process ");
	for (i = 0; i < filter->nr_pids; i++)
		words_add(words, "%s%u", i ? ", " : "", filter->pids[i]);
}

void report_listening(const struct options *options, const struct sendtrace *trace,
		      const struct sendtrace_config *config)
{
	unsigned int rings = sendtrace_rings(trace);
	struct words words = { .used = 0 };

	words.buffer[0] = '\0';
	append_filter(&words, &options->filter);
	message("listening: %s, snap length %u bytes, rings of %u KiB for each of %u CPU%s",
		words.buffer, config->snaplen, config->ring_size / 1024, rings,
		rings == 1 ? "" : "s");
}

/* The id of a thread that is not its process's first is no process id. */
static bool is_process(uint32_t pid)
{
	return syscall(SYS_tgkill, pid, pid, 0) == 0 || errno != ESRCH;
}

static void report_absent(const struct sendtrace_filter *filter)
{
	uint32_t i;

	if (!process_ids_are_global())
		return;
	for (i = 0; i < filter->nr_pids; i++)
		if (!is_process(filter->pids[i]))
			message("process %u does not exist yet: waiting for it (expected its id "
				"in the host's PID namespace)",
				filter->pids[i]);
}

/* A module without config.calls has set it to 0. */
static uint64_t calls_in_force(const struct sendtrace_config *config)
{
	uint64_t calls = config->calls;

	if (!calls && config->events & SENDTRACE_EVENTS_SEND)
		calls |= SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO);
	if (!config->calls && config->events & SENDTRACE_EVENTS_ACCEPT)
		calls |= SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT);
	return calls;
}

static void report_versions(const struct options *options,
			    const struct sendtrace_info *info,
			    const struct sendtrace_config *config)
{
	uint64_t calls = calls_in_force(config);
	struct words words = { .used = 0 };

	message("sendread %s, module sendtrace %s, ABI %u", SENDTRACE_VERSION,
		info->version, info->abi);
	ways_describe(&words, calls & ~info->calls_missing, calls);
	message("records of %s", words.buffer);
	message("at most %u bytes of payload per call; read %s",
		!info->late && info->inline_max < config->snaplen ? info->inline_max :
								    config->snaplen,
		options->use_read ? "by read()" : "from mapped rings");
}

/* What no counter shows. */
static void report_unseen(const struct sendtrace_info *info,
			  const struct sendtrace_config *config)
{
	uint64_t calls = calls_in_force(config);
	struct words words = { .used = 0 };

	ways_describe(&words, info->calls_missing & calls, calls);
	if (info->calls_missing & calls)
		message("not seen are the calls of %s: this kernel lacks a function to probe, "
			"'dmesg' names it",
			words.buffer);
	else if (!config->calls && info->events_missing & config->events)
		message("some calls are not seen: this kernel lacks a function to probe, "
			"'dmesg' names it");
}

void report_started(const struct options *options, const struct sendtrace *trace,
		    const struct sendtrace_config *config)
{
	const struct sendtrace_info *info = sendtrace_get_info(trace);

	if (!info)
		return;
	if (options->verbose)
		report_versions(options, info, config);
	if (options->verbose || !options->quiet)
		report_unseen(info, config);
	if (options->quiet)
		return;
	report_absent(&options->filter);
	report_listening(options, trace, config);
}
