/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before user/lib/merge.c on the compiler's command line. The reader sometimes pauses
 * after it has looked at a ring, so that much can happen before it looks again.
 */
#ifndef HESITATE_H
#define HESITATE_H

#include "barrier.h"

uint64_t hesitate(uint64_t head);

#define load_acquire(pos) hesitate(load_acquire(pos))

#endif /* HESITATE_H */
