/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_DECODE_H
#define _SENDREAD_DECODE_H

#include <stddef.h>
#include <stdint.h>
#include <linux/sendtrace.h>

enum decode_limits {
	/* The largest snap length there is, and room for all that stands before it. */
	DECODE_RECORD_MAX = (64 << 20) + 4096,
	DECODE_ADDRESS_MAX = 128, /* sizeof(struct sockaddr_storage) */
	DECODE_CPU_MAX = 65535,
	DECODE_ERRNO_MAX = 4095,
};

/* What was wrong with a record, in words, and where it began. */
struct fault {
	char where[64];
	char text[160];
};

/**
 * struct record - a record that was found to be sound
 * @rec: the beginning of each of the others
 * @event: of SENDTRACE_RECORD_SEND and SENDTRACE_RECORD_ACCEPT
 * @lost: of SENDTRACE_RECORD_LOST
 * @fragment: of SENDTRACE_RECORD_FRAGMENT
 * @local: local address, @event.local_len bytes in the record itself
 * @peer: peer's address, @event.peer_len bytes in the record itself
 * @payload: @event.cap_len or @fragment.cap_len bytes in the record itself
 * @joined: of an event, the @event.frag_len bytes that come before those; NULL where
 *	there are none, or they could not be kept (see join.h)
 *
 * The fixed part is a copy: the record may lie in memory that is shared, and what has
 * been checked must stay what it was.
 */
struct record {
	union {
		struct sendtrace_record rec;
		struct sendtrace_event event;
		struct sendtrace_lost lost;
		struct sendtrace_fragment fragment;
	};
	const unsigned char *local;
	const unsigned char *peer;
	const unsigned char *payload;
	const struct joined *joined;
};

/* Not the module's: the fragments of the event could not be kept. */
#define WHY_UNJOINED (SENDTRACE_WHY_NO_WORK + 1)

/**
 * decode_frame - find out where a record ends
 * @from: its first byte
 * @avail: bytes that may be read there
 * @rec: its header on return
 * @fault: what is wrong with it on -EBADMSG
 *
 * Return: 0, -EAGAIN if the record is longer than @avail (@rec->size then says how long
 * it is, 0 if not even that is there), -EBADMSG if it is no record.
 */
int decode_frame(const void *from, size_t avail, struct sendtrace_record *rec,
		 struct fault *fault);

/**
 * decode_framed - check all of a record that is used later
 * @from: its first byte, of which the header is not read again
 * @rec: its header, as decode_frame() found it
 * @record: the result; of a type that is not known only @record->rec is set
 * @fault: what is wrong with it on -EBADMSG
 *
 * Return: 0, or -EBADMSG.
 */
int decode_framed(const void *from, const struct sendtrace_record *rec,
		  struct record *record, struct fault *fault);

/* Bytes that the call sent or, if it failed, was asked to send. */
static inline uint64_t event_sent(const struct sendtrace_event *event)
{
	return event->ret >= 0 ? (uint64_t)event->ret : event->len;
}

/* Are the event's fragments gone? Then none of its payload is worth showing. */
static inline int event_unjoined(const struct record *record)
{
	return record->event.frag_len && !record->joined;
}

/* Bytes of payload that can be shown. */
static inline uint64_t event_captured(const struct record *record)
{
	if (event_unjoined(record))
		return 0;
	return (uint64_t)record->event.frag_len + record->event.cap_len;
}

/* Whether fewer bytes can be shown than the call sent. */
static inline int event_is_cut(const struct record *record)
{
	return record->rec.type == SENDTRACE_RECORD_SEND &&
	       event_captured(record) < event_sent(&record->event);
}

#endif /* _SENDREAD_DECODE_H */
