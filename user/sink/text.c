// SPDX-License-Identifier: GPL-2.0
#include "text.h"

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

static char *put_ipv4(char *to, const unsigned char *peer)
{
	struct sockaddr_in in;

	memcpy(&in, peer, IPV4_SHORTEST);
	to = address_put_ipv4(put(to, " dest="), (const unsigned char *)&in.sin_addr);
	return put_number(to, " port=", ntohs(in.sin_port));
}

static char *put_ipv6(char *to, const unsigned char *peer)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, peer, IPV6_SHORTEST);
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

static char *put_unix(char *to, const struct sendtrace_event *event,
		      const unsigned char *peer)
{
	to = put(to, " dest=localhost");
	if (event->peer_len > PATH_OFFSET)
		to = put_path(to, peer + PATH_OFFSET, event->peer_len - PATH_OFFSET);
	if (event->peer_pid)
		to = put_number(to, " peer_pid=", event->peer_pid);
	return to;
}

/* By the address's own family; one too short for it is as good as none. */
static char *put_dest(char *to, const struct sendtrace_event *event,
		      const unsigned char *peer)
{
	sa_family_t family = AF_UNSPEC;

	to = put_number(to, " family=", event->family);
	if (event->family == AF_UNIX)
		return put_unix(to, event, peer);
	if (event->peer_len >= sizeof(family))
		memcpy(&family, peer, sizeof(family));
	if (family == AF_INET && event->peer_len >= IPV4_SHORTEST)
		return put_ipv4(to, peer);
	if (family == AF_INET6 && event->peer_len >= IPV6_SHORTEST)
		return put_ipv6(to, peer);
	return put(to, " dest=-");
}

static char *put_call(char *to, const struct sendtrace_event *event,
		      const unsigned char *peer)
{
	to = put_number(to, " flg=", event->flags);
	to = put_signed(to, " addr_len=", event->addr_len);
	return put_dest(to, event, peer);
}

static char *put_caller(char *to, const struct sendtrace_event *event)
{
	to = put_number(to, "pid=", event->pid);
	to = put_number(to, " tid=", event->tid);
	to = put_comm(to, event->comm);
	return put_signed(to, " fd=", event->fd);
}

/* ---- Text that is used again ---------------------------------------------------- */

/*
 * A thread sends many times on a connection, and but for the payload the lines are the same.
 * So their text is kept beside all that it was made of, and used again where every byte of
 * that is the same. What is too long to be kept is just written anew.
 */
enum {
	KEPT_CONNECTIONS = 64, /* a power of two */
	KEPT_PEER = 64,
	KEPT_CALLER_TEXT = 64,
	KEPT_CALL_TEXT = 96,
};

/**
 * struct kept - two texts, each kept until another takes its place
 * @pid: made @caller, with @tid, @fd and @comm
 * @flags: made @call, with @addr_len, @peer_pid, @family and @peer_len bytes of @peer
 * @caller_size: bytes of @caller, 0 for none
 * @call_size: bytes of @call, 0 for none
 */
struct kept {
	uint32_t pid;
	uint32_t tid;
	int32_t fd;
	uint32_t caller_size;
	char comm[SENDTRACE_COMM_LEN];
	uint32_t flags;
	int32_t addr_len;
	uint32_t peer_pid;
	uint32_t call_size;
	uint16_t family;
	uint16_t peer_len;
	unsigned char peer[KEPT_PEER];
	char caller[KEPT_CALLER_TEXT];
	char call[KEPT_CALL_TEXT];
};

static struct kept kept_texts[KEPT_CONNECTIONS];

void format_text_forget(void)
{
	memset(kept_texts, 0, sizeof(kept_texts));
}

/* Connections that share a place only take longer. */
static struct kept *kept_of(const struct sendtrace_event *event)
{
	return &kept_texts[(event->tid * 31 + (uint32_t)event->fd) % KEPT_CONNECTIONS];
}

enum {
	PIECE = 16
};

