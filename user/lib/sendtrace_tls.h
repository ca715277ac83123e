/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SENDTRACE_TLS_H
#define SENDTRACE_TLS_H

/* libsendtrace: which functions of TLS libraries a session traces. */
#include "sendtrace.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * sendtrace_add_tls - trace a function of a TLS library; at any time
 * @trace: session that was configured, with calls of SENDTRACE_CALLS_TLS
 * @function: where it is. The library looks for none: a wrong address breaks the programs that
 *	map the file
 *
 * May sleep for some 100 ms. Errors: as SENDTRACE_IOC_TLS says in <linux/sendtrace.h>; -ENOTTY: a
 * saved stream, or a module that is older.
 */
int sendtrace_add_tls(struct sendtrace *trace, const struct sendtrace_tls *function);

/**
 * sendtrace_fd - the session's descriptor
 * @trace: handle
 *
 * It stays the handle's. For a process that closes what it has inherited, but adds functions.
 *
 * Return: the descriptor; -ENOTTY: a saved stream.
 */
int sendtrace_fd(const struct sendtrace *trace);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SENDTRACE_TLS_H */
