/* SPDX-License-Identifier: GPL-2.0 */
/* A function with the name of a TLS library's, which sendread --tls finds in this program. */
#ifndef TLS_H
#define TLS_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/sendtrace.h>

#include "way.h"

/* A record's header. */
enum {
	TLS_HEADER = 5
};

/* What SSL_write() puts into a record and writes to the socket; it encrypts nothing. */
struct way tls_open(size_t size);
ssize_t tls_write(int fd, char *bytes, size_t size);

/* The same, but without a system call, as a library that fills its buffer. */
struct way tls_open_quiet(size_t size);
ssize_t tls_write_quiet(int fd, char *bytes, size_t size);

/* For SENDTRACE_IOC_TLS. */
struct sendtrace_tls tls_function(void);

/* Print the offsets in this program's file of the function's entry and of its return. */
void tls_print_offsets(void);

#endif /* TLS_H */
