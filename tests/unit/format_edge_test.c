// SPDX-License-Identifier: GPL-2.0
/*
 * Lines at the end of the output's buffer: payloads and fillings around every size that room
 * is reserved for, against a line written by printf(). Input and output end where their memory
 * ends, so that ASan sees a byte too many.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "escape.h"
#include "fields.h"
#include "join.h"
#include "sample_line.h"

enum {
	/* What text.c reserves besides the payload's text. */
	BESIDE = ESCAPE_SLACK + 2 * FIELDS_WIDEST,
	/* The longest payload that goes into the buffer in one piece. */
	IN_ONE_PIECE = (OUT_CAPACITY - BESIDE) / ESCAPE_WIDEST,
	/* Payloads whose text, in pieces, fills the buffer once or twice. */
	ONCE = (OUT_CAPACITY - ESCAPE_SLACK) / ESCAPE_WIDEST,
	TWICE = 2 * ONCE,
	LONGEST = OUT_CAPACITY + 8,
	OUTPUT = OUT_CAPACITY + ESCAPE_WIDEST * LONGEST + FIELDS_WIDEST,
	/* What the buffer holds before the line. */
	FILLING = '#',
};

/**
 * struct sizes - payload sizes to try
 * @first: bytes of the shortest
 * @last: bytes of the longest, at most
 * @step: from one to the next
 */
struct sizes {
	size_t first;
	size_t last;
	size_t step;
};

/* The texts before a payload differ in length, and so does the room that is left for it: hence wide ranges. */
static const struct sizes sizes[] = {
	{ 0, 2, 1 },
	{ 150, 150, 1 },
	/* What put_payload() has at least room for, and put_fragments() reads in one go. */
	{ OUT_CAPACITY / 16 - 17, OUT_CAPACITY / 16 - 15, 1 },
	{ OUT_CAPACITY / 16 - 1, OUT_CAPACITY / 16 + 1, 1 },
	{ 8000, 8000, 1 },
	{ IN_ONE_PIECE - 1, IN_ONE_PIECE + 2, 1 },
	{ ONCE - 80, ONCE + 4, 1 },
	{ OUT_CAPACITY / 4 - 1, OUT_CAPACITY / 4 + 1, 1 },
	/* IN_ONE_PIECE as wrong code would have it that counts 3 characters for a byte. */
	{ (OUT_CAPACITY - BESIDE) / 3 - 1, (OUT_CAPACITY - BESIDE) / 3 + 1, 1 },
	{ TWICE - 100, TWICE + 4, 3 },
	{ OUT_CAPACITY - 2, OUT_CAPACITY + 2, 1 },
	{ OUT_CAPACITY - BESIDE - 1, OUT_CAPACITY - BESIDE + 1, 1 },
};

/* ---- Lines ---------------------------------------------------------------------- */

/**
 * struct kind - what the lines of a kind have in common
 * @sample: the event
 * @width: characters that show a byte of the payload
 * @head: the line up to the payload
 * @call: the line between the payload's two lengths
 * @bytes: the longest payload; shorter ones are its beginning
 * @text: its text in a line
 * @spill: a file that holds @bytes, too, in two blocks
 */
struct kind {
	struct sample sample;
	unsigned int width;
	char head[256];
	char call[640];
	unsigned char bytes[LONGEST];
	char text[ESCAPE_WIDEST * LONGEST + 1];
	struct spill spill;
};

enum layout {
	UNJOINED,
	JOINED_MEMORY,
	JOINED_FILE,
	LAYOUTS,
};

static struct kind kind;
static struct text *text;
static struct out *out;
/* Everything that was written to @out->fd. */
static const char *output;

static char *put_strange(char *to, size_t count)
{
	for (; count > 0; count--)
		to += sprintf(to, "\\xff");
	return to;
}

static void usual_line(void)
{
	kind.sample = sample_send(0, NULL, 0);
	sprintf(kind.head, "pid=29664 tid=29963 comm=connection fd=35 msg=");
	sprintf(kind.call, " flg=64 addr_len=0 family=2 dest=192.0.2.7 port=47698");
}

