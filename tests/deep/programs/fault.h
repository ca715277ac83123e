/* SPDX-License-Identifier: GPL-2.0 */
/* Faults on order, in the calling thread (Documentation/fault-injection in the kernel). */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

/* Once in each thread that wants faults; ends the case where the kernel has none. */
void fault_open(void);

/* The nth place from now on fails: an allocation, or a copy from or to user space. */
void fault_set(unsigned int nth);

/* Back to normal; true if the fault has happened. */
bool fault_end(void);

#endif /* FAULT_H */
