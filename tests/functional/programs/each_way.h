/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One thing shown for every way of sending and receiving: what these cases share.
 *
 * Into how many pieces the kernel divides what sendfile() and splice() send is its own affair:
 * `each_way join` checks each piece, and puts one line in the place of a message's pieces. So
 * such a message is expected as one line (each_expect()).
 */
#ifndef EACH_WAY_H
#define EACH_WAY_H

#include <stdbool.h>
#include <stddef.h>

#include "expect_ways.h"
#include "ways_calls.h"
#include "ways_pairs.h"

/* The snap length: no more of a call is shown. */
extern size_t each_snap;

/* Opened by each_open(). */
extern struct ways each_ways;

/*
 * Open them. The ways that this kernel does not have are named on standard error; die if that
 * leaves a system call without a way.
 */
void each_open(void);

/*
 * The next way of a table that this kernel has, after @way, or the first one for NULL; NULL at
 * the end.
 */
const struct way *each_next(const struct way *table, const struct way *way);

/* The table of "send" or "recv", which is a case's argument. */
const struct way *each_table(const char *direction);

/* How much of one piece of pages is copied. */
size_t each_pages_max(void);

/* A new pair on which @way sends, with room for @room bytes that nobody reads. */
struct pair each_pair(const struct way *way, size_t room);

/* What one call sends or receives. */
struct each_call {
	const struct way *way;
	bool received;
	int fd;
	struct where where;
	/* The message; its number. */
	const char *text;
	unsigned int number;
	/* Of which so many bytes at @text are sent, or have room. */
	size_t len;
	/* What the call returned, or -errno. */
	long ret;
	/* Only so many bytes can be read when it returns; 0: all. */
	size_t readable;
};

/* Print the expected line of a call. */
void each_expect(const struct each_call *call);

/* Make a call on @call->fd with the memory at @bytes; its result is in @call->ret, too. */
long each_make(struct each_call *call, char *bytes);

/* Receive all @len bytes of message @number by @way, in as many calls as it takes, into @bytes. */
void each_receive(const struct way *way, int fd, unsigned int number, size_t len,
		  char *bytes);

/* The cases that are in files of their own. */
void each_absent(void);
void each_failed(void);
void each_join(void);
void each_lost(void);
void each_order(void);

#endif /* EACH_WAY_H */