static void widest_line(void)
{
	static unsigned char path[108];
	struct sendtrace_event *event = &kind.sample.event;
	char *end;

	kind.sample = sample_send(0, NULL, 0);
	memset(path, 0xff, sizeof(path));
	sample_peer_unix(&kind.sample, path, sizeof(path));
	event->pid = event->tid = event->flags = event->peer_pid = UINT32_MAX;
	event->fd = event->addr_len = INT32_MIN;
	memset(event->comm, 0xff, sizeof(event->comm));
	end = kind.head +
	      sprintf(kind.head, "pid=%u tid=%u comm=", UINT32_MAX, UINT32_MAX);
	sprintf(put_strange(end, sizeof(event->comm)), " fd=%d msg=", INT32_MIN);
	end = kind.call +
	      sprintf(kind.call,
		      " flg=%u addr_len=%d family=1 dest=localhost path=", UINT32_MAX,
		      INT32_MIN);
	sprintf(put_strange(end, sizeof(path)), " peer_pid=%u", UINT32_MAX);
}

/* @count bytes from @first on, again and again: a prime, so that no two pieces are alike. */
static void payload_of(unsigned int first, unsigned int count, const char *format)
{
	char *to = kind.text;
	size_t i;

	for (i = 0; i < LONGEST; i++) {
		kind.bytes[i] = (unsigned char)(first + i % count);
		to += sprintf(to, format, kind.bytes[i]);
	}
	kind.width = (unsigned int)(to - kind.text) / LONGEST;
	assert_int_equal(pwrite(kind.spill.file, kind.bytes, LONGEST, 0), LONGEST);
}

static void *exact_copy(const void *from, size_t size)
{
	void *copy = malloc(size);

	assert_non_null(copy);
	memcpy(copy, from, size);
	return copy;
}

/* ---- One line ------------------------------------------------------------------- */

/* With fragments, the last bytes are in the event itself. */
static void format_line(enum layout layout, size_t size)
{
	size_t inside = size < 200 ? size / 2 : 100;
	struct sendtrace_joined joined = { .tid = 1, .spill = &kind.spill };
	struct sendtrace_item item = { .event = kind.sample.event };
	unsigned char *payload;

	if (layout == UNJOINED)
		inside = size;
	joined.size = size - inside;
	payload = exact_copy(kind.bytes + joined.size, inside);
	if (layout == JOINED_MEMORY)
		joined.memory = exact_copy(kind.bytes, joined.size);
	else
		joined.spilled.first = 1;
	item.event.len = size;
	item.event.ret = (int64_t)size;
	item.event.cap_len = (uint32_t)inside;
	item.event.frag_len = (uint32_t)joined.size;
	item.payload = payload;
	item.peer = kind.sample.peer;
	item.joined = layout == UNJOINED ? NULL : &joined;
	assert_int_equal(sink_record(&text->sink, &item), 0);
	free(joined.memory);
	free(payload);
}

static size_t print_expected(char *expected, size_t size, size_t used)
{
	char *to = expected + used;

	memset(expected, FILLING, used);
	to += sprintf(to, "%s", kind.head);
	memcpy(to, kind.text, size * kind.width);
	to += size * kind.width;
	to += sprintf(to, " len=%zu%s ret=%zu call=sendto\n", size, kind.call, size);
	return (size_t)(to - expected);
}

