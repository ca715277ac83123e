/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAMPLE_LINE_H
#define SAMPLE_LINE_H

#include "out.h"
#include "sample.h"

/* Adds the line of a SEND or ACCEPT record. The record is overwritten and freed by then. */
void sample_line(struct out *out, const struct sample *sample);

#endif /* SAMPLE_LINE_H */
