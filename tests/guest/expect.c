// SPDX-License-Identifier: GPL-2.0
/* The line that sendread is expected to print for a call. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

/* sendread's default. */
size_t expect_limit = 1 << 20;
const char *expect_limit_why = "snaplen";

static bool is_plain(unsigned char byte, bool space_too)
{
	return byte >= 0x20 && byte <= 0x7e && byte != '\\' &&
	       !(space_too && byte == ' ');
}

void expect_escaped(const void *bytes, size_t len, bool space_too)
{
	const unsigned char *at = bytes, *end = at + len, *plain;

	while (at < end) {
		for (plain = at; plain < end && is_plain(*plain, space_too); plain++)
			;
		fwrite_unlocked(at, 1, plain - at, stdout);
		at = plain;
		if (at == end)
			return;
		if (*at == '\\')
			printf("\\\\");
		else
			printf("\\x%02x", *at);
		at++;
	}
}

/* A leading '@' marks an abstract name, so in a path it is escaped. */
static void print_path(const char *path, size_t len)
{
	printf(" path=");
	if (path[0] == '\0') {
		putchar('@');
		expect_escaped(path + 1, len - 1, true);
		return;
	}
	if (path[0] == '@')
		printf("\\x40");
	expect_escaped(path + (path[0] == '@'), strnlen(path, len) - (path[0] == '@'),
		       true);
}

static void print_unix(const struct where *where, const char *key)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&where->to.sa;
	size_t header = offsetof(struct sockaddr_un, sun_path);

	printf(" %s=localhost", key);
	if (where->known && where->to.len > header)
		print_path(un->sun_path, where->to.len - header);
	if (where->peer_pid)
		printf(" peer_pid=%d", where->peer_pid);
}

static void print_inet(const struct where *where, const char *key)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&where->to.sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&where->to.sa;
	bool v4 = where->to.sa.ss_family == AF_INET;
	char text[INET6_ADDRSTRLEN];

	if (!inet_ntop(where->to.sa.ss_family,
		       v4 ? (const void *)&in->sin_addr : &in6->sin6_addr, text,
		       sizeof(text)))
		die("inet_ntop refused the address");
	printf(" %s=%s", key, text);
	if (where->scope)
		printf("%%%s", where->scope);
	printf(" port=%u", ntohs(v4 ? in->sin_port : in6->sin6_port));
}

void expect_where(const struct where *where, const char *key)
{
	bool inet = where->to.sa.ss_family == AF_INET ||
		    where->to.sa.ss_family == AF_INET6;

	printf(" family=%d", where->family);
	if (where->known && inet)
		print_inet(where, key);
	else if (where->family == AF_UNIX)
		print_unix(where, key);
	else
		printf(" %s=-", key);
	if (where->doubt)
		printf(" %s_is=%s", key, where->doubt);
}

/* A tracer sees the kernel's own errno of a call that is restarted; the C library has no name. */
const char *expect_error_name(int error)
{
	return error == EXPECT_RESTARTSYS ? "ERESTARTSYS" : strerrorname_np(error);
}

void expect_line(const struct sent *sent)
{
	flockfile(stdout);
	printf("pid=%d tid=%d comm=", sent->pid, sent->tid);
	expect_escaped(sent->comm, strnlen(sent->comm, sizeof(sent->comm)), true);
	printf(" fd=%d msg=", sent->fd);
	expect_escaped(sent->bytes, sent->cap, false);
	printf(" len=%zu flg=%u addr_len=%d", sent->len, sent->flags, sent->addr_len);
	expect_where(&sent->where, "dest");
	if (sent->ret < 0)
		printf(" ret=-%s", expect_error_name(-sent->ret));
	else
		printf(" ret=%ld", sent->ret);
	printf(" call=sendto");
	if (sent->why)
		printf(" cap=%zu why=%s", sent->cap, sent->why);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

static int socket_option(int fd, int option)
{
	socklen_t len = sizeof(int);
	int value = 0;

	must(getsockopt(fd, SOL_SOCKET, option, &value, &len), "getsockopt");
	return value;
}

static pid_t peer_pid(int fd)
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);

	if (socket_option(fd, SO_DOMAIN) != AF_UNIX)
		return 0;
	must(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len), "SO_PEERCRED");
	return cred.pid;
}

