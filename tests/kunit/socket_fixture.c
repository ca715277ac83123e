// SPDX-License-Identifier: GPL-2.0
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/sched.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "fixture.h"
#include "socket_fixture.h"
#include "source.h"

static void release(struct kunit_resource *resource)
{
	sock_release(resource->data);
}

struct socket *st_test_socket(struct kunit *test, int family, int type, int protocol)
{
	struct socket *sock;
	int err = sock_create_kern(&init_net, family, type, protocol, &sock);

	KUNIT_ASSERT_EQ(test, err, 0);
	st_test_at_end(test, release, sock);
	return sock;
}

static void close_descriptor(struct kunit_resource *resource)
{
	if (current->flags & PF_KTHREAD) /* else it is not in our table */
		close_fd((long)resource->data);
}

int st_test_descriptor(struct kunit *test, int type, struct socket **sock)
{
	return st_test_family_descriptor(test, AF_INET, type, sock);
}

int st_test_family_descriptor(struct kunit *test, int family, int type,
			      struct socket **sock)
{
	struct file *file;
	int fd;

	KUNIT_ASSERT_EQ(test, sock_create_kern(&init_net, family, type, 0, sock), 0);
	file = sock_alloc_file(*sock, 0, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	fd = get_unused_fd_flags(0);
	KUNIT_ASSERT_GE(test, fd, 0);
	fd_install(fd, file);
	st_test_at_end(test, close_descriptor, (void *)(long)fd);
	return fd;
}

void st_test_bind(struct kunit *test, struct socket *sock, const struct st_addr *addr)
{
	struct st_addr copy = *addr;

	KUNIT_ASSERT_EQ(test, kernel_bind(sock, &copy.any, copy.len), 0);
}

void st_test_connect(struct kunit *test, struct socket *sock, const struct st_addr *addr)
{
	struct st_addr copy = *addr;

	KUNIT_ASSERT_EQ(test, kernel_connect(sock, &copy.any, copy.len, 0), 0);
}

void st_test_pair(struct kunit *test, int type, struct socket *pair[2])
{
	pair[0] = st_test_socket(test, AF_UNIX, type, 0);
	pair[1] = st_test_socket(test, AF_UNIX, type, 0);
	KUNIT_ASSERT_EQ(test, pair[0]->ops->socketpair(pair[0], pair[1]), 0);
}

struct socket *st_test_listener(struct kunit *test, int type, struct st_addr *addr)
{
	struct socket *sock = st_test_socket(test, addr->any.sa_family, type, 0);
	int len;

	st_test_bind(test, sock, addr);
	if (type != SOCK_DGRAM)
		KUNIT_ASSERT_EQ(test, kernel_listen(sock, 4), 0);
	len = kernel_getsockname(sock, &addr->any);
	KUNIT_ASSERT_GT(test, len, 0);
	addr->len = len;
	return sock;
}

struct socket *st_test_accept(struct kunit *test, struct socket *listener)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, kernel_accept(listener, &sock, 0), 0);
	st_test_at_end(test, release, sock);
	return sock;
}

/* ---- Addresses ---------------------------------------------------------------------- */

struct st_addr st_test_loopback(void)
{
	return (struct st_addr){
		.len = sizeof(struct sockaddr_in),
		.in = { .sin_family = AF_INET,
			.sin_addr.s_addr = cpu_to_be32(INADDR_LOOPBACK) },
	};
}

struct st_addr st_test_loopback6(void)
{
	return (struct st_addr){
		.len = sizeof(struct sockaddr_in6),
		.in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT },
	};
}

struct st_addr st_test_mapped_loopback(void)
{
	struct st_addr addr = st_test_loopback6();

	ipv6_addr_set_v4mapped(cpu_to_be32(INADDR_LOOPBACK), &addr.in6.sin6_addr);
	return addr;
}

struct st_addr st_test_path(const char *path)
{
	struct st_addr addr = { .un.sun_family = AF_UNIX };

	strscpy(addr.un.sun_path, path, sizeof(addr.un.sun_path));
	addr.len = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	return addr;
}

struct st_addr st_test_abstract(const char *name, size_t len)
{
	struct st_addr addr = { .un.sun_family = AF_UNIX };

	memcpy(addr.un.sun_path + 1, name, len);
	addr.len = offsetof(struct sockaddr_un, sun_path) + 1 + len;
	return addr;
}

/* ---- What the kernel itself says --------------------------------------------------------- */

static void expect_same(struct kunit *test, const struct st_addr *said, int len,
			const struct st_addr *addr)
{
	KUNIT_ASSERT_GT(test, len, 0);
	KUNIT_ASSERT_EQ(test, len, addr->len);
	KUNIT_EXPECT_EQ(test, memcmp(&said->storage, &addr->storage, len), 0);
}

void st_test_expect_local(struct kunit *test, struct socket *sock,
			  const struct st_addr *addr)
{
	struct st_addr said = {};

	expect_same(test, &said, kernel_getsockname(sock, &said.any), addr);
}

void st_test_expect_remote(struct kunit *test, struct socket *sock,
			   const struct st_addr *addr)
{
	struct st_addr said = {};

	expect_same(test, &said, kernel_getpeername(sock, &said.any), addr);
}

/* ---- Peers ------------------------------------------------------------------------------ */

struct st_peer st_test_peer_of(struct socket *sock)
{
	struct st_peer peer;

	st_peer_of(sock, &peer);
	return peer;
}

int st_test_peer_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct st_peer), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	memset(test->priv, 0xaa, sizeof(struct st_peer));
	return 0;
}

const struct st_peer *st_test_describe(struct kunit *test, struct socket *sock)
{
	st_peer_of(sock, test->priv);
	return test->priv;
}

struct st_addr st_test_from_port(u16 port)
{
	struct st_addr addr = st_test_loopback();

	addr.in.sin_port = cpu_to_be16(port);
	return addr;
}

void st_test_set_source(struct socket *sock, struct st_peer *peer,
			const struct st_addr *name)
{
	preempt_disable();
	st_source_set(sock, peer, name ? &name->any : NULL, name ? name->len : 0);
	preempt_enable();
}

void st_test_expect_source(struct kunit *test, const struct st_peer *peer,
			   const struct st_addr *addr)
{
	KUNIT_ASSERT_EQ(test, peer->remote.len, addr->len);
	KUNIT_EXPECT_EQ(test, memcmp(&peer->remote.storage, &addr->storage, addr->len),
			0);
	KUNIT_EXPECT_EQ(test, peer->flags, 0);
}
