// SPDX-License-Identifier: GPL-2.0
#include "format_text.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "address.h"
#include "decode.h"
#include "escape.h"
#include "join.h"
#include "number.h"
#include "out.h"

enum {
	/* All of a line but the payload, the widest of everything. */
	LINE_WIDEST = 2048,
	/* struct sockaddr_in6 before sin6_scope_id was added, as the kernel accepts it. */
	IPV6_SHORTEST = offsetof(struct sockaddr_in6, sin6_scope_id),
	IPV4_SHORTEST = offsetof(struct sockaddr_in, sin_zero),
	PATH_OFFSET = offsetof(struct sockaddr_un, sun_path),
};

static inline char *put(char *to, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, text, size);
	return to + size;
}

static inline char *put_number(char *to, const char *key, uint64_t value)
{
	return number_put(put(to, key), value);
}

static inline char *put_signed(char *to, const char *key, int64_t value)
{
	return number_put_signed(put(to, key), value);
}

/* Codes that are for the kernel's own use have no name in the C library. */
static const char *kernel_errno(int64_t number)
{
	switch (number) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 515:
		return "ENOIOCTLCMD";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	default:
		return NULL;
	}
}

static char *put_ret(char *to, int64_t ret)
{
	const char *name = NULL;

	if (ret < 0)
		name = strerrorname_np((int)-ret) ?: kernel_errno(-ret);
	if (!name)
		return put_signed(to, " ret=", ret);
	return put(put(to, " ret=-"), name);
}

static char *put_comm(char *to, const char comm[SENDTRACE_COMM_LEN])
{
	return escape_word(put(to, " comm="), comm, strnlen(comm, SENDTRACE_COMM_LEN));
}

static char *put_ipv4(char *to, const struct record *record)
{
	struct sockaddr_in in;

	memcpy(&in, record->peer, IPV4_SHORTEST);
	to = address_put_ipv4(put(to, " dest="), (const unsigned char *)&in.sin_addr);
	return put_number(to, " port=", ntohs(in.sin_port));
}

static char *put_ipv6(char *to, const struct record *record)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, record->peer, IPV6_SHORTEST);
	to = address_put_ipv6(put(to, " dest="), (const unsigned char *)&in6.sin6_addr);
	return put_number(to, " port=", ntohs(in6.sin6_port));
}

/* An abstract name is all that follows the NUL, whatever bytes they are. */
static char *put_path(char *to, const unsigned char *path, size_t size)
{
	if (size > 1 && path[0] == '\0')
		return escape_word(put(to, " path=@"), path + 1, size - 1);
	size = strnlen((const char *)path, size);
	if (size == 0)
		return to;
	to = put(to, " path=");
	if (path[0] != '@')
		return escape_word(to, path, size);
	/* A file of that name, which must not look like an abstract one. */
	return escape_word(put(to, "\\x40"), path + 1, size - 1);
}

static char *put_unix(char *to, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;

	to = put(to, " dest=localhost");
	if (event->peer_len > PATH_OFFSET)
		to = put_path(to, record->peer + PATH_OFFSET,
			      event->peer_len - PATH_OFFSET);
	if (event->peer_pid)
		to = put_number(to, " peer_pid=", event->peer_pid);
	return to;
}

/* By the address's own family; one too short for it is as good as none. */
static char *put_dest(char *to, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;
	sa_family_t family = AF_UNSPEC;

	to = put_number(to, " family=", event->family);
	if (event->family == AF_UNIX)
		return put_unix(to, record);
	if (event->peer_len >= sizeof(family))
		memcpy(&family, record->peer, sizeof(family));
	if (family == AF_INET && event->peer_len >= IPV4_SHORTEST)
		return put_ipv4(to, record);
	if (family == AF_INET6 && event->peer_len >= IPV6_SHORTEST)
		return put_ipv6(to, record);
	return put(to, " dest=-");
}

