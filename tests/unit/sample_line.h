/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAMPLE_LINE_H
#define SAMPLE_LINE_H

#include "sample.h"
#include "text.h"

/* Makes a new @text with nothing kept and nothing written, for @fd. */
void sample_text_reset(struct text **text, int fd);

/* Adds the line of a SEND or ACCEPT record. The record is overwritten and freed by then. */
void sample_line(struct text *text, const struct sample *sample);

#endif /* SAMPLE_LINE_H */
