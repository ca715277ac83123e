/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lines that sendread is expected to print for all calls but send() and sendto(), which
 * expect.h has: what is sent and received in every other way, and what begins and ends a
 * connection.
 */
#ifndef EXPECT_WAYS_H
#define EXPECT_WAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "expect.h"

/* What was sent or received by one call, or one message of it. */
struct event {
	/* As call= shows it. */
	const char *call;
	int fd;
	/* The line shows -1: the kernel does not tell which descriptor it is. */
	bool no_fd;
	/* Another thread of the process has made it: its tid and name are not compared. */
	bool worker;
	/* src= in the place of dest=. */
	bool received;
	const void *bytes;
	/* Asked to send, or room to receive. */
	size_t len;
	unsigned int flags;
	int addr_len;
	struct where where;
	/* What it returned, or -errno. */
	long ret;
	/* The value of cmsg=; NULL: none. */
	const char *cmsg;
	/* Only so many bytes are shown, with this reason; NULL: as many as usual. */
	size_t cap;
	const char *why;
};

/* Print the expected line. errno stays what it is. */
void expect_event(const struct event *event);

/* What a call that returned @ret has as its result: @ret, or -errno. */
long result_of(long ret);

/* An unknown source of a receive: no address, but the family of @fd. */
struct where from_unknown(int fd);

/*
 * Print the line of our accept by @call. @fd is the new descriptor, or -errno. io_uring tells
 * neither of the two descriptors.
 */
void expect_accept(const char *call, int listening, int fd);

/* Print the line of our connect to @to by @call, which returned @ret, or -errno. */
void expect_connect(const char *call, int fd, const struct where *to, long ret);

/* The same, if it had another local address then than it has now. */
void expect_connect_from(const char *call, int fd, const struct address *local,
			 const struct where *to, long ret);

/* Print the line of our shutdown by @call, which returned @ret, or -errno. */
void expect_shutdown(const char *call, int fd, int how, const struct where *where,
		     long ret);

/*
 * What is known of a socket as long as it is open, to be asked for before it is closed: the line
 * is printed afterwards.
 */
struct closing {
	int fd;
	struct where where;
	/* Since when sendread knows it: "lived" or "seen". */
	const char *since;
	unsigned long long sent;
	unsigned long long received;
};

/* Print the line of the close; T stands for how long. @fd is -1 where the kernel does not tell. */
void expect_closed(const struct closing *closing);

/* Is @call one of io_uring's or of io_submit, which have no descriptor? */
bool without_fd(const char *call);

#endif /* EXPECT_WAYS_H */