static void try_line(enum layout layout, size_t size, size_t used)
{
	static char expected[OUTPUT];
	size_t length = print_expected(expected, size, used), before;

	lseek(out->fd, 0, SEEK_SET);
	memset(out->buffer, FILLING, used);
	/* The text of an earlier line must not pass for this one's. */
	memset(out->buffer + used, 0, OUT_CAPACITY - used);
	out->used = used;
	format_line(layout, size);
	before = (size_t)lseek(out->fd, 0, SEEK_CUR);
	if (size <= IN_ONE_PIECE && before && before != used)
		fail_msg("layout %d, %zu bytes behind %zu: a line that would fit was cut",
			 layout, size, used);
	assert_int_equal(sink_flush(&text->sink), 0);
	if ((size_t)lseek(out->fd, 0, SEEK_CUR) != length)
		fail_msg("layout %d, %zu bytes behind %zu: %zu characters, expected %zu",
			 layout, size, used, (size_t)lseek(out->fd, 0, SEEK_CUR), length);
	if (memcmp(output, expected, length) != 0)
		fail_msg("layout %d, %zu bytes behind %zu: not the text of the payload",
			 layout, size, used);
}

/* ---- Sweeps --------------------------------------------------------------------- */

/* @room bytes before the buffer's end: at the line's beginning, and at the payload's. */
static void try_around(enum layout layout, size_t size, size_t room)
{
	size_t head = strlen(kind.head), near;

	for (near = room ? room - 1 : 0; near <= room + 1; near++) {
		if (near <= OUT_CAPACITY)
			try_line(layout, size, OUT_CAPACITY - near);
		if (near + head <= OUT_CAPACITY)
			try_line(layout, size, OUT_CAPACITY - near - head);
	}
}

static void try_size(enum layout layout, size_t size)
{
	try_line(layout, size, 0);
	try_around(layout, size, 0);
	/* Longer ones never fit, wherever they begin: nothing else to try. */
	if (size > IN_ONE_PIECE + 1)
		return;
	try_around(layout, size, ESCAPE_SLACK);
	try_around(layout, size, FIELDS_WIDEST);
	try_around(layout, size, BESIDE);
	try_around(layout, size, OUT_CAPACITY / 4);
	try_around(layout, size, OUT_CAPACITY / 2);
	try_around(layout, size, size * kind.width + BESIDE);
	try_around(layout, size, size * ESCAPE_WIDEST + BESIDE);
}

static void try_all(enum layout layout)
{
	size_t i, size;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size = sizes[i].first; size <= sizes[i].last; size += sizes[i].step)
			try_size(layout, size);
	}
}

static void try_each_kind(enum layout layout)
{
	usual_line();
	payload_of('a', 23, "%c");
	try_all(layout);
	payload_of(0x80, 127, "\\x%02x");
	try_all(layout);
	widest_line();
	try_all(layout);
}

static void a_payload_of_the_record_ends_anywhere_in_the_buffer(void **state)
{
	(void)state;
	try_each_kind(UNJOINED);
}

static void a_payload_that_was_joined_ends_anywhere_in_the_buffer(void **state)
{
	(void)state;
	try_each_kind(JOINED_MEMORY);
}

static void a_payload_that_went_to_a_file_ends_anywhere_in_the_buffer(void **state)
{
	(void)state;
	try_each_kind(JOINED_FILE);
}

static int open_files(void **state)
{
	void *memory;

	(void)state;
	kind.spill.file = memfd_create("payload", 0);
	kind.spill.next[1] = 2;
	sample_text_reset(&text, memfd_create("output", 0));
	out = &text->out;
	if (kind.spill.file < 0 || out->fd < 0 || ftruncate(out->fd, OUTPUT))
		return -1;
	memory = mmap(NULL, OUTPUT, PROT_READ, MAP_SHARED, out->fd, 0);
	output = memory;
	return memory == MAP_FAILED;
}

static int close_files(void **state)
{
	(void)state;
	munmap((void *)output, OUTPUT);
	return close(kind.spill.file) || close(out->fd);
}

#define output_case(function) \
	cmocka_unit_test_setup_teardown(function, open_files, close_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		output_case(a_payload_of_the_record_ends_anywhere_in_the_buffer),
		output_case(a_payload_that_was_joined_ends_anywhere_in_the_buffer),
		output_case(a_payload_that_went_to_a_file_ends_anywhere_in_the_buffer),
	};

	return run_all("format_edge", tests);
}
