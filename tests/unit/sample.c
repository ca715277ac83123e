// SPDX-License-Identifier: GPL-2.0
#include "sample.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Valid until the thread's next sample gets a peer: build one sample at a time. */
static _Thread_local union {
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
} address;

struct sample sample_send(uint64_t seq, const void *payload, size_t size)
{
	struct sample sample = {
		.event = {
			.rec = { .type = SENDTRACE_RECORD_SEND, .seq = seq, .time = 1000 + seq },
			.len = size,
			.ret = (int64_t)size,
			.pid = 29664,
			.tid = 29963,
			.fd = 35,
			.flags = 64,
			.cap_len = (uint32_t)size,
			.family = AF_INET,
			.sock_type = SOCK_STREAM,
			.comm = "connection",
			.process = "mysqld",
			.call = SENDTRACE_CALL_SENDTO,
		},
		.payload = payload,
	};

	sample_peer_ipv4(&sample, "192.0.2.7", 47698);
	return sample;
}

void sample_type(struct sample *sample, uint16_t type)
{
	static const uint16_t calls[] = {
		[SENDTRACE_RECORD_SEND] = SENDTRACE_CALL_SENDTO,
		[SENDTRACE_RECORD_ACCEPT] = SENDTRACE_CALL_ACCEPT,
		[SENDTRACE_RECORD_RECV] = SENDTRACE_CALL_RECVFROM,
		[SENDTRACE_RECORD_CONNECT] = SENDTRACE_CALL_CONNECT,
		[SENDTRACE_RECORD_SHUTDOWN] = SENDTRACE_CALL_SHUTDOWN,
		[SENDTRACE_RECORD_CLOSE] = SENDTRACE_CALL_CLOSE,
	};

	sample->event.rec.type = type;
	sample->event.call = calls[type];
}

void sample_peer_ipv4(struct sample *sample, const char *text, uint16_t port)
{
	memset(&address, 0, sizeof(address));
	address.in.sin_family = AF_INET;
	address.in.sin_port = htons(port);
	if (inet_pton(AF_INET, text, &address.in.sin_addr) != 1)
		abort();
	sample->event.family = AF_INET;
	sample->event.peer_len = sizeof(address.in);
	sample->peer = &address;
}

void sample_peer_ipv6(struct sample *sample, const char *text, uint16_t port)
{
	memset(&address, 0, sizeof(address));
	address.in6.sin6_family = AF_INET6;
	address.in6.sin6_port = htons(port);
	if (inet_pton(AF_INET6, text, &address.in6.sin6_addr) != 1)
		abort();
	sample->event.family = AF_INET6;
	sample->event.peer_len = sizeof(address.in6);
	sample->peer = &address;
}

void sample_peer_unix(struct sample *sample, const void *path, size_t size)
{
	memset(&address, 0, sizeof(address));
	address.un.sun_family = AF_UNIX;
	memcpy(address.un.sun_path, path, size);
	sample->event.family = AF_UNIX;
	sample->event.peer_len =
		(uint16_t)(offsetof(struct sockaddr_un, sun_path) + size);
	sample->peer = &address;
}

static size_t padded(size_t size)
{
	return (size + SENDTRACE_ALIGN - 1) / SENDTRACE_ALIGN * SENDTRACE_ALIGN;
}

static unsigned char *put(unsigned char *to, const void *from, size_t size)
{
	if (size)
		memcpy(to, from, size);
	return to + padded(size);
}

unsigned char *sample_build(const struct sample *sample, size_t *size)
{
	struct sendtrace_event event = sample->event;
	unsigned char *record, *to;

	event.rec.header_size = (uint16_t)((int)sizeof(event) + sample->added);
	*size = event.rec.header_size + padded(event.local_len) + padded(event.peer_len) +
		padded(event.cap_len);
	event.rec.size = (uint32_t)*size;
	record = calloc(1, *size);
	if (!record)
		abort();
	memcpy(record, &event, sample->added < 0 ? event.rec.header_size : sizeof(event));
	/* Fields that this reader does not know: their values must not matter. */
	if (sample->added > 0)
		memset(record + sizeof(event), 0xee, (size_t)sample->added);
	to = record + event.rec.header_size;
	to = put(to, sample->local, event.local_len);
	to = put(to, sample->peer, event.peer_len);
	put(to, sample->payload, event.cap_len);
	return record;
}

struct sendtrace_lost sample_lost(uint64_t seq, uint64_t count)
{
	return (struct sendtrace_lost){
		.rec = { .size = sizeof(struct sendtrace_lost),
			 .header_size = sizeof(struct sendtrace_lost),
			 .type = SENDTRACE_RECORD_LOST,
			 .seq = seq,
			 .time = 1000 + seq },
		.count = count,
		.reasons[SENDTRACE_LOST_RING_FULL] = count,
	};
}

unsigned char *sample_fragment(uint32_t tid, uint64_t offset, const void *payload,
			       size_t size, size_t *record_size)
{
	struct sendtrace_fragment fragment = {
		.rec = { .header_size = sizeof(fragment),
			 .type = SENDTRACE_RECORD_FRAGMENT,
			 .time = 1000 },
		.offset = offset,
		.tid = tid,
		.cap_len = (uint32_t)size,
	};
	unsigned char *record;

	*record_size = sizeof(fragment) + padded(size);
	fragment.rec.size = (uint32_t)*record_size;
	record = calloc(1, *record_size);
	if (!record)
		abort();
	memcpy(record, &fragment, sizeof(fragment));
	put(record + sizeof(fragment), payload, size);
	return record;
}
