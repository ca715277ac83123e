/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _COMMON_MESSAGE_H
#define _COMMON_MESSAGE_H

/*
 * Everything that a program prints on standard error. Each message is one line and one
 * write(), so that lines of several programs do not mix. Control characters in quoted text
 * become '?', so that it can neither end the line nor steer a terminal.
 *
 * A standard error that would block (O_NONBLOCK) is waited for a second, not longer: the
 * message is dropped then, and the next one that can be written says how many were.
 */
#include <stdarg.h>
#include <stddef.h>

#include <signal.h>
#include <stdbool.h>

/* Counts the beginnings and the ends of writes to standard error: for signal handlers. */
extern volatile sig_atomic_t message_writes;

/* Whether a message was being written when @message_writes had that value. */
static inline bool message_is_written(int writes)
{
	return writes & 1;
}

/* Set the name that message() begins its lines with; @name must stay valid, and be short. */
void message_set_program(const char *name);

/* "NAME: ..." */
__attribute__((format(printf, 1, 2))) void message(const char *fmt, ...);

/* Without the program's name: the summary, in tcpdump's words. It waits for each line. */
__attribute__((format(printf, 1, 2))) void message_plain(const char *fmt, ...);

/*
 * At the program's end: tell what was dropped and not told yet. It waits, as the summary. Return:
 * false if a message was ever dropped: what it said is not known to anybody. Nobody misses the
 * messages of a standard error that is closed.
 */
bool message_finish(void);

/*
 * As vsnprintf(), but a text that is too long loses its middle, which is a long name that it
 * quotes: what is wrong stands before it, and why behind it. @size is at least 16.
 */
__attribute__((format(printf, 3, 0))) void message_format(char *to, size_t size,
							  const char *fmt, va_list ap);

#endif /* _COMMON_MESSAGE_H */
