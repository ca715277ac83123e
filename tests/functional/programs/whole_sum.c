// SPDX-License-Identifier: GPL-2.0
/*
 * Copies sendread's lines with a checksum in place of the bytes, after it has turned the
 * escapes back into bytes as sendread(8) describes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "whole_sum.h"

int main(void)
{
	struct line line = { 0 };
	char text[SUM_TEXT];

	while (next_line(&line)) {
		sum_text(text, line.bytes, line.len);
		printf("%.*s%s%s\n", (int)line.head, line.text, text, line.rest);
	}
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
