/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The line that sendread is expected to print for a call, written according to the contract
 * and to what the socket calls return. It shares no code with sendread or the module.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "net.h"

/* A call's destination, as far as a line shows it. */
struct where {
	int family;
	bool known;
	struct address to;
	pid_t peer_pid;
	/* The scope of a link-local address; NULL if it has none. */
	const char *scope;
	/* Why the destination is in doubt, "late" or "asked"; NULL if it is not. */
	const char *doubt;
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
	/* Why fewer bytes are shown than were sent; NULL if all are shown. */
	size_t cap;
	const char *why;
};

enum {
	/* Of a call that failed, at most so many bytes are shown. */
	EXPECT_FAILED_MAX = 4096,
	/* The kernel's ERESTARTSYS: a signal interrupted the call, and it may be restarted. */
	EXPECT_RESTARTSYS = 512,
};

/* Expect at most this many bytes of our next calls, with this reason (unless one fails). */
extern size_t expect_limit;
extern const char *expect_limit_why;

/* No socket, or an unknown address. */
struct where to_nowhere(int family);

/* The connected peer, by getpeername() and SO_PEERCRED. */
struct where to_peer(int fd);

/* The address that the call is given. */
struct where to_address(int fd, const struct address *address);

/* The same, but in doubt. */
struct where to_doubtful(int fd, const struct address *address, const char *doubt);

/* Who calls: pid, tid and comm of the calling thread. */
void expect_caller(struct sent *sent);

/* Set @cap and @why of a call that failed: @fd, @len and @ret are set. */
void expect_failed(struct sent *sent);

/* Print the expected line. */
void expect_line(const struct sent *sent);

/* Make the call, print its line, return what it returned (with errno). */
ssize_t traced_send(int fd, const void *bytes, size_t len, int flags,
		    const struct where *where);
ssize_t traced_sendto(int fd, const void *bytes, size_t len, int flags,
		      const struct address *to, const struct where *where);

/* Print the line of our call that returned @ret, or failed with errno. */
void expect_returned(int fd, const void *bytes, size_t len, int flags, int addr_len,
		     const struct where *where, long ret);

/* Print the line of our accept that returned descriptor @fd, or -errno. */
void expect_accepted(int listening, int fd);

/* traced_send() of a string to the connected peer; it must be sent whole. */
void send_text(int fd, const char *text);

/* traced_sendto() of a string, to the address that the call is given. */
void send_text_to(int fd, const char *text, const struct address *to);

/* Print bytes as sendread escapes them. */
void expect_escaped(const void *bytes, size_t len, bool space_too);

/* Print the keys from family= on; @key is "dest" or "src". */
void expect_where(const struct where *where, const char *key);

/* The name of an errno, also of the kernel's own. */
const char *expect_error_name(int error);

#endif /* EXPECT_H */
