/* SPDX-License-Identifier: GPL-2.0 */
/* Random values for the names of functions (SENDTRACE_IOC_TLS). Each thread has numbers of its own. */
#ifndef TLS_RANDOM_H
#define TLS_RANDOM_H

#include <stdint.h>

#include <linux/sendtrace.h>

/* The same seed, which is not 0, gives the same numbers. */
void tls_random_seed(uint64_t seed);

/* A number of any length. */
uint64_t tls_random_number(void);

/* Open the files that are no file of code; once in each process. */
void tls_random_open_files(void);

/* Change a value to one that may be right. */
void tls_random_change(struct sendtrace_tls *named);

/* Change one to a value that is wrong for certain. */
void tls_random_spoil(struct sendtrace_tls *named);

/* Change none to three values, then spoil one. */
void tls_random_refused(struct sendtrace_tls *named);

#endif /* TLS_RANDOM_H */
