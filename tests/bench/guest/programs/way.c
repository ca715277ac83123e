// SPDX-License-Identifier: GPL-2.0
#include "way.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

enum {
	UDP_MAX = 60000,
	ROOM = 8 << 20,
};

static struct way udp_way(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	int sink = bound_socket(SOCK_DGRAM, &any), least = 1;

	must(setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), "SO_RCVBUF");
	to = local_address(sink);
	return (struct way){ connected_socket(SOCK_DGRAM, &to), -1 };
}

static struct way unix_way(void)
{
	int ends[2], room = ROOM;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	     "SO_SNDBUFFORCE");
	return (struct way){ ends[0], ends[1] };
}

/* Static: bpftrace's program keeps the pointer to the address. */
struct pair way_accept(void)
{
	static struct sockaddr_in from;
	struct address any = inet_address("127.0.0.1", 0), to;
	socklen_t len = sizeof(from);
	int listening = listener(SOCK_STREAM, &any);
	struct pair pair;

	to = local_address(listening);
	pair.near = connected_socket(SOCK_STREAM, &to);
	pair.far = must(accept(listening, (struct sockaddr *)&from, &len), "accept");
	return pair;
}

struct way way_open(size_t size)
{
	struct way way = size > UDP_MAX ? unix_way() : udp_way();
	struct pair accepted = way_accept();

	way.fd = must(dup2(way.fd, accepted.far), "dup2");
	return way;
}

void way_drain(const struct way *way)
{
	char byte;

	if (way->drain >= 0)
		must(read(way->drain, &byte, 1), "draining");
}
