/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_MESSAGE_H
#define _COMMON_MESSAGE_H

/*
 * Everything that a program prints on standard error. Each message is one line and one
 * write(), so that lines of several programs do not mix. Control characters in quoted text
 * become '?', so that it can neither end the line nor steer a terminal.
 */

/* Set the name that message() begins its lines with; @name must stay valid, and be short. */
void message_set_program(const char *name);

/* "NAME: ..." */
__attribute__((format(printf, 1, 2))) void message(const char *fmt, ...);

/* Without the program's name: the summary, in tcpdump's words. */
__attribute__((format(printf, 1, 2))) void message_plain(const char *fmt, ...);

#endif /* _COMMON_MESSAGE_H */
