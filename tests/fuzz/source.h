/* SPDX-License-Identifier: GPL-2.0 */
/* A stream whose read() and poll() behave at random. */
#ifndef FUZZ_SOURCE_H
#define FUZZ_SOURCE_H

#include "fuzz.h"

enum {
	SOURCE_FD = -1, /* a call that is not simulated can do no harm */
};

/**
 * struct source - the stream that is read
 * @left: the part that was not read yet
 * @piece_max: bytes of a piece, at most
 * @random: chooses the pieces
 * @breaks: read() fails in the end
 */
struct source {
	struct input left;
	size_t piece_max;
	uint64_t random;
	bool breaks;
};

extern struct source source;

#endif /* FUZZ_SOURCE_H */
