/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DECODE_RECORD_H
#define DECODE_RECORD_H

#include <errno.h>
#include <stdio.h>

#include "decode.h"

/* Both steps for a record of @size bytes; nothing more will come. */
static inline int decode_record(const void *from, size_t size,
				struct sendtrace_item *record,
				struct sendtrace_fault *fault)
{
	struct sendtrace_record rec;
	int err = decode_frame(from, size, &rec, fault);

	if (err == -EAGAIN) {
		snprintf(fault->text, sizeof(fault->text),
			 "size is %u, expected at most the %zu bytes there", rec.size,
			 size);
		return -EBADMSG;
	}
	return err ?: decode_framed(from, &rec, record, fault);
}

#endif /* DECODE_RECORD_H */
