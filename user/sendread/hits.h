/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_HITS_H
#define _SENDREAD_HITS_H

/*
 * How often each probe was hit, and missed a call, while a trace ran, for --verbose. The module's
 * counters are those of the host: other traces are in them. One set for the program.
 */

#define HITS_STATS "/proc/sendtrace/stats"

/*
 * Before rights are given up, and before the session starts. @stats: the file, HITS_STATS. Prints
 * why there are no counters, unless the module is too old to have them.
 */
void hits_begin(const char *stats);

/* Print what has been added since; nothing without hits_begin(). */
void hits_end(void);

#endif /* _SENDREAD_HITS_H */
