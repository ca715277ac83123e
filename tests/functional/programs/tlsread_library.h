/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A library with the interface of OpenSSL's. Unlike tls_library.h's, it is code that a compiler has
 * made, so sendread finds where its functions return.
 */
#ifndef TLSREAD_LIBRARY_H
#define TLSREAD_LIBRARY_H

#include <stddef.h>
#include <sys/types.h>

enum {
	/* The most bytes of a record, and so of a call. */
	TLSREAD_RECORD = 1024
};

typedef struct ssl_st {
	int fd;
	/* What was received, but not asked for yet. */
	unsigned char pending[TLSREAD_RECORD];
	size_t begin;
	size_t end;
} SSL;

int SSL_write(SSL *ssl, const void *buf, int num);
int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written);
ssize_t SSL_sendfile(SSL *ssl, int fd, off_t offset, size_t size, int flags);
int SSL_read(SSL *ssl, void *buf, int num);
int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes);
void SSL_free(SSL *ssl);

#endif /* TLSREAD_LIBRARY_H */
