/* SPDX-License-Identifier: GPL-2.0 */
/* Real sockets, for the suites that describe them. All of them end with the case. */
#ifndef _ST_SOCKET_FIXTURE_H
#define _ST_SOCKET_FIXTURE_H

#include <kunit/test.h>
#include <linux/net.h>

#include "peer.h"

struct socket *st_test_socket(struct kunit *test, int family, int type, int protocol);

/* A descriptor of this thread's for a new IPv4 socket, which is told in @sock. */
int st_test_descriptor(struct kunit *test, int type, struct socket **sock);

/* Both bind or connect to an address of any family, or give the case up. */
void st_test_bind(struct kunit *test, struct socket *sock, const struct st_addr *addr);
void st_test_connect(struct kunit *test, struct socket *sock, const struct st_addr *addr);
void st_test_pair(struct kunit *test, int type, struct socket *pair[2]);

/* A socket that listens at @addr; its full address goes back there. */
struct socket *st_test_listener(struct kunit *test, int type, struct st_addr *addr);
struct socket *st_test_accept(struct kunit *test, struct socket *listener);

struct st_addr st_test_loopback(void);
struct st_addr st_test_loopback6(void);
struct st_addr st_test_mapped_loopback(void);
struct st_addr st_test_path(const char *path);
struct st_addr st_test_abstract(const char *name, size_t len);

/* Is @addr what getsockname() or getpeername() says? */
void st_test_expect_local(struct kunit *test, struct socket *sock,
			  const struct st_addr *addr);
void st_test_expect_remote(struct kunit *test, struct socket *sock,
			   const struct st_addr *addr);

#endif /* _ST_SOCKET_FIXTURE_H */
