/* SPDX-License-Identifier: GPL-2.0 */
/* Records as the module writes them, as input for the reader. */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/sendtrace.h>

/**
 * struct sample - a record before it is put together
 * @event: sizes and lengths are filled in by sample_build()
 * @peer: of @event.peer_len bytes, likewise the others
 * @added: bytes that a newer module has added to the fixed part, a multiple of 8; negative: that
 *	an older one does not have
 */
struct sample {
	struct sendtrace_event event;
	const void *local;
	const void *peer;
	const void *payload;
	int added;
};

/* A send() of @size bytes that succeeded, from a thread of mysqld, over IPv4. */
struct sample sample_send(uint64_t seq, const void *payload, size_t size);

/* Another record type, and the first call of that type. */
void sample_type(struct sample *sample, uint16_t type);

enum {
	/* sample.added for the first version of the record: what follows was appended later. */
	SAMPLE_OLDEST = (int)offsetof(struct sendtrace_event, cookie) -
			(int)sizeof(struct sendtrace_event),
};

void sample_peer_ipv4(struct sample *sample, const char *address, uint16_t port);
void sample_peer_ipv6(struct sample *sample, const char *address, uint16_t port);
void sample_peer_unix(struct sample *sample, const void *path, size_t size);

/* The record, in memory of exactly its size; to be freed. */
unsigned char *sample_build(const struct sample *sample, size_t *size);

/* A LOST record of @count events that found no room in the ring. */
struct sendtrace_lost sample_lost(uint64_t seq, uint64_t count);

/* A FRAGMENT record of a thread's payload; to be freed. */
unsigned char *sample_fragment(uint32_t tid, uint64_t offset, const void *payload,
			       size_t size, size_t *record_size);

#endif /* SAMPLE_H */
