/* SPDX-License-Identifier: GPL-2.0 */
/* Real sockets, for suites that describe sockets. They are closed when the case ends. */
#ifndef _ST_SOCKET_FIXTURE_H
#define _ST_SOCKET_FIXTURE_H

#include <kunit/test.h>
#include <linux/net.h>

#include "peer.h"

struct socket *st_test_socket(struct kunit *test, int family, int type, int protocol);

/* Returns a descriptor of this thread for a new IPv4 socket, and sets @sock. */
int st_test_descriptor(struct kunit *test, int type, struct socket **sock);
int st_test_family_descriptor(struct kunit *test, int family, int type,
			      struct socket **sock);

/* Bind or connect to an address of any family; both end the case if that fails. */
void st_test_bind(struct kunit *test, struct socket *sock, const struct st_addr *addr);
void st_test_connect(struct kunit *test, struct socket *sock, const struct st_addr *addr);
void st_test_pair(struct kunit *test, int type, struct socket *pair[2]);

/* A socket that listens at @addr; sets @addr to its full address. */
struct socket *st_test_listener(struct kunit *test, int type, struct st_addr *addr);
struct socket *st_test_accept(struct kunit *test, struct socket *listener);

struct st_addr st_test_loopback(void);
struct st_addr st_test_loopback6(void);
struct st_addr st_test_mapped_loopback(void);
struct st_addr st_test_path(const char *path);
struct st_addr st_test_abstract(const char *name, size_t len);

/* Expects @addr to be the result of getsockname() or getpeername(). */
void st_test_expect_local(struct kunit *test, struct socket *sock,
			  const struct st_addr *addr);
void st_test_expect_remote(struct kunit *test, struct socket *sock,
			   const struct st_addr *addr);

/* ---- Peers ------------------------------------------------------------------------------ */

struct st_peer st_test_peer_of(struct socket *sock);

/*
 * For struct kunit_suite: @test->priv is a peer, filled with bytes that are none of it. The second
 * describes a socket in it.
 */
int st_test_peer_init(struct kunit *test);
const struct st_peer *st_test_describe(struct kunit *test, struct socket *sock);

/* IPv4's loopback address with a port. */
struct st_addr st_test_from_port(u16 port);

/* At the end of a receive: @name is the message's, or NULL. */
void st_test_set_source(struct socket *sock, struct st_peer *peer,
			const struct st_addr *name);

/* Expects @peer to be at @addr, and nothing else to be known of it. */
void st_test_expect_source(struct kunit *test, const struct st_peer *peer,
			   const struct st_addr *addr);

#endif /* _ST_SOCKET_FIXTURE_H */
