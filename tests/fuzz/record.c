// SPDX-License-Identifier: GPL-2.0
/* What must be true for every accepted record, and for the line that shows it. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sendtrace.h"
#include "text.h"

/* The part of a line that was not checked yet. */
struct rest {
	const char *text;
	size_t size;
};

void require_reason(const struct sendtrace_fault *fault)
{
	const char *c;

	require(memchr(fault->text, '\0', sizeof(fault->text)),
		"a reason without an end");
	require(memchr(fault->where, '\0', sizeof(fault->where)),
		"a place without an end");
	require(fault->text[0], "refused without a reason");
	for (c = fault->text; *c; c++)
		require(*c >= 0x20 && *c <= 0x7e, "0x%02x in a reason", (uint8_t)*c);
}

static void require_section(const unsigned char *section, size_t length,
			    const unsigned char *from, const unsigned char *end)
{
	require(section >= from && section <= end && length <= (size_t)(end - section),
		"a section of %zu bytes is not within the record", length);
}

void require_inside(const struct sendtrace_item *record, const void *from, size_t size)
{
	const struct sendtrace_event *event = &record->event;
	const unsigned char *end = (const unsigned char *)from + record->rec.size;
	const unsigned char *header_end =
		(const unsigned char *)from + record->rec.header_size;

	require(record->rec.size <= size, "a record of %u bytes in %zu", record->rec.size,
		size);
	require(record->rec.size >= sizeof(record->rec) &&
			record->rec.size % SENDTRACE_ALIGN == 0,
		"a record of %u bytes", record->rec.size);
	if (record->rec.type == SENDTRACE_RECORD_FRAGMENT)
		require_section(record->payload, record->fragment.cap_len, header_end,
				end);
	if (!sendtrace_is_event(record))
		return;
	require_section(record->local, event->local_len, header_end, end);
	require_section(record->peer, event->peer_len, record->local + event->local_len,
			end);
	require_section(record->payload, event->cap_len, record->peer + event->peer_len,
			end);
}

/* ---- The line ------------------------------------------------------------------- */

static void expect(struct rest *rest, const char *text)
{
	size_t size = strlen(text);

	require(rest->size >= size && memcmp(rest->text, text, size) == 0,
		"expected '%s', found '%.*s'", text, (int)rest->size, rest->text);
	rest->text += size;
	rest->size -= size;
}

static unsigned int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	require(at, "'%c' is no hexadecimal digit", c);
	return (unsigned int)(at - digits);
}

/* Turn one byte back from its text. */
static unsigned char unescape(struct rest *rest)
{
	const char *c = rest->text;
	size_t size = 1;
	unsigned char byte;

	require(rest->size >= 1, "the line ends within a value");
	byte = (unsigned char)*c;
	if (*c == '\\') {
		require(rest->size >= 2, "the line ends within a byte's text");
		size = c[1] == '\\' ? 2 : 4;
		require(rest->size >= size, "the line ends within a byte's text");
		require(size == 2 || c[1] == 'x', "'\\%c' stands for no byte", c[1]);
		if (size == 4)
			byte = (unsigned char)(hex_digit(c[2]) << 4 | hex_digit(c[3]));
	}
	rest->text += size;
	rest->size -= size;
	return byte;
}

static void expect_bytes(struct rest *rest, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	unsigned char got;
	size_t i;

	for (i = 0; i < size; i++) {
		got = unescape(rest);
		require(got == from[i], "byte %zu comes back as 0x%02x, was 0x%02x", i,
			got, from[i]);
	}
}

static void expect_caller(struct rest *rest, const struct sendtrace_event *event)
{
	char text[96];

	snprintf(text, sizeof(text), "pid=%u tid=%u comm=", event->pid, event->tid);
	expect(rest, text);
	expect_bytes(rest, event->comm, strnlen(event->comm, sizeof(event->comm)));
	snprintf(text, sizeof(text), " fd=%d", event->fd);
	expect(rest, text);
}

