/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SENDTRACE_NAMES_H
#define SENDTRACE_NAMES_H

/*
 * libsendtrace - numbers in records and the words for them; included by <sendtrace.h>
 */

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * enum sendtrace_reader_why - what sendtrace_why() returns beyond enum sendtrace_why
 * @SENDTRACE_WHY_UNKNOWN: a reason that this library does not know, of a newer module
 * @SENDTRACE_WHY_UNJOINED: the event's fragments could not be kept, joined or read back
 * @SENDTRACE_WHYS: more than any value of sendtrace_why(): the size of a table
 */
enum sendtrace_reader_why {
	SENDTRACE_WHY_UNKNOWN = 30,
	SENDTRACE_WHY_UNJOINED = 31,
	SENDTRACE_WHYS = 32,
};

/* Return: the word for what sendtrace_why() returned; "unknown" for other numbers. */
const char *sendtrace_why_name(unsigned int why);

/**
 * sendtrace_call_name - the name of a system call
 * @call: enum sendtrace_call, as in struct sendtrace_event
 *
 * Several numbers have the same name: io_uring, io_submit and splice stand for all that they do.
 *
 * Return: such as "sendto"; "unknown" for other numbers.
 */
const char *sendtrace_call_name(unsigned int call);

/**
 * sendtrace_cmsg_name - the name of a kind of ancillary data
 * @level: as in struct sendtrace_cmsg
 * @type: likewise
 *
 * Return: such as "SCM_RIGHTS"; NULL if the library knows none.
 */
const char *sendtrace_cmsg_name(unsigned int level, unsigned int type);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* SENDTRACE_NAMES_H */
