// SPDX-License-Identifier: GPL-2.0
/*
 * seeds FOLDER - write the first inputs of the fuzzers. Each has one feature of a record, a
 * stream, a ring or a command line.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kinds.h"

struct bytes {
	unsigned char *at;
	size_t size;
};

static void add(struct bytes *bytes, const void *from, size_t size)
{
	bytes->at = realloc(bytes->at, bytes->size + size);
	if (!bytes->at)
		err(1, "realloc");
	memcpy(bytes->at + bytes->size, from, size);
	bytes->size += size;
}

static void add_u8(struct bytes *bytes, unsigned int value)
{
	unsigned char byte = (unsigned char)value;

	add(bytes, &byte, sizeof(byte));
}

static void add_u16(struct bytes *bytes, size_t value)
{
	add_u8(bytes, value & 0xff);
	add_u8(bytes, (unsigned int)(value >> 8));
}

/* Into FOLDER/TARGET/NAME. They are in the tree, so they must be the same each time. */
static void save(const char *target, const char *name, struct bytes *bytes)
{
	char path[128];
	FILE *file;

	if (mkdir(target, 0755) && errno != EEXIST)
		err(1, "cannot make the folder '%s'", target);
	snprintf(path, sizeof(path), "%s/%s", target, name);
	file = fopen(path, "wb");
	if (!file || fwrite(bytes->at, 1, bytes->size, file) != bytes->size ||
	    fclose(file))
		err(1, "cannot write '%s'", path);
	free(bytes->at);
	memset(bytes, 0, sizeof(*bytes));
}

/* ---- Records -------------------------------------------------------------------- */

/* Calls do not return in the order in which they were entered. */
static bool shuffled;

static struct bytes record_of(const struct kind *kind, uint64_t seq, uint32_t cpu)
{
	struct sample sample = sample_send(seq, kind->payload, kind->size);
	struct bytes bytes = { .at = NULL };

	kind->change(&sample);
	sample.event.rec.cpu = cpu;
	if (shuffled)
		sample.event.enter_time = sample.event.exit_time = seq * 7 % KINDS;
	bytes.at = sample_build(&sample, &bytes.size);
	return bytes;
}

static struct bytes lost_of(uint64_t seq, uint64_t count)
{
	struct sendtrace_lost lost = sample_lost(seq, count);
	struct bytes bytes = { .at = NULL };

	add(&bytes, &lost, sizeof(lost));
	return bytes;
}

static void add_freed(struct bytes *bytes, struct bytes more)
{
	add(bytes, more.at, more.size);
	free(more.at);
}

/* ---- Streams -------------------------------------------------------------------- */

static void save_stream(const char *name, unsigned int how, size_t piece, bool whole)
{
	struct bytes bytes = { .at = NULL };
	size_t i;

	add_u8(&bytes, how);
	add_u16(&bytes, piece);
	add_u8(&bytes, 1);
	for (i = 0; i < KINDS; i++)
		add_freed(&bytes, record_of(&kinds[i], i, i % 2));
	add_freed(&bytes, lost_of(100, 4));
	bytes.size -= whole ? 0 : 20;
	save("stream", name, &bytes);
}

/* Losses whose sum is 2^64, which wraps to 0. No kernel counts so many. */
static void save_overflow(void)
{
	struct bytes bytes = { .at = NULL };

	add_u8(&bytes, 0);
	add_u16(&bytes, 65535);
	add_u8(&bytes, 1);
	add_freed(&bytes, lost_of(0, 1ull << 63));
	add_freed(&bytes, lost_of(1ull << 63, 1ull << 63));
	save("stream", "lost_overflow", &bytes);
}

static void add_fragment(struct bytes *bytes, uint32_t tid, uint64_t offset,
			 const char *payload)
{
	struct bytes record = { .at = NULL };

	record.at = sample_fragment(tid, offset, payload, strlen(payload), &record.size);
	add_freed(bytes, record);
}

/* An event whose payload begins with @fragments bytes of fragments. */
static struct bytes event_after(uint32_t tid, uint32_t fragments)
{
	struct sample sample = sample_send(0, "the end", 7);
	struct bytes bytes = { .at = NULL };

	sample.event.tid = tid;
	sample.event.frag_len = fragments;
	sample.event.len += fragments;
	sample.event.ret += fragments;
	bytes.at = sample_build(&sample, &bytes.size);
	return bytes;
}

