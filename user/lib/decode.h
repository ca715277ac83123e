/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_DECODE_H
#define _SENDTRACE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "sendtrace.h"

enum decode_limits {
	/* The largest snap length there is, and room for all that stands before it. */
	DECODE_RECORD_MAX = (64 << 20) + 4096,
	DECODE_ADDRESS_MAX = 128, /* sizeof(struct sockaddr_storage) */
	DECODE_CPU_MAX = 65535,
	DECODE_ERRNO_MAX = 4095,
	/* struct sendtrace_event before fields were appended, without those from cookie on. */
	DECODE_EVENT_OLDEST = 160,
};

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
		 struct sendtrace_fault *fault);

/**
 * decode_framed - check all of a record that is used later
 * @from: its first byte, of which the header is not read again
 * @rec: its header, as decode_frame() found it
 * @item: the result but for @item->missing; @item->joined is NULL
 * @fault: what is wrong with it on -EBADMSG
 *
 * Return: 0, or -EBADMSG.
 */
int decode_framed(const void *from, const struct sendtrace_record *rec,
		  struct sendtrace_item *item, struct sendtrace_fault *fault);

#endif /* _SENDTRACE_DECODE_H */
