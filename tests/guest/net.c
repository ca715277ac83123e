// SPDX-License-Identifier: GPL-2.0
/* Addresses and connections for the test programs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "net.h"

static struct sockaddr *sa_of(struct address *address)
{
	return (struct sockaddr *)&address->sa;
}

struct address inet_address(const char *ip, uint16_t port)
{
	struct address address = { .len = sizeof(struct sockaddr_in) };
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address.sa;
	struct sockaddr_in *in = (struct sockaddr_in *)&address.sa;
	int good;

	if (strchr(ip, ':')) {
		address.len = sizeof(*in6);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		good = inet_pton(AF_INET6, ip, &in6->sin6_addr);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		good = inet_pton(AF_INET, ip, &in->sin_addr);
	}
	if (good != 1)
		die("expected an IP address, got '%s'", ip);
	return address;
}

struct address unix_address(const char *name)
{
	struct address address = { .len = 0 };
	struct sockaddr_un *un = (struct sockaddr_un *)&address.sa;
	size_t len = strlen(name);

	if (len >= sizeof(un->sun_path))
		die("expected a shorter unix socket name than '%s'", name);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, len);
	if (name[0] == '@')
		un->sun_path[0] = '\0';
	else
		len++;
	address.len = offsetof(struct sockaddr_un, sun_path) + len;
	return address;
}

struct address local_address(int fd)
{
	struct address address = { .len = sizeof(address.sa) };

	must(getsockname(fd, sa_of(&address), &address.len), "getsockname");
	return address;
}

struct address peer_address(int fd)
{
	struct address address = { .len = sizeof(address.sa) };

	must(getpeername(fd, sa_of(&address), &address.len), "getpeername");
	return address;
}

int bound_socket(int type, const struct address *address)
{
	int fd = must(socket(address->sa.ss_family, type, 0), "socket");

	must(bind(fd, (const struct sockaddr *)&address->sa, address->len), "bind");
	return fd;
}

int listener(int type, const struct address *address)
{
	int fd = bound_socket(type, address);

	must(listen(fd, 16), "listen");
	return fd;
}

int connected_socket(int type, const struct address *to)
{
	int fd = must(socket(to->sa.ss_family, type, 0), "socket");

	must(connect(fd, (const struct sockaddr *)&to->sa, to->len), "connect");
	return fd;
}

struct pair connected_pair(int type, const struct address *address)
{
	int listening = listener(type, address);
	struct address to = local_address(listening);
	struct pair pair;

	pair.near = connected_socket(type, &to);
	pair.far = must(accept(listening, NULL, NULL), "accept");
	close(listening);
	return pair;
}

struct pair tcp_pair(void)
{
	struct address any = inet_address("127.0.0.1", 0);

	return connected_pair(SOCK_STREAM, &any);
}

struct address udp_sink(const char *ip)
{
	struct address any = inet_address(ip, 0);

	return local_address(bound_socket(SOCK_DGRAM, &any));
}

/* Write ever smaller pieces until no byte more fits. Return how many fit. */
static size_t fill_once(int fd)
{
	static const char zeros[4096];
	size_t chunk = sizeof(zeros), total = 0;
	ssize_t got;

	while (chunk) {
		got = write(fd, zeros, chunk);
		if (got < 0 && errno != EAGAIN)
			die("filling a send buffer");
		if (got < 0)
			chunk /= 2;
		else
			total += got;
	}
	return total;
}

/* TCP: bytes in flight free their room when the far end has received them. */
static bool on_the_way(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_unacked;
}

static void fill(void *arg)
{
	int fd = *(int *)arg, flags = must(fcntl(fd, F_GETFL), "F_GETFL");
	struct deadline deadline = { 0 };
	int size = 65536;

	must(prctl(PR_SET_NAME, "filler"), "PR_SET_NAME");
	/* Once set, TCP does not enlarge it any more. */
	must(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), "SO_SNDBUF");
	must(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "O_NONBLOCK");
	while (fill_once(fd) || on_the_way(fd))
		look_again(&deadline, "a send buffer to be full");
	must(fcntl(fd, F_SETFL, flags), "F_SETFL");
}

void fill_send_buffer(int fd)
{
	in_child(fill, &fd);
}

size_t drain(int fd, size_t expected)
{
	static char bytes[65536];
	size_t total = 0;
	ssize_t got;

	while (total < expected) {
		got = must(read(fd, bytes, sizeof(bytes)), "reading at the far end");
		if (!got)
			break;
		total += got;
	}
	return total;
}