static void save_joined(const char *name, uint32_t threads, uint64_t second,
			uint32_t fragments)
{
	struct bytes bytes = { .at = NULL };
	uint32_t tid;

	add_u8(&bytes, 0);
	add_u16(&bytes, 65535);
	add_u8(&bytes, 1);
	for (tid = 1; tid <= threads; tid++)
		add_fragment(&bytes, tid, 0, "the beginning\\ ");
	for (tid = 1; tid <= threads; tid++)
		add_fragment(&bytes, tid, second, "\n");
	add_freed(&bytes, event_after(threads, fragments));
	save("stream", name, &bytes);
}

/* A payload whose first fragment is empty. */
static void save_fragment_empty(void)
{
	struct bytes bytes = { .at = NULL };

	add_u8(&bytes, 0);
	add_u16(&bytes, 65535);
	add_u8(&bytes, 1);
	add_fragment(&bytes, 7, 0, "");
	add_freed(&bytes, event_after(7, 0));
	save("stream", "fragment_empty", &bytes);
}

static void save_streams(void)
{
	save_stream("reader", 0, 65535, true);
	save_stream("pieces", 0, 40, true);
	save_stream("breaks", 1, 100, true);
	save_stream("truncated", 0, 50, false);
	save_stream("grows", 2, 300, true);
	save_stream("grows_pieces", 2 | 62 << 2, 7, true);
	shuffled = true;
	save_stream("sorted", 4, 65535, true);
	shuffled = false;
	save_overflow();
	save_joined("joined", 1, 15, 16);
	save_joined("joined_wrongly", 1, 15, 15);
	save_joined("joined_with_gap", 1, 40, 16);
	save_joined("joined_in_files", 36, 15, 16);
	save_fragment_empty();
}

static void save_records(void)
{
	struct bytes bytes;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		bytes = record_of(&kinds[i], i, 0);
		save("decode", kinds[i].name, &bytes);
	}
	bytes = lost_of(7, 3);
	save("decode", "lost", &bytes);
	add_fragment(&bytes, 7, 0, "hello");
	save("decode", "fragment", &bytes);
	bytes = event_after(7, 9);
	save("decode", "unjoined", &bytes);
	bytes = record_of(&kinds[0], 0, 0);
	bytes.size -= 8;
	save("decode", "truncated", &bytes);
}

/* ---- Rings ---------------------------------------------------------------------- */

enum operation { /* as in rings_fuzz.c */
	APPEND,
	JUMP,
	POKE,
	READ,
};

static struct bytes device_of(unsigned int there, unsigned int size, unsigned int wrong,
			      unsigned int fails)
{
	struct bytes bytes = { .at = NULL };

	add_u8(&bytes, there);
	add_u8(&bytes, size);
	add_u8(&bytes, wrong);
	add_u8(&bytes, fails);
	return bytes;
}

static void append(struct bytes *bytes, unsigned int cpu, struct bytes record)
{
	add_u8(bytes, APPEND | cpu << 2);
	add_u16(bytes, record.size);
	add_freed(bytes, record);
}

static void fetch(struct bytes *bytes, unsigned int count)
{
	add_u8(bytes, READ | (count - 1) << 2);
}

/* Each ring is filled and emptied until it has wrapped. */
static void save_wrapping(void)
{
	struct bytes bytes = device_of(7, 2, 0, 0);
	unsigned int i;

	for (i = 0; i < 18; i++) {
		append(&bytes, i % 3, record_of(&kinds[i % KINDS], i, i % 3));
		if (i % 3 == 2)
			fetch(&bytes, 4);
	}
	save("rings", "wrapping", &bytes);
}

/* Two rings whose records alternate in time. */
static void save_merging(void)
{
	struct bytes bytes = device_of(5, 4, 0, 0);
	unsigned int i;

	for (i = 0; i < 12; i++)
		append(&bytes, i % 2 * 2, record_of(&kinds[i], 12 - i % 7, i % 2 * 2));
	fetch(&bytes, 20);
	save("rings", "merging", &bytes);
}

/* A payload's beginning in one ring, the rest in another. */
static void save_fragments(void)
{
	struct bytes bytes = device_of(3, 3, 0, 0), record = { .at = NULL };
	struct sendtrace_fragment fragment;

	record.at = sample_fragment(7, 0, "beginning", 9, &record.size);
	memcpy(&fragment, record.at, sizeof(fragment));
	fragment.rec.cpu = 1;
	memcpy(record.at, &fragment, sizeof(fragment));
	append(&bytes, 1, record);
	append(&bytes, 0, event_after(7, 9));
	fetch(&bytes, 3);
	save("rings", "fragments", &bytes);
}

/*
 * A ring's position goes back to before the record that the reader has seen as its next, and
 * then forward again into the middle of that record.
 */
