// SPDX-License-Identifier: GPL-2.0
/* Checks every length and number in a record before anything else uses it. */
#include "decode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The sizes of the module's structs are part of the contract: no padding may creep in. */
_Static_assert(sizeof(struct sendtrace_record) == 32, "header");
_Static_assert(sizeof(struct sendtrace_event) == 216, "event");
_Static_assert(offsetof(struct sendtrace_event, cookie) == DECODE_EVENT_OLDEST, "oldest");
_Static_assert(sizeof(struct sendtrace_fragment) == 48, "fragment");
_Static_assert(sizeof(struct sendtrace_lost) == 104, "lost");

__attribute__((format(printf, 2, 3))) static int bad(struct sendtrace_fault *fault,
						     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

static bool aligned(uint32_t size)
{
	return size % SENDTRACE_ALIGN == 0;
}

static uint64_t padded(uint32_t size)
{
	return ((uint64_t)size + SENDTRACE_ALIGN - 1) & ~(uint64_t)(SENDTRACE_ALIGN - 1);
}

/*
 * The smallest size of a type's fixed part: that of the first module which had it. A newer module
 * may add to it.
 */
static uint32_t known_size(uint16_t type)
{
	switch (type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_ACCEPT:
		return DECODE_EVENT_OLDEST;
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
	case SENDTRACE_RECORD_CLOSE:
		return sizeof(struct sendtrace_event);
	case SENDTRACE_RECORD_LOST:
		return sizeof(struct sendtrace_lost);
	case SENDTRACE_RECORD_FRAGMENT:
		return sizeof(struct sendtrace_fragment);
	default:
		return sizeof(struct sendtrace_record);
	}
}

/*
 * Each fault is described in a function of its own, called last: so a sound record, the usual
 * case, pays for no saved registers.
 */
#define COLD __attribute__((cold, noinline))

COLD static int bad_size(const struct sendtrace_record *rec,
			 struct sendtrace_fault *fault)
{
	return bad(fault,
		   "size is %u, expected a multiple of %u from %u to %u for type %u",
		   rec->size, SENDTRACE_ALIGN, known_size(rec->type), DECODE_RECORD_MAX,
		   rec->type);
}

COLD static int bad_header_size(const struct sendtrace_record *rec,
				struct sendtrace_fault *fault)
{
	return bad(
		fault,
		"header_size is %u, expected a multiple of %u from %u to %u for type %u",
		rec->header_size, SENDTRACE_ALIGN, known_size(rec->type), rec->size,
		rec->type);
}

COLD static int bad_cpu(const struct sendtrace_record *rec, struct sendtrace_fault *fault)
{
	return bad(fault, "cpu is %u, expected at most %u", rec->cpu, DECODE_CPU_MAX);
}

int decode_frame(const void *from, size_t avail, struct sendtrace_record *rec,
		 struct sendtrace_fault *fault)
{
	uint32_t known;

	rec->size = 0;
	if (avail < sizeof(*rec))
		return -EAGAIN;
	memcpy(rec, from, sizeof(*rec));
	known = known_size(rec->type);
	if (rec->size < known || rec->size > DECODE_RECORD_MAX || !aligned(rec->size))
		return bad_size(rec, fault);
	if (rec->header_size < known || rec->header_size > rec->size ||
	    !aligned(rec->header_size))
		return bad_header_size(rec, fault);
	if (rec->cpu > DECODE_CPU_MAX)
		return bad_cpu(rec, fault);
	return rec->size > avail ? -EAGAIN : 0;
}

COLD static int bad_address(const struct sendtrace_event *event,
			    struct sendtrace_fault *fault)
{
	return bad(fault, "local_len is %u and peer_len %u, expected at most %u",
		   event->local_len, event->peer_len, DECODE_ADDRESS_MAX);
}

COLD static int bad_ret(const struct sendtrace_event *event,
			struct sendtrace_fault *fault)
{
	return bad(fault, "ret is %lld, expected an errno down to %d or a result",
		   (long long)event->ret, -DECODE_ERRNO_MAX);
}

COLD static int bad_captured(const struct sendtrace_event *event,
			     struct sendtrace_fault *fault)
{
	return bad(
		fault,
		"cap_len is %u after %u bytes of fragments, expected at most the %llu bytes that were transferred",
		event->cap_len, event->frag_len,
		(unsigned long long)sendtrace_sent(event));
}

COLD static int bad_sections(const struct sendtrace_event *event, uint64_t end,
			     struct sendtrace_fault *fault)
{
	return bad(
		fault,
		"header_size %u, local_len %u, peer_len %u and cap_len %u need %llu bytes, "
		"expected at most size %u",
		event->rec.header_size, event->local_len, event->peer_len, event->cap_len,
		(unsigned long long)end, event->rec.size);
}

static inline __attribute__((always_inline)) int
decode_event(const unsigned char *from, struct sendtrace_item *item,
	     struct sendtrace_fault *fault)
{
	const struct sendtrace_event *event = &item->event;
	uint64_t local, peer, payload, end;

	if (event->local_len > DECODE_ADDRESS_MAX || event->peer_len > DECODE_ADDRESS_MAX)
		return bad_address(event, fault);
	if (event->ret < -DECODE_ERRNO_MAX)
		return bad_ret(event, fault);
	if ((uint64_t)event->frag_len + event->cap_len > sendtrace_sent(event))
		return bad_captured(event, fault);
	local = event->rec.header_size;
	peer = local + padded(event->local_len);
	payload = peer + padded(event->peer_len);
	end = payload + padded(event->cap_len);
	if (end > event->rec.size)
		return bad_sections(event, end, fault);
	item->local = from + local;
	item->peer = from + peer;
	item->payload = from + payload;
	return 0;
}

static __attribute__((noinline)) int decode_fragment(const unsigned char *from,
						     struct sendtrace_item *item,
						     struct sendtrace_fault *fault)
{
	const struct sendtrace_fragment *fragment = &item->fragment;
	uint64_t end = fragment->rec.header_size + padded(fragment->cap_len);

	if (end > fragment->rec.size)
		return bad(
			fault,
			"header_size %u and cap_len %u need %llu bytes, expected at most size %u",
			fragment->rec.header_size, fragment->cap_len,
			(unsigned long long)end, fragment->rec.size);
	if (fragment->tid == 0)
		return bad(fault, "tid is 0, expected a thread's");
	if (fragment->cap_len == 0)
		return bad(fault, "cap_len is 0, expected a part of a payload");
	item->payload = from + fragment->rec.header_size;
	return 0;
}

static __attribute__((noinline)) int decode_lost(const struct sendtrace_lost *lost,
						 struct sendtrace_fault *fault)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < SENDTRACE_LOST_REASONS; i++) {
		if (lost->reasons[i] > lost->count - sum)
			break;
		sum += lost->reasons[i];
	}
	if (lost->count == 0 || i < SENDTRACE_LOST_REASONS || sum != lost->count)
		return bad(fault,
			   "count is %llu, expected the sum of its reasons and not 0",
			   (unsigned long long)lost->count);
	return 0;
}

