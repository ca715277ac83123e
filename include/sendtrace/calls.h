/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of calls, and of groups of them, for the module, which lists sessions, and for the
 * reader, whose option -e takes them. Several calls have the same name: io_uring, io_submit and
 * splice stand for all that they do.
 */
#ifndef _SENDTRACE_CALLS_H
#define _SENDTRACE_CALLS_H

#include <linux/sendtrace.h>

/* Initialises an array of names, by enum sendtrace_call. */
#define ST_CALL_NAMES                                                                       \
	{                                                                                   \
		[SENDTRACE_CALL_SENDTO] = "sendto", [SENDTRACE_CALL_SENDMSG] = "sendmsg",   \
		[SENDTRACE_CALL_SENDMMSG] = "sendmmsg",                                     \
		[SENDTRACE_CALL_WRITE] = "write", [SENDTRACE_CALL_WRITEV] = "writev",       \
		[SENDTRACE_CALL_PWRITEV2] = "pwritev2",                                     \
		[SENDTRACE_CALL_IO_SUBMIT_WRITE] = "io_submit",                             \
		[SENDTRACE_CALL_SENDFILE] = "sendfile",                                     \
		[SENDTRACE_CALL_SPLICE_WRITE] = "splice",                                   \
		[SENDTRACE_CALL_IO_URING_SEND] = "io_uring",                                \
		[SENDTRACE_CALL_RECVFROM] = "recvfrom",                                     \
		[SENDTRACE_CALL_RECVMSG] = "recvmsg",                                       \
		[SENDTRACE_CALL_RECVMMSG] = "recvmmsg", [SENDTRACE_CALL_READ] = "read",     \
		[SENDTRACE_CALL_READV] = "readv", [SENDTRACE_CALL_PREADV2] = "preadv2",     \
		[SENDTRACE_CALL_IO_SUBMIT_READ] = "io_submit",                              \
		[SENDTRACE_CALL_SPLICE_READ] = "splice",                                    \
		[SENDTRACE_CALL_IO_URING_RECV] = "io_uring",                                \
		[SENDTRACE_CALL_ACCEPT] = "accept",                                         \
		[SENDTRACE_CALL_IO_URING_ACCEPT] = "io_uring",                              \
		[SENDTRACE_CALL_CONNECT] = "connect",                                       \
		[SENDTRACE_CALL_IO_URING_CONNECT] = "io_uring",                             \
		[SENDTRACE_CALL_SHUTDOWN] = "shutdown",                                     \
		[SENDTRACE_CALL_IO_URING_SHUTDOWN] = "io_uring",                            \
		[SENDTRACE_CALL_CLOSE] = "close", [SENDTRACE_CALL_SSL_WRITE] = "SSL_write", \
		[SENDTRACE_CALL_SSL_WRITE_EX] = "SSL_write_ex",                             \
		[SENDTRACE_CALL_SSL_WRITE_EX2] = "SSL_write_ex2",                           \
		[SENDTRACE_CALL_SSL_SENDFILE] = "SSL_sendfile",                             \
		[SENDTRACE_CALL_GNUTLS_SEND] = "gnutls_record_send",                        \
		[SENDTRACE_CALL_SSL_READ] = "SSL_read",                                     \
		[SENDTRACE_CALL_SSL_READ_EX] = "SSL_read_ex",                               \
		[SENDTRACE_CALL_GNUTLS_RECV] = "gnutls_record_recv",                        \
		[SENDTRACE_CALL_WOLFSSL_WRITE] = "wolfSSL_write",                           \
		[SENDTRACE_CALL_MBEDTLS_WRITE] = "mbedtls_ssl_write",                       \
		[SENDTRACE_CALL_WOLFSSL_READ] = "wolfSSL_read",                             \
		[SENDTRACE_CALL_MBEDTLS_READ] = "mbedtls_ssl_read",                         \
	}

#define ST_CALLS_FROM_TO(from, to)                     \
	(2 * SENDTRACE_CALL_BIT(SENDTRACE_CALL_##to) - \
	 SENDTRACE_CALL_BIT(SENDTRACE_CALL_##from))

/* Initialises an array of a name and the set of calls; "all" is the last. */
#define ST_CALL_GROUPS                                                              \
	{                                                                           \
		{ "send", ST_CALLS_FROM_TO(SENDTO, IO_URING_SEND) },                \
			{ "recv", ST_CALLS_FROM_TO(RECVFROM, IO_URING_RECV) },      \
			{ "accept", ST_CALLS_FROM_TO(ACCEPT, IO_URING_ACCEPT) },    \
			{ "connect", ST_CALLS_FROM_TO(CONNECT, IO_URING_CONNECT) }, \
			{ "close", ST_CALLS_FROM_TO(SHUTDOWN, CLOSE) },             \
			{ "all", SENDTRACE_CALLS_ALL },                             \
	}

/*
 * Of a name that is both, the group is meant: "close" is shutdown(), too. "shutdown" is also
 * io_uring's, as in the groups.
 */
#define ST_CALLS_SHUTDOWN ST_CALLS_FROM_TO(SHUTDOWN, IO_URING_SHUTDOWN)

#endif /* _SENDTRACE_CALLS_H */
