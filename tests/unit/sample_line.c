// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "decode_record.h"
#include "text.h"
#include "sample_line.h"

void sample_line(struct out *out, const struct sample *sample)
{
	struct record record;
	struct fault fault;
	size_t size;
	unsigned char *from = sample_build(sample, &size);

	if (decode_record(from, size, &record, &fault))
		fail_msg("%s", fault.text);
	if (record.rec.type == SENDTRACE_RECORD_ACCEPT)
		format_text_accept(out, &record);
	else
		format_text_send(out, &record);
	/* Text that was made of this record may be kept, but not the record. */
	memset(from, 0xff, size);
	free(from);
}