/* An end of a connection: its address, and the keys that it has in a line. */
struct end {
	const unsigned char *address;
	size_t size;
	const char *dest;
	const char *port;
	const char *path;
	const char *doubt;
};

static void expect_path(struct rest *rest, const char *key, const unsigned char *path,
			size_t size)
{
	bool abstract = size > 1 && path[0] == '\0';

	if (abstract) {
		expect(rest, key);
		expect(rest, "@");
		expect_bytes(rest, path + 1, size - 1);
		return;
	}
	size = strnlen((const char *)path, size);
	if (size == 0)
		return;
	expect(rest, key);
	require(rest->size && *rest->text != '@', "a file's path looks abstract");
	expect_bytes(rest, path, size);
}

static void expect_unix(struct rest *rest, const struct sendtrace_event *event,
			const struct end *end)
{
	size_t before = offsetof(struct sockaddr_un, sun_path);
	sa_family_t family = AF_UNSPEC;
	char text[32];

	expect(rest, "localhost");
	require(event->family == AF_UNIX, "no unix socket's peer is localhost");
	if (end->size >= sizeof(family))
		memcpy(&family, end->address, sizeof(family));
	if (family == AF_UNIX && end->size > before)
		expect_path(rest, end->path, end->address + before, end->size - before);
	if (event->peer_pid == 0 || !end->doubt)
		return;
	snprintf(text, sizeof(text), " peer_pid=%u", event->peer_pid);
	expect(rest, text);
}

/* address.c must agree with the C library's inet_ntop(). */
static void expect_inet(struct rest *rest, int family, const void *address,
			uint32_t scope, const char *key, in_port_t port)
{
	char text[INET6_ADDRSTRLEN], number[32];

	require(inet_ntop(family, address, text, sizeof(text)), "inet_ntop() failed");
	expect(rest, text);
	snprintf(number, sizeof(number), "%%%u", scope);
	if (scope)
		expect(rest, number);
	snprintf(number, sizeof(number), "%s%u", key, ntohs(port));
	expect(rest, number);
}

/* The names of interfaces are not used here: streams have none. */
static uint32_t scope_of(const struct sockaddr_in6 *in6)
{
	const unsigned char *ip = in6->sin6_addr.s6_addr;
	bool unicast = ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80;
	bool group = ip[0] == 0xff && ((ip[1] & 15) == 1 || (ip[1] & 15) == 2);

	return unicast || group ? in6->sin6_scope_id : 0;
}

static void expect_address(struct rest *rest, const struct sendtrace_event *event,
			   const struct end *end)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_UNSPEC };
	struct sockaddr_in in = { .sin_family = AF_UNSPEC };

	if (end->size >= 8)
		memcpy(&in, end->address, 8);
	if (end->size >= 24)
		memcpy(&in6, end->address, end->size < 28 ? 24 : 28);
	if (in.sin_family == AF_INET)
		expect_inet(rest, AF_INET, &in.sin_addr, 0, end->port, in.sin_port);
	else if (in6.sin6_family == AF_INET6)
		expect_inet(rest, AF_INET6, &in6.sin6_addr, scope_of(&in6), end->port,
			    in6.sin6_port);
	else
		expect_unix(rest, event, end);
}

static void expect_end(struct rest *rest, const struct sendtrace_event *event,
		       const struct end *end)
{
	expect(rest, end->dest);
	if (rest->size && *rest->text == '-') {
		expect(rest, "-");
		require(event->family != AF_UNIX, "a unix peer is a dash");
		return;
	}
	expect_address(rest, event, end);
	if (!end->doubt)
		return;
	if (event->event_flags & SENDTRACE_EVENT_PEER_LATE) {
		expect(rest, end->doubt);
		expect(rest, "late");
	} else if (event->event_flags & SENDTRACE_EVENT_PEER_ASKED) {
		expect(rest, end->doubt);
		expect(rest, "asked");
	}
}

