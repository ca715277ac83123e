/* SPDX-License-Identifier: GPL-2.0 */
/* Injects faults in the calling thread (Documentation/fault-injection in the kernel). */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

/* Call once in each thread that wants faults; skips the case where the kernel has none. */
void fault_open(void);

/* Make the nth point from now on fail: an allocation, or a copy from or to user space. */
void fault_set(unsigned int nth);

/* Stop injecting; return true if the fault happened. */
bool fault_end(void);

#endif /* FAULT_H */
