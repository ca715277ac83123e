/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses and connections for the test programs; what fails here ends the case. */
#ifndef NET_H
#define NET_H

#include <stdint.h>
#include <sys/socket.h>

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* Two connected sockets. */
struct pair {
	int near;
	int far;
};

/* @ip as inet_pton takes it, IPv6 if it has a colon. */
struct address inet_address(const char *ip, uint16_t port);

/* A path, or an abstract name where @name begins with '@'. */
struct address unix_address(const char *name);

struct address local_address(int fd);
struct address peer_address(int fd);

/* A socket bound to @address, port 0 meaning any. */
int bound_socket(int type, const struct address *address);

/* The same, listening. */
int listener(int type, const struct address *address);

int connected_socket(int type, const struct address *to);

/* Connect to a listener on @address; @near is the connecting end. */
struct pair connected_pair(int type, const struct address *address);

/* TCP over IPv4's loopback. */
struct pair tcp_pair(void);

/* The address of our UDP socket on @ip, which is bound and never read. */
struct address udp_sink(const char *ip);

/* Fill @fd's send buffer until it accepts no more, in a process with another name. */
void fill_send_buffer(int fd);

/* Read until the end; return how many bytes there were. */
size_t drain(int fd, size_t expected);

#endif /* NET_H */
