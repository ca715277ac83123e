/* SPDX-License-Identifier: GPL-2.0 */
/* The ways of random calls. */
#ifndef RANDOM_WAYS_H
#define RANDOM_WAYS_H

#include "ways_pairs.h"

/* How many there are. */
extern const unsigned int random_ways;

#endif /* RANDOM_WAYS_H */
