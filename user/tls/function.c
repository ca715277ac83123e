// SPDX-License-Identifier: GPL-2.0
/* The functions of TLS libraries that are traced, and what is peculiar to each. */
#include "function.h"

#include <string.h>

static const char *const names[TLS_FUNCTIONS] = {
	[TLS_SSL_WRITE] = "SSL_write",
	[TLS_SSL_WRITE_EX] = "SSL_write_ex",
	[TLS_SSL_WRITE_EX2] = "SSL_write_ex2",
	[TLS_SSL_READ] = "SSL_read",
	[TLS_SSL_READ_EX] = "SSL_read_ex",
	[TLS_SSL_SENDFILE] = "SSL_sendfile",
	[TLS_SSL_FREE] = "SSL_free",
	[TLS_SSL_DO_HANDSHAKE] = "SSL_do_handshake",
	[TLS_BIO_WRITE] = "BIO_write",
	[TLS_GNUTLS_RECORD_SEND] = "gnutls_record_send",
	[TLS_GNUTLS_RECORD_SEND2] = "gnutls_record_send2",
	[TLS_GNUTLS_RECORD_RECV] = "gnutls_record_recv",
	[TLS_GNUTLS_DEINIT] = "gnutls_deinit",
	[TLS_WOLFSSL_WRITE] = "wolfSSL_write",
	[TLS_WOLFSSL_READ] = "wolfSSL_read",
	[TLS_WOLFSSL_FREE] = "wolfSSL_free",
	[TLS_MBEDTLS_SSL_WRITE] = "mbedtls_ssl_write",
	[TLS_MBEDTLS_SSL_READ] = "mbedtls_ssl_read",
	[TLS_MBEDTLS_SSL_FREE] = "mbedtls_ssl_free",
	[TLS_MBEDTLS_SSL_SESSION_RESET] = "mbedtls_ssl_session_reset",
};

const char *tls_function_name(enum tls_function function)
{
	return names[function];
}

enum tls_function tls_function_named(const char *name)
{
	unsigned int i;

	/* Most symbols of most files are none of these. */
	if (!name[0] || !strchr("SBgwm", name[0]))
		return TLS_FUNCTIONS;
	for (i = 0; i < TLS_FUNCTIONS && strcmp(names[i], name); i++)
		;
	return i;
}

bool tls_function_only_begins(enum tls_function function)
{
	switch (function) {
	case TLS_SSL_FREE:
	case TLS_SSL_DO_HANDSHAKE:
	case TLS_BIO_WRITE:
	case TLS_GNUTLS_DEINIT:
	case TLS_WOLFSSL_FREE:
	case TLS_MBEDTLS_SSL_FREE:
	case TLS_MBEDTLS_SSL_SESSION_RESET:
		return true;
	default:
		return false;
	}
}

bool tls_function_is_of_openssl(enum tls_function function)
{
	return !tls_function_only_begins(function) && names[function][0] == 'S';
}

enum tls_function tls_function_successor(enum tls_function function)
{
	switch (function) {
	case TLS_SSL_WRITE_EX:
		return TLS_SSL_WRITE_EX2;
	case TLS_GNUTLS_RECORD_SEND:
		return TLS_GNUTLS_RECORD_SEND2;
	default:
		return TLS_FUNCTIONS;
	}
}