static void expect_peer(struct rest *rest, const struct sendtrace_item *record)
{
	bool received = record->rec.type == SENDTRACE_RECORD_RECV;
	struct end end = { .address = record->peer,
			   .size = record->event.peer_len,
			   .dest = received ? " src=" : " dest=",
			   .port = " port=",
			   .path = " path=",
			   .doubt = received ? " src_is=" : " dest_is=" };
	char text[32];

	snprintf(text, sizeof(text), " family=%u", record->event.family);
	expect(rest, text);
	expect_end(rest, &record->event, &end);
}

static void expect_local(struct rest *rest, const struct sendtrace_item *record)
{
	struct end end = { .address = record->local,
			   .size = record->event.local_len,
			   .dest = " local=",
			   .port = " lport=",
			   .path = " lpath=" };

	expect_end(rest, &record->event, &end);
}

/* An errno's name, which begins with E, or a number, which must be the right one. */
static void expect_ret(struct rest *rest, int64_t ret)
{
	char text[32];

	expect(rest, " ret=");
	if (ret < 0 && rest->size > 1 && rest->text[1] == 'E') {
		expect(rest, "-");
		while (rest->size && *rest->text != ' ' && *rest->text != '\n') {
			rest->text++;
			rest->size--;
		}
		return;
	}
	snprintf(text, sizeof(text), "%lld", (long long)ret);
	expect(rest, text);
}

static void expect_cmsg(struct rest *rest, const struct sendtrace_cmsg *cmsg)
{
	const char *name = sendtrace_cmsg_name(cmsg->level, cmsg->type);
	bool rights = cmsg->level == SOL_SOCKET && cmsg->type == SCM_RIGHTS;
	char text[64];

	if (name)
		snprintf(text, sizeof(text), "%s:%u", name,
			 rights ? cmsg->len / 4 : cmsg->len);
	else
		snprintf(text, sizeof(text), "%u/%u:%u", cmsg->level, cmsg->type,
			 cmsg->len);
	expect(rest, text);
}

static void expect_call(struct rest *rest, const struct sendtrace_event *event)
{
	char text[32];

	snprintf(text, sizeof(text), "%u", event->call);
	expect(rest, " call=");
	expect(rest,
	       event->call < SENDTRACE_CALLS ? sendtrace_call_name(event->call) : text);
	if (event->nr_cmsgs == 0)
		return;
	expect(rest, " cmsg=");
	expect_cmsg(rest, &event->cmsgs[0]);
	if (event->nr_cmsgs == 1)
		return;
	expect(rest, ",");
	expect_cmsg(rest, &event->cmsgs[1]);
	snprintf(text, sizeof(text), ",+%d", event->nr_cmsgs - 2);
	if (event->nr_cmsgs > 2)
		expect(rest, text);
}

unsigned char *joined_copy(const struct sendtrace_item *record, size_t *size)
{
	size_t whole = sendtrace_payload_size(record);
	unsigned char *copy;

	*size = record->event.frag_len;
	copy = malloc(whole + 1);
	if (!copy)
		abort();
	require(sendtrace_payload_read(record, 0, copy, whole + 1) == (ssize_t)whole,
		"%zu bytes of payload do not come back", whole);
	require(whole - *size == record->event.cap_len &&
			memcmp(copy + *size, record->payload, whole - *size) == 0,
		"the payload does not end with what is in the record");
	return copy;
}

static void expect_payload(struct rest *rest, const struct sendtrace_item *record)
{
	unsigned char *joined;
	size_t size;

	if (sendtrace_is_unjoined(record))
		return;
	if (record->event.frag_len) {
		joined = joined_copy(record, &size);
		expect_bytes(rest, joined, size);
		free(joined);
	}
	expect_bytes(rest, record->payload, record->event.cap_len);
}

