// SPDX-License-Identifier: GPL-2.0
/* Checks what sendfile() and splice() have sent, piece by piece. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "each_way.h"
#include "lines.h"

enum {
	FAILED_MAX = 4096,
};

/* The message whose pieces are read; its line has @head and @tail around the bytes. */
struct message {
	char *head;
	char *tail;
	unsigned int number;
	size_t len;
};

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Without what each piece has of its own: len and flg, ret and what is behind it. */
static char *tail_of(const struct line *line, bool failed)
{
	const char *begin = strstr(line->rest, " addr_len="),
		   *ret = strstr(line->rest, " ret="),
		   *call = strstr(line->rest, " call=");
	char *tail;

	if (!begin || !ret || !call)
		die("expected a line with addr_len=, ret= and call=, got '%s'",
		    line->rest);
	if (asprintf(&tail, "%.*s%.*s%.*s", (int)(ret - begin), begin,
		     failed ? (int)(call - ret) : 0, ret, 1 + (int)strcspn(call + 1, " "),
		     call) < 0)
		die("no memory");
	return tail;
}

static void print_message(struct message *message)
{
	if (!message->head)
		return;
	printf("%s[%u: %zu bytes]%s\n", message->head, message->number, message->len,
	       message->tail);
	free(message->head);
	free(message->tail);
	*message = (struct message){ 0 };
}

/* @want bytes of @len are shown, and @why, if these are fewer. */
static void check_cut(const struct line *line, size_t len, size_t want, const char *why)
{
	check_equal(line->len, want, "bytes of a piece, in '%.300s'", line->rest);
	if (want == len) {
		check(!value_in(line, "cap"), "no cap= in '%.300s'", line->rest);
		return;
	}
	if (!check(value_in(line, "cap"), "cap= in '%.300s'", line->rest))
		return;
	check_equal(number_in(line, "cap"), want, "cap= in '%.300s'", line->rest);
	check(line_has(line, "why", why), "why=%s in '%.300s'", why, line->rest);
}

/* What is shown is what message @number has at @at. */
static void check_bytes(const struct line *line, unsigned int number, size_t at)
{
	static unsigned int made = UINT_MAX;
	static char *text;

	if (made != number) {
		free(text);
		text = text_number(number, WAYS_MOST);
		made = number;
	}
	check(at + line->len <= WAYS_MOST &&
		      memcmp(line->bytes, text + at, line->len) == 0,
	      "the bytes of message %u from %zu on", number, at);
}

static void add_piece(struct message *message, const struct line *line)
{
	char *head = strndup(line->text, line->head), *tail = tail_of(line, false);
	size_t ret = number_in(line, "ret"), want = least(ret, each_snap);

	/* Only the beginning of a message has a digit. */
	if (!message->head || (line->bytes[0] >= '0' && line->bytes[0] <= '9')) {
		print_message(message);
		*message = (struct message){ .head = strdup(head), .tail = strdup(tail) };
		message->number = strtoul(line->bytes, NULL, 10);
	}
	check(strcmp(head, message->head) == 0 && strcmp(tail, message->tail) == 0,
	      "a piece of the same message: '%s' after '%s'", tail, message->tail);
	check_cut(line, ret, least(want, each_pages_max()),
		  want > each_pages_max() ? "inline_bound" : "snaplen");
	check_bytes(line, message->number, message->len);
	message->len += ret;
	free(head);
	free(tail);
}

static void failed_piece(const struct line *line)
{
	char *tail = tail_of(line, true);
	size_t len = number_in(line, "len");
	bool again = line_has(line, "ret", "-EAGAIN");

	check_cut(line, len, again ? 0 : least(len, FAILED_MAX),
		  again ? "again" : "failed");
	if (line->len)
		check_bytes(line, strtoul(line->bytes, NULL, 10), 0);
	printf("%.*s[failed]%s\n", (int)line->head, line->text, tail);
	free(tail);
}

/* Is it a piece of what was sent in pages? */
static bool is_piece(const struct line *line)
{
	return strstr(line->rest, " dest=") &&
	       (line_has(line, "call", "sendfile") || line_has(line, "call", "splice"));
}

/* Nobody knows tid and name of io_uring's threads beforehand. */
static void print_line(const struct line *line)
{
	const char *tid = strstr(line->text, " tid="),
		   *comm = strstr(line->text, " comm=iou-"), *after;

	if (!tid || !comm || comm > line->text + line->head) {
		puts(line->text);
		return;
	}
	after = comm + 1 + strcspn(comm + 1, " ");
	printf("%.*s tid=WORKER comm=WORKER", (int)(tid - line->text), line->text);
	puts(after);
}

/* SNAP: sendread's lines, with one line in the place of the pieces of a message. */
void each_join(void)
{
	struct message message = { 0 };
	struct line line = { 0 };

	each_snap = strtoul(case_args[0], NULL, 10);
	while (next_line(&line)) {
		if (is_piece(&line) && !strstr(line.rest, " ret=-")) {
			add_piece(&message, &line);
			continue;
		}
		print_message(&message);
		if (is_piece(&line))
			failed_piece(&line);
		else
			print_line(&line);
	}
	print_message(&message);
}
