/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_TEXT_H
#define _SINK_TEXT_H

/*
 * The sink that writes a line of text for each event; sendread(8) promises its keys and their
 * order. Gaps are not among the lines.
 */
#include "kept.h"
#include "out.h"
#include "sink.h"

/**
 * struct text - the sink
 * @sink: the part that all sinks have
 * @kept: texts of earlier lines
 * @out: lines that are not written yet
 */
struct text {
	struct sink sink;
	struct kept_texts kept;
	struct out out;
};

/* A sink_new_fn. */
struct sink *text_new(int fd, const volatile sig_atomic_t *patience);

#endif /* _SINK_TEXT_H */
