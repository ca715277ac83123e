/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_TLS_H
#define _SENDREAD_TLS_H

/*
 * --tls: a helper process that finds the functions of TLS libraries, and goes on to look for more
 * while sendread, which has given up its rights, shows what they send and receive. It has the
 * session's descriptor, but never sees a record, and ends when sendread does. One for the program.
 */
struct options;
struct sendtrace;

/*
 * Start it, for a session that is configured and has its filter but does not run. On return it has
 * looked at all processes.
 *
 * Return: 0, or a negative errno after a message.
 */
int tls_prepare(const struct options *options, struct sendtrace *trace);

/*
 * The session runs. On return, what was found is traced. Return: as tls_prepare(), which must have
 * been called.
 */
int tls_begin(void);

/* For poll(): it hangs up if the helper ends unexpectedly. -1 if there is none. */
int tls_fd(void);

/* It did: say so. */
void tls_has_ended(void);

/* End the helper, and wait until it has closed the session; nothing if there is none. */
void tls_end(void);

#endif /* _SENDREAD_TLS_H */
