/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_HITS_H
#define _SENDREAD_HITS_H

/*
 * How often each probe was hit, and missed a call, while a trace ran, for --verbose. The module's
 * counters are those of the host: other traces are in them. One set for the program.
 */

/* Before rights are given up, and before the session starts. Prints why there are none. */
void hits_begin(void);

/* Print what has been added since; nothing without hits_begin(). */
void hits_end(void);

#endif /* _SENDREAD_HITS_H */
