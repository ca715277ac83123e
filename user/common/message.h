/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_MESSAGE_H
#define _SENDREAD_MESSAGE_H

/*
 * All that is said on stderr. Each message is one line and one write(), so that lines of
 * several programs do not mix, and nothing quoted in it can end it or steer a terminal.
 */

/* "sendread: ..." */
__attribute__((format(printf, 1, 2))) void message(const char *fmt, ...);

/* Without the program's name: the summary, in tcpdump's words. */
__attribute__((format(printf, 1, 2))) void message_plain(const char *fmt, ...);

#endif /* _SENDREAD_MESSAGE_H */
