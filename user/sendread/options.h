/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_OPTIONS_H
#define _SENDREAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/sendtrace.h>

#include "sink.h"

enum options_action {
	OPTIONS_TRACE,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

/**
 * struct options - what the command line asks for
 * @action: whether to trace at all
 * @filter: COMM and -p
 * @snaplen: bytes; 0 for the module's default
 * @ring_size: bytes for each CPU; 0 for the module's default
 * @count: lines to print; 0 for no end
 * @duration: nanoseconds; 0 for no end
 * @device: path
 * @calls: what is shown: -e and -a, as struct sendtrace_config.calls
 * @quiet: print neither that it listens nor the summary
 * @verbose: print what is in force
 * @sort: causal order
 * @window: nanoseconds that @sort may hold events back; 0 until the end
 * @use_read: read() instead of mapped rings
 * @no_load: do not load the module
 * @tls: trace the calls of TLS libraries that @calls has
 * @tls_uretprobes: also those of functions whose returns are not known
 * @not_readers: leave out the events of processes that read our output
 * @sink_new: makes the sink that shows the events
 * @error: what is wrong, as one sentence
 */
struct options {
	enum options_action action;
	struct sendtrace_filter filter;
	uint32_t snaplen;
	uint32_t ring_size;
	uint64_t count;
	uint64_t duration;
	uint64_t window;
	uint64_t calls;
	const char *device;
	bool quiet;
	bool verbose;
	bool sort;
	bool use_read;
	bool no_load;
	bool tls;
	bool tls_uretprobes;
	bool not_readers;
	sink_new_fn *sink_new;
	char error[1200];
};

/* Return: 0, or -EINVAL and the reason in @options->error. */
int options_parse(struct options *options, int argc, char **argv);

/*
 * Check what depends on the kind of @options->device: the device needs a filter, a saved
 * stream cannot have one. Return: 0, or -EINVAL as options_parse().
 */
int options_check_device(struct options *options);
int options_check_saved(struct options *options);

void options_usage(FILE *to);

#endif /* _SENDREAD_OPTIONS_H */
