// SPDX-License-Identifier: GPL-2.0
#include "call.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "check.h"
#include "tls.h"

static ssize_t make_sendto(int fd, char *bytes, size_t size)
{
	return send(fd, bytes, size, 0);
}

static ssize_t make_sendmsg(int fd, char *bytes, size_t size)
{
	struct iovec one = { bytes, size };
	struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1 };

	return sendmsg(fd, &message, 0);
}

static ssize_t make_write(int fd, char *bytes, size_t size)
{
	return write(fd, bytes, size);
}

static ssize_t make_recvfrom(int fd, char *bytes, size_t size)
{
	return recv(fd, bytes, size, 0);
}

static ssize_t make_recvmsg(int fd, char *bytes, size_t size)
{
	struct iovec one = { bytes, size };
	struct msghdr message = { .msg_iov = &one, .msg_iovlen = 1 };

	return recvmsg(fd, &message, 0);
}

static ssize_t make_read(int fd, char *bytes, size_t size)
{
	return read(fd, bytes, size);
}

/* The same bytes of the file each time. */
static ssize_t make_write_to_file(int fd, char *bytes, size_t size)
{
	must(lseek(fd, 0, SEEK_SET), "lseek");
	return write(fd, bytes, size);
}

static const struct call calls[] = {
	{ "sendto", way_open, make_sendto },
	{ "sendmsg", way_open, make_sendmsg },
	{ "write", way_open, make_write },
	{ "recvfrom", way_open_received, make_recvfrom },
	{ "recvmsg", way_open_received, make_recvmsg },
	{ "read", way_open_received, make_read },
	{ "unconnected", way_open_unconnected, make_recvfrom },
	{ "stream", way_open_stream, make_recvfrom },
	{ "file", way_open_file, make_write_to_file },
	{ "SSL_write", tls_open, tls_write },
	{ "SSL_quiet", tls_open_quiet, tls_write_quiet },
};

const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	for (size_t i = 0; i < COUNT_OF(calls); i++)
		fprintf(stderr, "%s%s", i ? ", " : "calls: ", calls[i].name);
	die("\nexpected one of these, not '%s'", name);
}
