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
typedef struct ssl_st BIO;

enum {
	TLS_MEMORY = -2
};

struct ssl_st {
	/* TLS_MEMORY: the program sends what the library writes, once it is in @out. */
	int fd;
	unsigned char out[1024];
	size_t out_size;
	/* What is peculiar to its next handshake. */
	unsigned int random;
	/* Called before each record is sent or received, if it is not NULL. */
	void (*before)(SSL *ssl);
	/* The kernel encrypts (kTLS): the socket gets the text. */
	bool by_kernel;
	/* What was received, but not asked for yet. */
	unsigned char pending[16384];
	size_t begin;
	size_t end;
};

int SSL_write(SSL *ssl, const void *buf, int num);
int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written);
int SSL_read(SSL *ssl, void *buf, int num);
int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);
int SSL_do_handshake(SSL *ssl);
void SSL_free(SSL *ssl);
int BIO_write(BIO *bio, const void *data, int size);

/* The case is skipped on a kernel that has no uprobes. */
void tls_needs_uprobes(void);

/*
 * From now on, SSL_write() and SSL_read() are named as these functions of another library
 * (enum sendtrace_call).
 */
void tls_name_as(int writes, int reads);

/* What a function is named as: itself, unless there was tls_name_as(). */
int tls_named(int function);

/* Name the functions of the calling process to a session. */
void tls_name_all(const struct tracer *tracer);

/* One of them, as struct sendtrace_tls.function. */
struct sendtrace_tls tls_function(int function);

/* Does the calling process have a breakpoint at the entry of a function, or at its return? */
bool tls_is_probed(int function);
bool tls_return_is_probed(int function);

#endif /* TLS_LIBRARY_H */
