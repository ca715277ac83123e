/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_FUNCTION_H
#define _TLS_FUNCTION_H

/* The functions of TLS libraries that are traced. */
#include <stdbool.h>

enum tls_function {
	TLS_SSL_WRITE,
	TLS_SSL_WRITE_EX,
	TLS_SSL_WRITE_EX2,
	TLS_SSL_READ,
	TLS_SSL_READ_EX,
	TLS_SSL_SENDFILE,
	TLS_SSL_FREE,
	TLS_SSL_DO_HANDSHAKE,
	TLS_BIO_WRITE,
	TLS_GNUTLS_RECORD_SEND,
	TLS_GNUTLS_RECORD_SEND2,
	TLS_GNUTLS_RECORD_RECV,
	TLS_GNUTLS_DEINIT,
	TLS_WOLFSSL_WRITE,
	TLS_WOLFSSL_READ,
	TLS_WOLFSSL_FREE,
	TLS_MBEDTLS_SSL_WRITE,
	TLS_MBEDTLS_SSL_READ,
	TLS_MBEDTLS_SSL_FREE,
	TLS_MBEDTLS_SSL_SESSION_RESET,
	TLS_FUNCTIONS, /* how many */
};

/* Its symbol. */
const char *tls_function_name(enum tls_function function);

/* The function with that symbol. Return: TLS_FUNCTIONS if there is none. */
enum tls_function tls_function_named(const char *name);

/* Whether only its beginning counts: how it returns is not looked for. */
bool tls_function_only_begins(enum tls_function function);

/* Whether it is a call of OpenSSL that is recorded. */
bool tls_function_is_of_openssl(enum tls_function function);

/*
 * The newer function that this one calls or jumps to where a library has both: a call would be
 * recorded twice. Return: TLS_FUNCTIONS if there is none.
 */
enum tls_function tls_function_successor(enum tls_function function);

#endif /* _TLS_FUNCTION_H */