/* Not inline, so that it is not compiled as what is rarely run: an old stream has nothing else. */
static __attribute__((noinline)) void copy_oldest(const char *rest,
						  struct sendtrace_event *event)
{
	memcpy((char *)event + sizeof(event->rec), rest,
	       DECODE_EVENT_OLDEST - sizeof(event->rec));
	memset((char *)event + DECODE_EVENT_OLDEST, 0,
	       sizeof(*event) - DECODE_EVENT_OLDEST);
}

/* The rest of an older module's event: all that it knew were sends and accepts of one kind each. */
COLD static int decode_older(const unsigned char *from, struct sendtrace_item *item,
			     struct sendtrace_fault *fault)
{
	const char *rest = (const char *)from + sizeof(item->rec);
	struct sendtrace_event *event = &item->event;
	size_t known = event->rec.header_size;

	copy_oldest(rest, event);
	memcpy((char *)event + DECODE_EVENT_OLDEST,
	       rest + DECODE_EVENT_OLDEST - sizeof(event->rec),
	       known - DECODE_EVENT_OLDEST);
	if (known <= offsetof(struct sendtrace_event, call))
		event->call = event->rec.type == SENDTRACE_RECORD_SEND ?
				      SENDTRACE_CALL_SENDTO :
				      SENDTRACE_CALL_ACCEPT;
	return decode_event(from, item, fault);
}

/* decode_frame() has checked that the known part is within header_size and size. */
int decode_framed(const void *from, const struct sendtrace_record *rec,
		  struct sendtrace_item *item, struct sendtrace_fault *fault)
{
	const char *rest = (const char *)from + sizeof(*rec);
	char *to = (char *)&item->rec + sizeof(*rec);

	item->rec = *rec;
	item->joined = NULL;
	if (sendtrace_is_event(item)) {
		if (rec->header_size < sizeof(item->event))
			return decode_older(from, item, fault);
		memcpy(to, rest, sizeof(item->event) - sizeof(*rec));
		return decode_event(from, item, fault);
	}
	switch (rec->type) {
	case SENDTRACE_RECORD_LOST:
		memcpy(to, rest, sizeof(item->lost) - sizeof(*rec));
		return decode_lost(&item->lost, fault);
	case SENDTRACE_RECORD_FRAGMENT:
		memcpy(to, rest, sizeof(item->fragment) - sizeof(*rec));
		return decode_fragment(from, item, fault);
	default:
		return 0;
	}
}
