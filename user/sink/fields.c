// SPDX-License-Identifier: GPL-2.0
/* The text of an event's fields: results, names and addresses. */
#include "fields.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "address.h"
#include "errno_name.h"
#include "escape.h"
#include "scope.h"

enum {
	/* struct sockaddr_in6 before sin6_scope_id was added, as the kernel accepts it. */
	IPV6_SHORTEST = offsetof(struct sockaddr_in6, sin6_scope_id),
	IPV4_SHORTEST = offsetof(struct sockaddr_in, sin_zero),
	PATH_OFFSET = offsetof(struct sockaddr_un, sun_path),
};

char *field_errno(char *to, int64_t ret)
{
	const char *name = ret > INT64_MIN ? errno_name(-ret) : NULL;

	if (!name)
		return field_signed(to, " ret=", ret);
	return field_text(field_text(to, " ret=-"), name);
}

static char *put_comm(char *to, const char comm[SENDTRACE_COMM_LEN])
{
	return escape_word(field_text(to, " comm="), comm,
			   strnlen(comm, SENDTRACE_COMM_LEN));
}

static char *put_ipv4(char *to, const unsigned char *peer)
{
	struct sockaddr_in in;

	memcpy(&in, peer, IPV4_SHORTEST);
	to = address_put_ipv4(field_text(to, " dest="),
			      (const unsigned char *)&in.sin_addr);
	return field_number(to, " port=", ntohs(in.sin_port));
}

/* Only such an address is another one on each interface. */
static bool has_scope(const struct sockaddr_in6 *in6)
{
	const struct in6_addr *ip = &in6->sin6_addr;

	return in6->sin6_scope_id &&
	       (IN6_IS_ADDR_LINKLOCAL(ip) || IN6_IS_ADDR_MC_LINKLOCAL(ip) ||
		IN6_IS_ADDR_MC_NODELOCAL(ip));
}

/* The number, too, where it may be that of another interface of the same number. */
static char *put_scope(char *to, const struct sendtrace_event *event, uint32_t number)
{
	const char *name = NULL;

	if (event->event_flags & SENDTRACE_EVENT_PEER_INIT_NET)
		name = scope_name(number);
	if (!name)
		return field_number(to, "%", number);
	return escape_word(field_text(to, "%"), name, strlen(name));
}

static char *put_ipv6(char *to, const struct sendtrace_event *event,
		      const unsigned char *peer)
{
	struct sockaddr_in6 in6 = { .sin6_scope_id = 0 };

	memcpy(&in6, peer, event->peer_len < sizeof(in6) ? IPV6_SHORTEST : sizeof(in6));
	to = address_put_ipv6(field_text(to, " dest="),
			      (const unsigned char *)&in6.sin6_addr);
	if (has_scope(&in6))
		to = put_scope(to, event, in6.sin6_scope_id);
	return field_number(to, " port=", ntohs(in6.sin6_port));
}

/* An abstract name is everything behind the NUL, bytes of any kind. */
static char *put_path(char *to, const unsigned char *path, size_t size)
{
	if (size > 1 && path[0] == '\0')
		return escape_word(field_text(to, " path=@"), path + 1, size - 1);
	size = strnlen((const char *)path, size);
	if (size == 0)
		return to;
	to = field_text(to, " path=");
	if (path[0] != '@')
		return escape_word(to, path, size);
	/* A file whose name begins with '@' must not look like an abstract name. */
	return escape_word(field_text(to, "\\x40"), path + 1, size - 1);
}

static char *put_unix(char *to, const struct sendtrace_event *event,
		      const unsigned char *peer, sa_family_t family)
{
	to = field_text(to, " dest=localhost");
	if (family == AF_UNIX && event->peer_len > PATH_OFFSET)
		to = put_path(to, peer + PATH_OFFSET, event->peer_len - PATH_OFFSET);
	if (event->peer_pid)
		to = field_number(to, " peer_pid=", event->peer_pid);
	return to;
}

/* An address that could have been forged need not even be what was asked for. */
static char *put_doubt(char *to, uint32_t flags)
{
	if (flags & SENDTRACE_EVENT_PEER_LATE)
		return field_text(to, " dest_is=late");
	if (flags & SENDTRACE_EVENT_PEER_ASKED)
		return field_text(to, " dest_is=asked");
	return to;
}

/* By the address's own family; an address that is too short for its family is unknown. */
char *fields_peer(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer)
{
	sa_family_t family = AF_UNSPEC;

	to = field_number(to, " family=", event->family);
	if (event->peer_len >= sizeof(family))
		memcpy(&family, peer, sizeof(family));
	if (family == AF_INET && event->peer_len >= IPV4_SHORTEST)
		to = put_ipv4(to, peer);
	else if (family == AF_INET6 && event->peer_len >= IPV6_SHORTEST)
		to = put_ipv6(to, event, peer);
	else if (event->family == AF_UNIX)
		to = put_unix(to, event, peer, family);
	else
		return field_text(to, " dest=-");
	return put_doubt(to, event->event_flags);
}

char *fields_call(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer)
{
	to = field_number(to, " flg=", event->flags);
	to = field_signed(to, " addr_len=", event->addr_len);
	return fields_peer(to, event, peer);
}

char *fields_caller(char *to, const struct sendtrace_event *event)
{
	to = field_number(to, "pid=", event->pid);
	to = field_number(to, " tid=", event->tid);
	to = put_comm(to, event->comm);
	return field_signed(to, " fd=", event->fd);
}
