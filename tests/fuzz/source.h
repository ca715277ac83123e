/* SPDX-License-Identifier: GPL-2.0 */
/* A stream whose read() and poll() answer as they please. */
#ifndef FUZZ_SOURCE_H
#define FUZZ_SOURCE_H

#include "fuzz.h"

enum {
	SOURCE_FD = -1, /* so that no call that slips through can hit anything */
};

/**
 * struct source - the stream that is read
 * @left: what was not read yet
 * @piece_max: bytes of a piece, at most
 * @random: chooses the pieces
 * @breaks: read() fails in the end, with an error that is one
 */
struct source {
	struct input left;
	size_t piece_max;
	uint64_t random;
	bool breaks;
};

extern struct source source;

#endif /* FUZZ_SOURCE_H */
