// SPDX-License-Identifier: GPL-2.0
/* Connected sockets of every kind, and what is sent between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "ways_pairs.h"

static struct pair udp_pair(const char *ip)
{
	struct address any = inet_address(ip, 0), near, far;
	struct pair pair = { bound_socket(SOCK_DGRAM, &any),
			     bound_socket(SOCK_DGRAM, &any) };

	near = local_address(pair.near);
	far = local_address(pair.far);
	must(connect(pair.near, (struct sockaddr *)&far.sa, far.len), "connect");
	must(connect(pair.far, (struct sockaddr *)&near.sa, near.len), "connect");
	return pair;
}

static struct pair tcp_on(const char *ip)
{
	struct address any = inet_address(ip, 0);

	return connected_pair(SOCK_STREAM, &any);
}

static struct pair unix_pair(int type)
{
	int ends[2];

	must(socketpair(AF_UNIX, type, 0, ends), "socketpair");
	return (struct pair){ ends[0], ends[1] };
}

struct pair pair_of(enum pair_kind kind)
{
	switch (kind) {
	case PAIR_TCP4:
		return tcp_on("127.0.0.1");
	case PAIR_TCP6:
		return tcp_on("::1");
	case PAIR_UDP4:
		return udp_pair("127.0.0.1");
	case PAIR_UDP6:
		return udp_pair("::1");
	case PAIR_UNIX_STREAM:
		return unix_pair(SOCK_STREAM);
	case PAIR_UNIX_DGRAM:
		return unix_pair(SOCK_DGRAM);
	default:
		return unix_pair(SOCK_SEQPACKET);
	}
}

bool pair_is_inet(enum pair_kind kind)
{
	return kind <= PAIR_UDP6;
}

bool pair_is_stream(enum pair_kind kind)
{
	return kind == PAIR_TCP4 || kind == PAIR_TCP6 || kind == PAIR_UNIX_STREAM;
}

char *text_number(unsigned int number, size_t len)
{
	char *text = malloc(len + 32);
	size_t at = sprintf(text, "%u:", number);

	for (; at < len; at++)
		text[at] = 'a' + (number + at + at / 1009) % 26;
	return text;
}

static bool is_stream(int fd)
{
	socklen_t len = sizeof(int);
	int type;

	must(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len), "SO_TYPE");
	return type == SOCK_STREAM;
}

void must_arrive(int fd, const char *text, size_t len, const char *what)
{
	/* Of a datagram, a byte that is too much must be seen. */
	size_t room = len + !is_stream(fd), total = 0;
	char *got = malloc(room);
	ssize_t more;

	while (total < len) {
		more = must(read(fd, got + total, room - total), what);
		if (!more)
			break;
		total += more;
	}
	check_equal(total, len, "bytes that arrived, %s", what);
	check(memcmp(got, text, len) == 0, "what arrived is what was sent, %s", what);
	free(got);
}

struct passing {
	int fd;
	const char *text;
	const char *what;
};

static void arrive(void *arg)
{
	struct passing *passing = arg;

	must(prctl(PR_SET_NAME, "far"), "PR_SET_NAME");
	must_arrive(passing->fd, passing->text, strlen(passing->text), passing->what);
}

void far_must_get(int fd, const char *text, const char *what)
{
	in_child(arrive, &(struct passing){ fd, text, what });
}

static void put(void *arg)
{
	struct passing *passing = arg;

	must(prctl(PR_SET_NAME, "far"), "PR_SET_NAME");
	check_equal(write(passing->fd, passing->text, strlen(passing->text)),
		    strlen(passing->text), "sending '%s'", passing->text);
}

void far_puts(int fd, const char *text)
{
	in_child(put, &(struct passing){ fd, text, NULL });
}
