/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TRACER_H
#define _SENDREAD_TRACER_H

#include <stdbool.h>
#include <stdint.h>

#include "blind.h"
#include "options.h"
#include "report.h"
#include "sendtrace.h"
#include "sink.h"
#include "sums.h"

/**
 * struct tracer - a run of sendread
 * @options: what is asked for
 * @trace: where records come from
 * @sink: where events go
 * @sums: the bytes of each socket, for closes; NULL: closes are not shown
 * @enough: lines that are enough
 * @plain_types: bits of record types that need no closer look: all of their calls are shown
 * @plain_call: the highest call of these types that needs none: beyond are the calls of TLS
 *	libraries, unless all of them are shown
 * @output_failed: @sink returned an error
 * @stopping: the kernel records no more: what is left is still shown
 * @partial: a saved stream was stopped before its end, though not by @options.count
 * @next_check: when the session's counters are to be asked, in milliseconds of clock_ms()
 * @next_tick: when the sink's tick is due, in milliseconds of clock_ms(); INT64_MAX for never
 * @signal_fd: readable when a signal came
 * @blind: what was printed about probes that see nothing
 * @tally: what came, and what did not
 */
struct tracer {
	struct options options;
	struct sendtrace *trace;
	struct sink *sink;
	struct sums *sums;
	uint64_t enough;
	uint32_t plain_types;
	uint16_t plain_call;
	bool output_failed;
	bool stopping;
	bool partial;
	int64_t next_check;
	int64_t next_tick;
	int signal_fd;
	struct blind blind;
	struct tally tally;
};

/* Before: options and sink are there. Return: 0 or -ENOMEM; tracer_free() must follow. */
int tracer_init(struct tracer *tracer);

void tracer_free(struct tracer *tracer);

/*
 * Show records until it is asked to end. Return: 0 when asked to end, -ENODATA at the end of
 * the stream, -EPIPE if our output was closed, -ETIMEDOUT or -EINTR if nobody reads it and
 * the end has come, or another negative errno.
 */
int tracer_run(struct tracer *tracer);

#endif /* _SENDREAD_TRACER_H */
