// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "decode_record.h"
#include "sample_line.h"

void sample_text_reset(struct text **text, int fd)
{
	if (*text)
		sink_free(&(*text)->sink);
	*text = (struct text *)text_new(fd, NULL);
	assert_non_null(*text);
}

void sample_line(struct text *text, const struct sample *sample)
{
	struct sendtrace_item item;
	struct sendtrace_fault fault;
	size_t size;
	int err;
	unsigned char *from = sample_build(sample, &size);

	if (decode_record(from, size, &item, &fault))
		fail_msg("%s", fault.text);
	err = sink_record(&text->sink, &item);
	assert_int_equal(err, text->out.error);
	/* The sink may keep text made of this record, but not the record. */
	memset(from, 0xff, size);
	free(from);
}
