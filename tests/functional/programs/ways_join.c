// SPDX-License-Identifier: GPL-2.0
/*
 * Joins sendread's lines of consecutive sends of the same call on the same socket: one line, with
 * the sum of all bytes in the place of the bytes, and without what each piece has of its own
 * (len, flg and ret). Each piece must be shown whole.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lines.h"
#include "whole_sum.h"

struct joined {
	/* What all pieces have in common. */
	char *head;
	char *where;
	char *call;
	char *bytes;
	size_t len;
};

static void print_joined(struct joined *joined)
{
	char text[SUM_TEXT];

	if (!joined->head)
		return;
	sum_text(text, joined->bytes, joined->len);
	printf("%s%s%s call=%s\n", joined->head, text, joined->where, joined->call);
	free(joined->head);
	free(joined->where);
	free(joined->call);
	free(joined->bytes);
	*joined = (struct joined){ 0 };
}

/* From " addr_len=" to " ret=". */
static char *where_of(const struct line *line)
{
	const char *begin = strstr(line->rest, " addr_len="),
		   *end = strstr(line->rest, " ret=");

	if (!begin || !end)
		die("expected a line with addr_len= and ret=, got '%s'", line->rest);
	return strndup(begin, end - begin);
}

static void add(struct joined *joined, const struct line *line)
{
	char *head = strndup(line->text, line->head), *where = where_of(line);
	const char *value = value_in(line, "call");
	char *call = value ? strdup(value) : NULL;

	if (!call)
		die("expected a line with call=, got '%s'", line->rest);
	if (joined->head &&
	    (strcmp(head, joined->head) != 0 || strcmp(where, joined->where) != 0 ||
	     strcmp(call, joined->call) != 0))
		print_joined(joined);
	check_equal(number_in(line, "ret"), line->len, "bytes of a piece, and its ret");
	if (!joined->head) {
		joined->head = strdup(head);
		joined->where = strdup(where);
		joined->call = strdup(call);
	}
	joined->bytes = realloc(joined->bytes, joined->len + line->len + 1);
	memcpy(joined->bytes + joined->len, line->bytes, line->len);
	joined->len += line->len;
	free(head);
	free(where);
	free(call);
}

int main(void)
{
	struct joined joined = { 0 };
	struct line line = { 0 };

	while (next_line(&line))
		add(&joined, &line);
	print_joined(&joined);
	return fflush(stdout) || check_failed() ? EXIT_FAILURE : EXIT_SUCCESS;
}