bool format_text_is_cut(const struct record *record)
{
	return record->rec.type == SENDTRACE_RECORD_SEND &&
	       event_captured(record) < event_sent(&record->event);
}

unsigned int format_text_why_of(const struct record *record)
{
	return event_unjoined(record) ? WHY_UNJOINED : record->event.why;
}

const char *format_text_why(unsigned int why)
{
	static const char *const names[] = {
		[SENDTRACE_WHY_COMPLETE] = "unknown",
		[SENDTRACE_WHY_SNAPLEN] = "snaplen",
		[SENDTRACE_WHY_INLINE_BOUND] = "inline_bound",
		[SENDTRACE_WHY_RING_SIZE] = "ring_size",
		[SENDTRACE_WHY_RING_FULL] = "ring_full",
		[SENDTRACE_WHY_FAULT] = "fault",
		[SENDTRACE_WHY_NO_WORK] = "no_work",
		[WHY_UNJOINED] = "unjoined",
	};

	return why < sizeof(names) / sizeof(names[0]) ? names[why] : "unknown";
}

/* A payload of any length goes through the buffer in pieces. */
static void put_payload(struct out *out, const unsigned char *payload, size_t size)
{
	size_t room, piece;

	while (size > 0) {
		out_reserve(out, OUT_CAPACITY / 4);
		room = (out_room(out) - ESCAPE_SLACK) / ESCAPE_WIDEST;
		piece = size < room ? size : room;
		out_commit(out, escape(out->buffer + out->used, payload, piece));
		payload += piece;
		size -= piece;
	}
}

static void put_joined(struct out *out, const struct joined *joined)
{
	unsigned char piece[OUT_CAPACITY / 4 / ESCAPE_WIDEST];
	uint64_t done = 0;
	size_t got;

	while ((got = joined_read(joined, done, piece, sizeof(piece))) > 0) {
		put_payload(out, piece, got);
		done += got;
	}
}

static void put_whole_payload(struct out *out, const struct record *record)
{
	if (event_unjoined(record))
		return;
	if (record->joined && record->joined->memory)
		put_payload(out, record->joined->memory, record->joined->size);
	else if (record->joined)
		put_joined(out, record->joined);
	put_payload(out, record->payload, record->event.cap_len);
}

/* Lines are not cut where two write()s meet, unless they are longer than the buffer. */
static char *begin_line(struct out *out, uint64_t payload)
{
	uint64_t widest = payload * ESCAPE_WIDEST + ESCAPE_SLACK + 2 * LINE_WIDEST;

	return out_reserve(out, widest < OUT_CAPACITY ? widest : OUT_CAPACITY);
}

static char *put_caller(char *to, const struct sendtrace_event *event)
{
	to = put_number(to, "pid=", event->pid);
	to = put_number(to, " tid=", event->tid);
	to = put_comm(to, event->comm);
	return put_signed(to, " fd=", event->fd);
}

void format_text_send(struct out *out, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;
	char *to = begin_line(out, event_captured(record));

	to = put_caller(to, event);
	out_commit(out, put(to, " msg="));
	put_whole_payload(out, record);
	to = out_reserve(out, LINE_WIDEST);
	to = put_number(to, " len=", event->len);
	to = put_number(to, " flg=", event->flags);
	to = put_signed(to, " addr_len=", event->addr_len);
	to = put_dest(to, record);
	to = put_ret(to, event->ret);
	if (format_text_is_cut(record)) {
		to = put_number(to, " cap=", event_captured(record));
		to = put(put(to, " why="), format_text_why(format_text_why_of(record)));
	}
	*to++ = '\n';
	out_commit(out, to);
}

void format_text_accept(struct out *out, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;
	char *to = put_caller(put(begin_line(out, 0), "accept "), event);

	if (event->ret >= 0)
		to = put_signed(to, " newfd=", event->ret);
	else
		to = put(to, " newfd=-");
	to = put_dest(to, record);
	to = put_ret(to, event->ret);
	*to++ = '\n';
	out_commit(out, to);
}
