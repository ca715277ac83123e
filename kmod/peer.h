/* SPDX-License-Identifier: GPL-2.0 */
/* The addresses at both ends of a socket. */
#ifndef _ST_PEER_H
#define _ST_PEER_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/un.h>
#include <linux/sendtrace.h>

struct sock;
struct socket;

/*
 * The last word that @len reaches is padded with zeroes. Words behind it are undefined:
 * never copy them.
 */
struct st_addr {
	u16 len; /* 0: unknown */
	union {
		u64 words[sizeof(struct sockaddr_storage) / sizeof(u64)];
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
};

/**
 * struct st_peer - description of a socket
 * @inode: as in `socket:[N]` of /proc/PID/fd
 * @pid: AF_UNIX: the process at the other end, in the initial pid namespace; else 0
 * @flags: what @remote is: SENDTRACE_EVENT_PEER_*; 0 if it is what the socket sends to
 * @family: AF_*
 * @type: SOCK_*
 * @protocol: IPPROTO_*, or the family's own
 * @unused: never set; a record has another field there, and all four are copied as one word
 * @unnamed: if not NULL: the datagram socket that it is connected to, whose name could not be
 *	read without waiting; only to be compared, since it may be gone
 * @cookie: the socket's number, unique in its network namespace
 * @position: TCP: bytes that were sent on the connection, or received after
 *	st_peer_note_received(); else 0
 * @write_seq: TCP: sequence number of the next byte to be sent; else 0
 * @copied_seq: TCP: of the next byte to be read; else 0
 * @netns: inode number of the network namespace
 * @local: the socket's own address
 * @remote: where it sends to
 */
struct st_peer {
	u64 inode;
	u64 cookie;
	u64 position;
	u32 write_seq;
	u32 copied_seq;
	u32 netns;
	const struct sock *unnamed;
	u32 pid;
	u32 flags;
	u16 family;
	u16 type;
	u16 protocol;
	u16 unused;
	struct st_addr local;
	struct st_addr remote;
};

/* Must be called before the bytes are set: it zeroes the last word. */
static __always_inline void st_addr_set_len(struct st_addr *addr, u16 len)
{
	addr->len = len;
	if (len)
		addr->words[(len - 1) / sizeof(addr->words[0])] = 0;
}

static __always_inline void st_addr_copy(struct st_addr *to, const struct st_addr *from)
{
	unsigned int i;

	to->len = from->len;
	for (i = 0; i < DIV_ROUND_UP(from->len, sizeof(to->words[0])); i++)
		to->words[i] = from->words[i];
}

/* Without the words that are undefined, which are most of it. */
static __always_inline void st_peer_copy(struct st_peer *to, const struct st_peer *from)
{
	memcpy(to, from, offsetof(struct st_peer, local));
	st_addr_copy(&to->local, &from->local);
	st_addr_copy(&to->remote, &from->remote);
}

void st_peer_clear(struct st_peer *peer);
void st_peer_of(struct socket *sock, struct st_peer *peer);
void st_peer_of_receiver(struct socket *sock, struct st_peer *peer);
void st_peer_of_unix(struct sock *sk, struct st_peer *peer);
void st_peer_name_late(struct socket *sock, struct st_peer *peer);
bool st_peer_set_pending(const struct sock *sk, struct st_peer *peer);
void st_peer_complete(struct st_peer *peer, const struct st_peer *now);
bool st_peer_is_stream(const struct st_peer *peer, struct socket *sock);
void st_peer_note_received(struct socket *sock, struct st_peer *peer);
void st_peer_note_scope(const struct sock *sk, struct st_peer *peer);

/**
 * st_peer_is_unbound() - has the socket no local port yet, and will it get one?
 * @peer: from st_peer_of()
 *
 * Return: true for an IPv4 or IPv6 socket with ports that is not bound.
 */
static __always_inline bool st_peer_is_unbound(const struct st_peer *peer)
{
	/*
	 * sin_port and sin6_port are at the same offset. First, since most sockets have one; of
	 * other families, these bytes mean something else.
	 */
	return !peer->local.in.sin_port &&
	       (peer->family == AF_INET || peer->family == AF_INET6) &&
	       (peer->type == SOCK_DGRAM || peer->type == SOCK_STREAM);
}

/**
 * st_peer_asks_to_connect() - was it a stream that is not connected, and the call had an address?
 * @peer: at the call's entry
 *
 * Return: true if so: then the call itself connects it (TCP fast open), or fails.
 */
static __always_inline bool st_peer_asks_to_connect(const struct st_peer *peer)
{
	return peer->type == SOCK_STREAM && peer->flags & SENDTRACE_EVENT_PEER_ASKED;
}

#endif /* _ST_PEER_H */