static void expect_payload_line(struct rest *rest, const struct sendtrace_item *record)
{
	const struct sendtrace_event *event = &record->event;
	uint64_t captured;
	char text[128];

	expect_caller(rest, event);
	expect(rest, " msg=");
	expect_payload(rest, record);
	snprintf(text, sizeof(text), " len=%llu flg=%u addr_len=%d",
		 (unsigned long long)event->len, event->flags, event->addr_len);
	expect(rest, text);
	expect_peer(rest, record);
	expect_ret(rest, event->ret);
	expect_call(rest, event);
	captured = sendtrace_is_unjoined(record) ?
			   0 :
			   (uint64_t)event->frag_len + event->cap_len;
	if (captured >= sendtrace_sent(event))
		return;
	snprintf(text, sizeof(text), " cap=%llu why=", (unsigned long long)captured);
	expect(rest, text);
	snprintf(text, sizeof(text), "%u", event->why);
	if (sendtrace_is_unjoined(record))
		expect(rest, "unjoined");
	else if (event->why && event->why <= SENDTRACE_WHY_NOT_COPIED)
		expect(rest, sendtrace_why_name(event->why));
	else
		expect(rest, text);
}

static const char *word_of(uint16_t type)
{
	switch (type) {
	case SENDTRACE_RECORD_ACCEPT:
		return "accept ";
	case SENDTRACE_RECORD_CONNECT:
		return "connect ";
	case SENDTRACE_RECORD_SHUTDOWN:
		return "shutdown ";
	default:
		return "close ";
	}
}

static void expect_how(struct rest *rest, uint32_t how)
{
	static const char *const names[] = { "rd", "wr", "rdwr" };
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)how);
	expect(rest, " how=");
	expect(rest, how < 3 ? names[how] : text);
}

/* Calls that have no payload. Nothing is known of earlier events of their sockets. */
static void expect_other_line(struct rest *rest, const struct sendtrace_item *record)
{
	const struct sendtrace_event *event = &record->event;
	char text[48] = " newfd=-";

	expect(rest, word_of(record->rec.type));
	expect_caller(rest, event);
	/* io_uring gives the connection a descriptor later. */
	if (event->ret >= 0 && event->call != SENDTRACE_CALL_IO_URING_ACCEPT)
		snprintf(text, sizeof(text), " newfd=%lld", (long long)event->ret);
	if (record->rec.type == SENDTRACE_RECORD_ACCEPT)
		expect(rest, text);
	if (record->rec.type == SENDTRACE_RECORD_SHUTDOWN)
		expect_how(rest, event->flags);
	expect_peer(rest, record);
	if (record->rec.type == SENDTRACE_RECORD_CONNECT)
		expect_local(rest, record);
	expect_ret(rest, event->ret);
	expect_call(rest, event);
	if (record->rec.type == SENDTRACE_RECORD_CLOSE)
		expect(rest, " seen=0.000 sent=0 received=0");
}

static struct text *lines;

void line_sink_reset(void)
{
	if (!lines)
		lines = (struct text *)text_new(STDOUT_FILENO, NULL);
	if (!lines)
		abort();
	/* As good as a new one, and much quicker. */
	memset(&lines->kept, 0, sizeof(lines->kept));
	memset(&lines->received, 0, sizeof(lines->received));
}

void require_line(const struct sendtrace_item *record)
{
	const struct output *output = output_of(STDOUT_FILENO);
	struct rest rest;

	if (!sendtrace_is_event(record))
		return;
	outputs_reset(1 + record->rec.seq % 70000);
	/* Remains of the line before must not pass for this one. */
	memset(lines->out.buffer, 0, sizeof(lines->out.buffer));
	require(sink_record(&lines->sink, record) == 0, "the line could not be written");
	require(sink_flush(&lines->sink) == 0, "the line could not be written");
	require_plain_lines(output);
	rest.text = output->text;
	rest.size = output->size;
	if (sendtrace_has_payload(record))
		expect_payload_line(&rest, record);
	else
		expect_other_line(&rest, record);
	expect(&rest, "\n");
	require(rest.size == 0, "%zu bytes behind the line's end", rest.size);
}
