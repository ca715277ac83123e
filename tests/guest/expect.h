/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The line that sendread is expected to print for a call, written from the contract
 * and from what the socket calls themselves say. It shares no code with the project.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net.h"

/* Where a call's bytes go, as far as that is to be shown. */
struct where {
	int family;
	bool known;
	struct address to;
	pid_t peer_pid;
};

struct sent {
	pid_t pid;
	pid_t tid;
	char comm[16];
	int fd;
	const void *bytes;
	size_t len;
	unsigned int flags;
	int addr_len;
	struct where where;
	/* What the call returned, or -errno. */
	long ret;
	/* Fewer bytes than were sent are shown, and this is why; NULL if it is all. */
	size_t cap;
	const char *why;
};

/* A call of ours shows no more bytes than this, and names this reason. */
extern size_t expect_limit;
extern const char *expect_limit_why;

/* No socket, or an address that nobody knows. */
struct where to_nowhere(int family);

/* The connected peer, by getpeername() and SO_PEERCRED. */
struct where to_peer(int fd);

/* The address that the call is given. */
struct where to_address(int fd, const struct address *address);

/* Who calls: pid, tid and comm of the calling thread. */
void expect_caller(struct sent *sent);

/* Print the expected line. */
void expect_line(const struct sent *sent);

/* Make the call, print its line, return what it returned (with errno). */
ssize_t traced_send(int fd, const void *bytes, size_t len, int flags,
		    const struct where *where);
ssize_t traced_sendto(int fd, const void *bytes, size_t len, int flags,
		      const struct address *to, const struct where *where);

/* Print the line of a call of ours that returned @ret, or failed with errno. */
void expect_returned(int fd, const void *bytes, size_t len, int flags, int addr_len,
		     const struct where *where, long ret);

/* Print the line of an accept of ours that returned descriptor @fd, or -errno. */
void expect_accepted(int listening, int fd);

/* traced_send() of a string to the connected peer; it must be sent whole. */
void send_text(int fd, const char *text);

/* traced_sendto() of a string, to the address that the call is given. */
void send_text_to(int fd, const char *text, const struct address *to);

#endif /* EXPECT_H */