struct where to_nowhere(int family)
{
	return (struct where){ .family = family };
}

struct where to_peer(int fd)
{
	return (struct where){
		.family = socket_option(fd, SO_DOMAIN),
		.known = true,
		.to = peer_address(fd),
		.peer_pid = peer_pid(fd),
	};
}

struct where to_address(int fd, const struct address *address)
{
	return (struct where){
		.family = socket_option(fd, SO_DOMAIN),
		.known = true,
		.to = *address,
	};
}

struct where to_doubtful(int fd, const struct address *address, const char *doubt)
{
	struct where where = to_address(fd, address);

	where.doubt = doubt;
	return where;
}

void expect_caller(struct sent *sent)
{
	sent->pid = getpid();
	sent->tid = syscall(SYS_gettid);
	prctl(PR_GET_NAME, sent->comm);
}

static int type_of(int fd)
{
	socklen_t len = sizeof(int);
	int type = 0;

	getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
	return type;
}

void expect_failed(struct sent *sent)
{
	int type = type_of(sent->fd);
	bool again =
		sent->ret == -EINTR || sent->ret == -EXPECT_RESTARTSYS ||
		(sent->ret == -EAGAIN && (type == SOCK_STREAM || type == SOCK_SEQPACKET));
	size_t most = again ? 0 : EXPECT_FAILED_MAX;

	if (most > expect_limit)
		most = expect_limit;
	sent->cap = sent->len < most ? sent->len : most;
	if (sent->cap < sent->len)
		sent->why = again ? "again" : "failed";
}

void expect_returned(int fd, const void *bytes, size_t len, int flags, int addr_len,
		     const struct where *where, long ret)
{
	struct sent sent = {
		.fd = fd,
		.bytes = bytes,
		.len = len,
		.flags = flags,
		.addr_len = addr_len,
		.where = *where,
		.ret = ret < 0 ? -errno : ret,
	};
	int error = errno;

	expect_caller(&sent);
	sent.cap = ret;
	if (ret < 0) {
		expect_failed(&sent);
	} else if (sent.cap > expect_limit) {
		sent.cap = expect_limit;
		sent.why = expect_limit_why;
	}
	expect_line(&sent);
	errno = error;
}

ssize_t traced_send(int fd, const void *bytes, size_t len, int flags,
		    const struct where *where)
{
	ssize_t ret = send(fd, bytes, len, flags);

	expect_returned(fd, bytes, len, flags, 0, where, ret);
	return ret;
}

ssize_t traced_sendto(int fd, const void *bytes, size_t len, int flags,
		      const struct address *to, const struct where *where)
{
	ssize_t ret =
		sendto(fd, bytes, len, flags, (const struct sockaddr *)&to->sa, to->len);

	expect_returned(fd, bytes, len, flags, to->len, where, ret);
	return ret;
}

void send_text(int fd, const char *text)
{
	struct where where = to_peer(fd);

	check_equal(traced_send(fd, text, strlen(text), 0, &where), strlen(text),
		    "send of '%s'", text);
}

void send_text_to(int fd, const char *text, const struct address *to)
{
	struct where where = to_address(fd, to);

	check_equal(traced_sendto(fd, text, strlen(text), 0, to, &where), strlen(text),
		    "sendto of '%s'", text);
}

void expect_accepted(int listening, int fd)
{
	struct where where = fd < 0 ? to_nowhere(local_address(listening).sa.ss_family) :
				      to_peer(fd);
	char comm[16];

	prctl(PR_GET_NAME, comm);
	printf("accept pid=%d tid=%ld comm=%s fd=%d", getpid(), syscall(SYS_gettid), comm,
	       listening);
	if (fd < 0)
		printf(" newfd=-");
	else
		printf(" newfd=%d", fd);
	expect_where(&where, "dest");
	if (fd < 0)
		printf(" ret=-%s call=accept\n", strerrorname_np(-fd));
	else
		printf(" ret=%d call=accept\n", fd);
}
