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

/**
 * struct end - an end of a connection, and how its keys are called
 * @event: whose end it is
 * @bytes: its address
 * @size: bytes of @bytes
 * @address: the key of the address; @port, @path, @doubt: of what follows
 */
struct end {
	const struct sendtrace_event *event;
	const unsigned char *bytes;
	uint16_t size;
	const char *address;
	const char *port;
	const char *path;
	const char *doubt;
};

static char *put_ipv4(char *to, const struct end *end)
{
	struct sockaddr_in in;

	memcpy(&in, end->bytes, IPV4_SHORTEST);
	to = address_put_ipv4(field_text(to, end->address),
			      (const unsigned char *)&in.sin_addr);
	return field_number(to, end->port, ntohs(in.sin_port));
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

static char *put_ipv6(char *to, const struct end *end)
{
	struct sockaddr_in6 in6 = { .sin6_scope_id = 0 };

	memcpy(&in6, end->bytes, end->size < sizeof(in6) ? IPV6_SHORTEST : sizeof(in6));
	to = address_put_ipv6(field_text(to, end->address),
			      (const unsigned char *)&in6.sin6_addr);
	if (has_scope(&in6))
		to = put_scope(to, end->event, in6.sin6_scope_id);
	return field_number(to, end->port, ntohs(in6.sin6_port));
}

/* An abstract name is everything behind the NUL, bytes of any kind. */
static char *put_path(char *to, const char *key, const unsigned char *path, size_t size)
{
	if (size > 1 && path[0] == '\0')
		return escape_word(field_text(field_text(to, key), "@"), path + 1,
				   size - 1);
	size = strnlen((const char *)path, size);
	if (size == 0)
		return to;
	to = field_text(to, key);
	if (path[0] != '@')
		return escape_word(to, path, size);
	/* A file whose name begins with '@' must not look like an abstract name. */
	return escape_word(field_text(to, "\\x40"), path + 1, size - 1);
}

static char *put_unix(char *to, const struct end *end, sa_family_t family)
{
	to = field_text(field_text(to, end->address), "localhost");
	if (family == AF_UNIX && end->size > PATH_OFFSET)
		to = put_path(to, end->path, end->bytes + PATH_OFFSET,
			      end->size - PATH_OFFSET);
	if (end->doubt && end->event->peer_pid)
		to = field_number(to, " peer_pid=", end->event->peer_pid);
	return to;
}

/* An address that could have been forged need not even be what was asked for. */
static char *put_doubt(char *to, const struct end *end)
{
	uint32_t flags = end->event->event_flags;

	if (!end->doubt)
		return to;
	if (flags & SENDTRACE_EVENT_PEER_LATE)
		return field_text(field_text(to, end->doubt), "late");
	if (flags & SENDTRACE_EVENT_PEER_ASKED)
		return field_text(field_text(to, end->doubt), "asked");
	return to;
}

/* By the address's own family; an address that is too short for its family is unknown. */
static char *put_end(char *to, const struct end *end)
{
	sa_family_t family = AF_UNSPEC;

	if (end->size >= sizeof(family))
		memcpy(&family, end->bytes, sizeof(family));
	if (family == AF_INET && end->size >= IPV4_SHORTEST)
		to = put_ipv4(to, end);
	else if (family == AF_INET6 && end->size >= IPV6_SHORTEST)
		to = put_ipv6(to, end);
	else if (end->event->family == AF_UNIX)
		to = put_unix(to, end, family);
	else
		return field_text(field_text(to, end->address), "-");
	return put_doubt(to, end);
}

char *fields_peer(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer)
{
	bool is_source = event->rec.type == SENDTRACE_RECORD_RECV;
	struct end end = {
		.event = event,
		.bytes = peer,
		.size = event->peer_len,
		.address = is_source ? " src=" : " dest=",
		.port = " port=",
		.path = " path=",
		.doubt = is_source ? " src_is=" : " dest_is=",
	};

	return put_end(field_number(to, " family=", event->family), &end);
}

char *fields_local(char *to, const struct sendtrace_event *event,
		   const unsigned char *local)
{
	struct end end = {
		.event = event,
		.bytes = local,
		.size = event->local_len,
		.address = " local=",
		.port = " lport=",
		.path = " lpath=",
	};

	return put_end(to, &end);
}

/* ---- The call -------------------------------------------------------------------- */

static char *put_cmsg(char *to, const struct sendtrace_cmsg *cmsg)
{
	const char *name = sendtrace_cmsg_name(cmsg->level, cmsg->type);
	bool is_rights = cmsg->level == SOL_SOCKET && cmsg->type == SCM_RIGHTS;

	if (name)
		to = field_text(to, name);
	else
		to = field_number(field_number(to, "", cmsg->level), "/", cmsg->type);
	return field_number(to, ":", is_rights ? cmsg->len / sizeof(int) : cmsg->len);
}

char *fields_call_name(char *to, const struct sendtrace_event *event)
{
	unsigned int i, nr = event->nr_cmsgs;

	to = field_text(to, " call=");
	if (event->call < SENDTRACE_CALLS)
		to = field_text(to, sendtrace_call_name(event->call));
	else
		to = field_number(to, "", event->call);
	for (i = 0; i < nr && i < SENDTRACE_CMSGS; i++)
		to = put_cmsg(field_text(to, i ? "," : " cmsg="), &event->cmsgs[i]);
	return nr > SENDTRACE_CMSGS ? field_number(to, ",+", nr - SENDTRACE_CMSGS) : to;
}

void fields_prepare(struct call_text texts[SENDTRACE_CALLS])
{
	struct sendtrace_event event = { .nr_cmsgs = 0 };
	char text[FIELDS_WIDEST];
	size_t size;

	for (; event.call < SENDTRACE_CALLS; event.call++) {
		size = (size_t)(fields_call_name(text, &event) - text);
		/* There is no longer name today; format_kinds_test.c compares them all. */
		if (size > sizeof(texts->text))
			size = sizeof(texts->text);
		memcpy(texts[event.call].text, text, size);
		texts[event.call].size = (unsigned char)size;
	}
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
