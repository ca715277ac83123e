/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls of a TLS library that are traced: a child makes them and notes what each should show; the
 * parent, the tracer, compares that with all events that came.
 */
#ifndef TLS_TRACED_H
#define TLS_TRACED_H

#include <stddef.h>

#include "tls_library.h"

enum {
	TLS_LARGEST = 1 << 20
};

extern unsigned char tls_buffer[TLS_LARGEST];

/* Run @calls in a child, whose name is "tlsing", and compare what is seen with what it wants. */
void tls_traced(void (*calls)(void));

/* The same, but it is chosen by its number, which its children do not have. */
void tls_traced_by_number(void (*calls)(void));

/* Start a session for all functions, of processes that are called "tlsing", as we are then. */
void tls_begin(struct tracer *tracer);

/* A value of /proc/sendtrace/stats. */
unsigned long tls_statistic(const char *key);

/* In @calls: stop the session, or start it again. */
void tls_stop(void);
void tls_start(void);

/* The bytes of a payload. */
void tls_pattern(unsigned char *bytes, size_t size, unsigned int seed);

/* What the next event should show; its payload is the pattern of 0. */
void tls_want(int call, long ret, int fd);

/* That event should also show that the call had this length, and not as much as it returned. */
void tls_want_length(uint64_t length);

/* Make a call, and want its event. @fd: what is seen of the socket; -1 if it is unknown. */
void tls_writes(SSL *ssl, size_t size, int fd);
void tls_writes_ex(SSL *ssl, size_t size, int fd);

/* @seed: of what was written; one more for each 256 bytes that were read already. */
void tls_reads(SSL *ssl, size_t size, int fd, unsigned int seed);
void tls_reads_ex(SSL *ssl, size_t size, int fd, unsigned int seed);

#endif /* TLS_TRACED_H */
