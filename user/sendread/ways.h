/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_WAYS_H
#define _SENDREAD_WAYS_H

/*
 * The ways in which processes send, receive, connect and close, as sets of calls: a bit for each
 * enum sendtrace_call, as in struct sendtrace_config.calls. Some calls share a name: io_uring,
 * io_submit and splice.
 */
#include <stdint.h>
#include <linux/sendtrace.h>

#include "words.h"

/* Every way of sending. */
uint64_t ways_default(void);

/* The calls of TLS libraries. */
uint64_t ways_tls(void);

/* The calls on sockets whose records have this type; 0 for other types. */
uint64_t ways_of_type(uint16_t type);

/**
 * ways_choose - add a list of -e to what was chosen
 * @ways: the set, changed
 * @list: names of groups and calls, separated by commas; one behind ! is taken away
 * @bad: set to the first name that is unknown, where -1 is returned; not ended there
 *
 * Return: 0; otherwise the number of characters of @bad, plus 1, as a negative number.
 */
int ways_choose(uint64_t *ways, const char *list, const char **bad);

/**
 * ways_describe - write the names of a set
 * @words: where they are added: separated by ", ", each once; "nothing" for none
 * @ways: the set
 * @asked: where a call of the same name is in this set, but not in @ways, the name is followed by
 *	what is done with it: "io_uring (recv)"
 */
void ways_describe(struct words *words, uint64_t ways, uint64_t asked);

/* The same for all that -e takes: groups, then calls. */
void ways_all_names(struct words *words);

#endif /* _SENDREAD_WAYS_H */
