/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before user/lib/merge.c on the compiler's command line: after a look at a ring the
 * reader hesitates now and then, so that a lot can happen before its next look.
 */
#ifndef HESITATE_H
#define HESITATE_H

#include "barrier.h"

uint64_t hesitate(uint64_t head);

#define load_acquire(pos) hesitate(load_acquire(pos))

#endif /* HESITATE_H */
