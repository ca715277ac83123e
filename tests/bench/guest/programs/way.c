// SPDX-License-Identifier: GPL-2.0
#include "way.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

enum {
	UDP_MAX = 60000,
	/* What waits to be received must fit into the first window that TCP offers. */
	STREAM_MAX = 1024,
	ROOM = 8 << 20,
	/* For what is sent before it is received. */
	ROOM_RECEIVED = 128 << 20,
	PATIENCE = 5,
	GATHERED_MAX = 60000,
};

static struct way udp_way(void)
{
	struct address any = inet_address("127.0.0.1", 0), to;
	int sink = bound_socket(SOCK_DGRAM, &any), least = 1;

	must(setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)), "SO_RCVBUF");
	to = local_address(sink);
	return (struct way){ connected_socket(SOCK_DGRAM, &to), -1, -1, -1 };
}

static struct way unix_way(void)
{
	int ends[2], room = ROOM;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	     "SO_SNDBUFFORCE");
	return (struct way){ ends[0], ends[1], -1, -1 };
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

/* The descriptor becomes one that bpftrace's program knows. */
static struct way with_known_number(struct way way)
{
	way.fd = must(dup2(way.fd, way_accept().far), "dup2");
	return way;
}

struct way way_open(size_t size)
{
	return with_known_number(size > UDP_MAX ? unix_way() : udp_way());
}

/* A receive that finds nothing, because something was dropped, must not wait for ever. */
static void prepare_to_receive(int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int room = ROOM_RECEIVED;

	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)),
	     "SO_RCVBUFFORCE");
	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)),
	     "SO_RCVTIMEO");
}

static struct way receiving_way(size_t size, bool connected)
{
	struct address any = inet_address("127.0.0.1", 0), to, from;
	int fd = bound_socket(SOCK_DGRAM, &any), feed;

	if (size > UDP_MAX)
		die("expected at most %d bytes to receive, not %zu", UDP_MAX, size);
	prepare_to_receive(fd);
	to = local_address(fd);
	feed = connected_socket(SOCK_DGRAM, &to);
	from = local_address(feed);
	if (connected)
		must(connect(fd, (const struct sockaddr *)&from.sa, from.len), "connect");
	return with_known_number((struct way){ fd, -1, feed, -1 });
}

struct way way_open_received(size_t size)
{
	return receiving_way(size, true);
}

struct way way_open_unconnected(size_t size)
{
	return receiving_way(size, false);
}

struct way way_open_stream(size_t size)
{
	struct pair pair = way_accept();
	int at_once = 1;

	if (size > STREAM_MAX)
		die("expected at most %d bytes to receive, not %zu", STREAM_MAX, size);
	prepare_to_receive(pair.far);
	must(setsockopt(pair.near, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)),
	     "TCP_NODELAY");
	return (struct way){ pair.far, -1, pair.near, -1 };
}

struct way way_open_gathered(size_t size)
{
	int ends[2], room = ROOM;

	if (size > GATHERED_MAX)
		die("expected at most %d bytes to send, not %zu", GATHERED_MAX, size);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	     "SO_SNDBUFFORCE");
	return with_known_number((struct way){ ends[0], -1, -1, ends[1] });
}

struct way way_open_file(size_t size)
{
	int fd = must(open("written", O_RDWR | O_CREAT, 0600), "opening a file");

	must(ftruncate(fd, size), "ftruncate");
	return with_known_number((struct way){ fd, -1, -1, -1 });
}

void way_drain(const struct way *way)
{
	char byte;

	if (way->drain >= 0)
		must(read(way->drain, &byte, 1), "draining");
}

void way_feed(const struct way *way, const char *bytes, size_t size)
{
	must(send(way->feed, bytes, size, 0), "sending what is to be received");
}

void way_gather(const struct way *way, long calls, size_t size)
{
	static char bytes[UDP_MAX];
	size_t left = calls * size;

	while (left)
		left -= must(read(way->gather, bytes,
				  left < sizeof(bytes) ? left : sizeof(bytes)),
			     "reading what was sent");
}