static void save_back(void)
{
	static const unsigned char behind[8] = { 0xf8, [1 ... 7] = 0xff };
	struct bytes bytes = device_of(3, 2, 0, 0), part = { .at = NULL };
	struct bytes record = record_of(&kinds[0], 1, 1);

	add(&part, behind, sizeof(behind));
	add(&part, record.at, sizeof(struct sendtrace_record));
	append(&bytes, 0, record_of(&kinds[0], 0, 0));
	append(&bytes, 1, record);
	fetch(&bytes, 1);
	add_u8(&bytes, JUMP | 1 << 2);
	add_u16(&bytes, 0);
	add(&bytes, behind, sizeof(behind));
	append(&bytes, 1, part);
	fetch(&bytes, 3);
	save("rings", "back_and_on", &bytes);
}

static void save_hostile(void)
{
	static const unsigned char far[8] = { 0, 4, 0, 0, 0, 0, 0, 0x80 };
	struct bytes bytes = device_of(7, 2, 0, 0);

	append(&bytes, 0, record_of(&kinds[0], 0, 0));
	add_u8(&bytes, JUMP | 1 << 2);
	add_u16(&bytes, 0);
	add(&bytes, far, sizeof(far));
	fetch(&bytes, 3);
	save("rings", "far_ahead", &bytes);

	bytes = device_of(1, 2, 0, 0);
	append(&bytes, 0, record_of(&kinds[0], 0, 0));
	append(&bytes, 0, record_of(&kinds[1], 1, 0));
	fetch(&bytes, 1);
	add_u8(&bytes, POKE);
	add_u16(&bytes, 4);
	add_u16(&bytes, 0);
	add(&bytes, far, sizeof(far));
	fetch(&bytes, 3);
	save("rings", "scribbled", &bytes);

	save_back();
	bytes = device_of(7, 2, 2, 0);
	save("rings", "wrong_size", &bytes);
	bytes = device_of(7, 2, 0, 4);
	save("rings", "no_memory", &bytes);
}

/* ---- Command lines -------------------------------------------------------------- */

static void save_line(const char *name, const char *line, size_t size)
{
	struct bytes bytes = { .at = NULL };

	add(&bytes, line, size);
	save("options", name, &bytes);
}

#define LINE(name, line) save_line(name, line, sizeof(line))

/* As many of a kind as are allowed, and one more. */
static void save_too_many(const char *name, const char *word, unsigned int count)
{
	struct bytes bytes = { .at = NULL };
	unsigned int i;

	for (i = 0; i < count; i++)
		add(&bytes, word, strlen(word) + 1);
	save("options", name, &bytes);
}

static void save_lines(void)
{
	LINE("names", "mysqld\0php*\0ngin[xy]\0a\\*b\0.");
	LINE("events", "-esend,!write,recv\0-e\0!io_uring,close\0--events=all\0-e\0"
		       "accept,foo\0-e\0,");
	LINE("short", "-aqv\0-B64\0-c\0"
		      "7\0-d.5\0-s100\0-p812,813\0name");
	LINE("long", "--accepts\0--buffer-size=8192\0--count\0"
		     "18446744073709551615\0"
		     "--duration=1000000000\0--snaplen=67108864\0--pid\0"
		     "4194304\0--read\0"
		     "--no-load\0--device=file\0--quiet\0--verbose\0--\0-name");
	LINE("wrong", "--accepts=1\0--pid=\0-c0\0-d0.0000000001\0-x\0--nothing\0[a\0\\");
	LINE("help", "--help");
	LINE("version", "-V");
	LINE("seconds", "1.123456789\0"
			"00.1\0"
			"5.\0.5\0.\0"
			"1000000000.0\0"
			"18446744073709551616\0-1\0+1\0 1");
	save_too_many("patterns", "name", SENDTRACE_MAX_PATTERNS);
	save_too_many("patterns_33", "n", SENDTRACE_MAX_PATTERNS + 1);
	save_too_many("pids_33", "-p1", SENDTRACE_MAX_PIDS + 1);
	save_too_many("long_name",
		      "sixty-three characters, as many as a pattern may have, no more.",
		      1);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "expected 'seeds FOLDER', where FOLDER is the one to write into");
	if (mkdir(argv[1], 0755) && errno != EEXIST)
		err(1, "cannot make the folder '%s'", argv[1]);
	if (chdir(argv[1]))
		err(1, "cannot go to the folder '%s'", argv[1]);
	save_records();
	save_streams();
	save_wrapping();
	save_merging();
	save_fragments();
	save_hostile();
	save_lines();
	return 0;
}