/* No call for the lengths that are usual: names, and addresses of IPv4 and of IPv6. */
static inline bool same_piece(const void *one, const void *other)
{
	uint64_t a[PIECE / 8], b[PIECE / 8];

	memcpy(a, one, PIECE);
	memcpy(b, other, PIECE);
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static inline bool same_bytes(const void *one, const void *other, size_t size)
{
	size_t last = size - PIECE;

	if (size < PIECE || size > 2 * PIECE)
		return memcmp(one, other, size) == 0;
	return same_piece(one, other) &&
	       same_piece((const char *)one + last, (const char *)other + last);
}

static inline bool is_caller(const struct kept *kept, const struct sendtrace_event *event)
{
	_Static_assert(sizeof(kept->comm) == PIECE, "a name is a piece");
	return kept->pid == event->pid && kept->tid == event->tid &&
	       kept->fd == event->fd && kept->caller_size &&
	       same_piece(kept->comm, event->comm);
}

static __attribute__((noinline)) char *keep_caller(char *to, struct kept *kept,
						   const struct sendtrace_event *event)
{
	char *end = put_caller(to, event);
	size_t size = (size_t)(end - to);

	if (size > sizeof(kept->caller))
		return end;
	kept->pid = event->pid;
	kept->tid = event->tid;
	kept->fd = event->fd;
	memcpy(kept->comm, event->comm, sizeof(kept->comm));
	memcpy(kept->caller, to, size);
	kept->caller_size = (uint32_t)size;
	return end;
}

/* All that there is room for is copied: that is quicker than to copy what is needed. */
static inline char *put_kept_caller(char *to, struct kept *kept,
				    const struct sendtrace_event *event)
{
	if (!is_caller(kept, event))
		return keep_caller(to, kept, event);
	memcpy(to, kept->caller, sizeof(kept->caller));
	return to + kept->caller_size;
}

static inline bool is_call(const struct kept *kept, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;

	return kept->flags == event->flags && kept->addr_len == event->addr_len &&
	       kept->peer_pid == event->peer_pid && kept->family == event->family &&
	       kept->peer_len == event->peer_len && kept->call_size &&
	       same_bytes(kept->peer, record->peer, event->peer_len);
}

/*
 * What is kept is made of the copy, so that the two belong together: the record lies in
 * memory that is shared.
 */
static __attribute__((noinline)) char *keep_call(char *to, struct kept *kept,
						 const struct record *record)
{
	const struct sendtrace_event *event = &record->event;
	char *end;
	size_t size;

	kept->call_size = 0;
	if (event->peer_len > sizeof(kept->peer))
		return put_call(to, event, record->peer);
	memcpy(kept->peer, record->peer, event->peer_len);
	end = put_call(to, event, kept->peer);
	size = (size_t)(end - to);
	if (size > sizeof(kept->call))
		return end;
	kept->flags = event->flags;
	kept->addr_len = event->addr_len;
	kept->peer_pid = event->peer_pid;
	kept->family = event->family;
	kept->peer_len = event->peer_len;
	memcpy(kept->call, to, size);
	kept->call_size = (uint32_t)size;
	return end;
}

static inline char *put_kept_call(char *to, struct kept *kept,
				  const struct record *record)
{
	if (!is_call(kept, record))
		return keep_call(to, kept, record);
	memcpy(to, kept->call, sizeof(kept->call));
	return to + kept->call_size;
}

/* ---- Lines ---------------------------------------------------------------------- */

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
	size_t widest, room, piece;

	while (size > 0) {
		widest = size * ESCAPE_WIDEST + ESCAPE_SLACK;
		out_reserve(out, widest < OUT_CAPACITY / 4 ? widest : OUT_CAPACITY / 4);
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

static inline uint64_t widest_line(uint64_t payload)
{
	return payload * ESCAPE_WIDEST + ESCAPE_SLACK + 2 * LINE_WIDEST;
}

/* A line is not cut where two write()s meet, unless the buffer cannot hold its widest form. */
static inline char *begin_line(struct out *out, uint64_t payload)
{
	uint64_t widest = widest_line(payload);

	return out_reserve(out, widest < OUT_CAPACITY ? widest : OUT_CAPACITY);
}

static inline char *put_message(char *to, struct out *out, const struct record *record,
				uint64_t captured)
{
	/* Whether or not there is some: then it is in one piece, and there is room. */
	if (!record->joined && widest_line(captured) <= OUT_CAPACITY)
		return escape(to, record->payload, (size_t)captured);
	out_commit(out, to);
	put_whole_payload(out, record);
	return out_reserve(out, LINE_WIDEST);
}

void format_text_send(struct out *out, const struct record *record)
{
	const struct sendtrace_event *event = &record->event;
	uint64_t captured = event_captured(record);
	struct kept *kept = kept_of(event);
	char *to = begin_line(out, captured);

	to = put(put_kept_caller(to, kept, event), " msg=");
	to = put_message(to, out, record, captured);
	to = put_number(to, " len=", event->len);
	to = put_kept_call(to, kept, record);
	to = put_ret(to, event->ret);
	if (event_is_cut(record)) {
		to = put_number(to, " cap=", captured);
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
	to = put_dest(to, event, record->peer);
	to = put_ret(to, event->ret);
	*to++ = '\n';
	out_commit(out, to);
}
