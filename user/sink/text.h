/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_TEXT_H
#define _SINK_TEXT_H

/*
 * The sink that writes a line of text for each event; sendread(8) promises its keys and their
 * order. Gaps are not among the lines.
 */
#include "fields.h"
#include "kept.h"
#include "out.h"
#include "sink.h"

/**
 * struct text - the sink
 * @sink: the part that all sinks have
 * @kept: texts of earlier lines of what was sent
 * @received: the same of what was received: mostly by the same threads
 * @calls: the texts of calls
 * @out: lines that are not written yet
 */
struct text {
	struct sink sink;
	struct kept_texts kept;
	struct kept_texts received;
	struct call_text calls[SENDTRACE_CALLS];
	struct out out;
};

/* A sink_new_fn. */
struct sink *text_new(int fd, const volatile sig_atomic_t *patience);

#endif /* _SINK_TEXT_H */
