/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A library with the interface of a TLS library, whose records have a header like TLS's and a
 * payload that is not encrypted, but changed. It is part of the program that uses it, as where a
 * TLS library is linked statically.
 */
#ifndef TLS_LIBRARY_H
#define TLS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "tracer.h"

typedef struct ssl_st SSL;

struct ssl_st {
	int fd;
	/* Called before each record is sent or received, if it is not NULL. */
	void (*before)(SSL *ssl);
	/* What was received, but not asked for yet. */
	unsigned char pending[16384];
	size_t begin;
	size_t end;
};

int SSL_write(SSL *ssl, const void *buf, int num);
int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written);
int SSL_read(SSL *ssl, void *buf, int num);
int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);
void SSL_free(SSL *ssl);

/* The case is skipped on a kernel that has no uprobes. */
void tls_needs_uprobes(void);

/* Name the functions of the calling process to a session. */
void tls_name_all(const struct tracer *tracer);

/* One of them, by enum sendtrace_call or SENDTRACE_TLS_FREE. */
struct sendtrace_tls tls_function(int function);

/* Does the calling process have a breakpoint at the entry of a function, or at its return? */
bool tls_is_probed(int function);
bool tls_return_is_probed(int function);

#endif /* TLS_LIBRARY_H */
