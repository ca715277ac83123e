// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode_record.h"
#include "join.h"
#include "sample.h"

enum {
	CHUNK = 65536
};

static struct join join;
static struct sendtrace_fault fault;

static int begin(void **state)
{
	(void)state;
	join_init(&join);
	return 0;
}

static int end(void **state)
{
	(void)state;
	join_free(&join);
	assert_int_equal(join.memory, 0);
	assert_int_equal(join.used, 0);
	return 0;
}

/* The byte at @offset of thread @tid's payload. */
static unsigned char byte_at(uint32_t tid, uint64_t offset)
{
	return (unsigned char)((offset * 2654435761u + tid) >> 11);
}

static void add(uint32_t tid, uint64_t offset, size_t size)
{
	unsigned char *payload = malloc(size), *bytes;
	struct sendtrace_item record;
	size_t i, length;

	for (i = 0; i < size; i++)
		payload[i] = byte_at(tid, offset + i);
	bytes = sample_fragment(tid, offset, payload, size, &length);
	assert_int_equal(decode_record(bytes, length, &record, &fault), 0);
	join_fragment(&join, &record);
	free(bytes);
	free(payload);
}

static void add_all(uint32_t tid, uint64_t size)
{
	uint64_t offset;

	for (offset = 0; offset < size; offset += CHUNK)
		add(tid, offset, size - offset < CHUNK ? size - offset : CHUNK);
}

static int find(uint32_t tid, uint32_t frag_len, struct sendtrace_item *record)
{
	memset(record, 0, sizeof(*record));
	record->event.rec.type = SENDTRACE_RECORD_SEND;
	record->event.tid = tid;
	record->event.frag_len = frag_len;
	return join_event(&join, record, &fault);
}

static void assert_joined(uint32_t tid, uint64_t size)
{
	unsigned char piece[1000];
	struct sendtrace_item record;
	uint64_t done = 0;
	ssize_t got;
	size_t i;

	assert_int_equal(find(tid, (uint32_t)size, &record), 0);
	assert_non_null(record.joined);
	while ((got = sendtrace_payload_read(&record, done, piece, sizeof(piece))) > 0) {
		for (i = 0; i < (size_t)got; i++)
			assert_int_equal(piece[i], byte_at(tid, done + i));
		done += (size_t)got;
	}
	assert_int_equal(got, 0);
	assert_int_equal(done, size);
}

static void fragments_are_joined_byte_for_byte(void **state)
{
	(void)state;
	add_all(7, 3 * CHUNK + 5);
	assert_joined(7, 3 * CHUNK + 5);
}

static void threads_do_not_mix(void **state)
{
	uint64_t offset;

	(void)state;
	for (offset = 0; offset < 4 * CHUNK; offset += CHUNK) {
		add(1, offset, CHUNK);
		add(2, offset, CHUNK);
	}
	assert_joined(1, 4 * CHUNK);
	join_done(&join, 1);
	assert_joined(2, 4 * CHUNK);
}

static void fragments_are_forgotten_once_their_event_is_done(void **state)
{
	struct sendtrace_item record;

	(void)state;
	add_all(7, CHUNK);
	join_done(&join, 7);
	assert_int_equal(join.used, 0);
	assert_int_equal(find(7, CHUNK, &record), 0);
	assert_null(record.joined);
	assert_int_equal(sendtrace_payload_size(&record), 0);
}

static void a_payload_that_is_too_large_for_memory_goes_to_a_file(void **state)
{
	(void)state;
	add_all(7, 16 << 20);
	assert_true(join.memory <= JOIN_MEMORY);
	assert_null(join.threads[0].memory);
	assert_joined(7, 16 << 20);
}

static void many_payloads_together_stay_within_the_memory_for_all(void **state)
{
	uint32_t tid;

	(void)state;
	for (tid = 1; tid <= 20; tid++) {
		add_all(tid, 1 << 20);
		assert_true(join.memory <= JOIN_MEMORY);
	}
	for (tid = 1; tid <= 20; tid++)
		assert_joined(tid, 1 << 20);
}

static void a_new_payload_replaces_one_whose_event_was_lost(void **state)
{
	(void)state;
	add_all(7, 2 * CHUNK);
	add_all(7, CHUNK + 1);
	assert_joined(7, CHUNK + 1);
}

static void an_event_without_fragments_is_left_alone(void **state)
{
	struct sendtrace_item record;

	(void)state;
	add_all(7, CHUNK);
	assert_int_equal(find(7, 0, &record), 0);
	assert_null(record.joined);
}

static void an_event_that_does_not_fit_its_fragments_is_reported(void **state)
{
	struct sendtrace_item record;

	(void)state;
	add_all(7, CHUNK);
	assert_int_equal(find(7, CHUNK - 1, &record), -EBADMSG);
	assert_non_null(strstr(fault.text, "expected the 65536 bytes"));
}

static void a_fragment_out_of_place_spoils_the_payload(void **state)
{
	struct sendtrace_item record;

	(void)state;
	add(7, 0, CHUNK);
	add(7, 2 * CHUNK, CHUNK);
	assert_int_equal(find(7, 2 * CHUNK, &record), 0);
	assert_null(record.joined);
}

static void the_oldest_payloads_are_dropped_for_new_ones(void **state)
{
	struct sendtrace_item record;
	uint32_t tid;

	(void)state;
	for (tid = 1; tid <= JOIN_THREADS + 1; tid++)
		add_all(tid, 10);
	assert_int_equal(join.used, JOIN_THREADS);
	assert_int_equal(find(1, 10, &record), 0);
	assert_null(record.joined);
	assert_joined(2, 10);
	assert_joined(JOIN_THREADS + 1, 10);
}

static void a_folder_that_cannot_be_written_costs_the_payload_only(void **state)
{
	struct sendtrace_item record;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	add_all(7, JOIN_MEMORY + CHUNK);
	unsetenv("TMPDIR");
	assert_int_equal(find(7, JOIN_MEMORY + CHUNK, &record), 0);
	assert_null(record.joined);
	assert_true(sendtrace_is_unjoined(&record));
	add_all(8, CHUNK);
	assert_joined(8, CHUNK);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	struct sendtrace_item record;
	unsigned char piece[100];
	int nothing = open("/dev/null", O_WRONLY);

	(void)state;
	add_all(7, JOIN_MEMORY + CHUNK);
	assert_int_equal(find(7, JOIN_MEMORY + CHUNK, &record), 0);
	assert_int_equal(ftruncate(record.joined->file, CHUNK), 0);
	assert_int_equal(
		sendtrace_payload_read(&record, CHUNK - 60, piece, sizeof(piece)), 60);
	assert_int_equal(sendtrace_payload_read(&record, CHUNK, piece, sizeof(piece)),
			 -EIO);
	assert_int_equal(dup2(nothing, record.joined->file), record.joined->file);
	assert_int_equal(sendtrace_payload_read(&record, 0, piece, sizeof(piece)),
			 -EBADF);
	close(nothing);
}

#define join_case(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		join_case(fragments_are_joined_byte_for_byte),
		join_case(threads_do_not_mix),
		join_case(fragments_are_forgotten_once_their_event_is_done),
		join_case(a_payload_that_is_too_large_for_memory_goes_to_a_file),
		join_case(many_payloads_together_stay_within_the_memory_for_all),
		join_case(a_new_payload_replaces_one_whose_event_was_lost),
		join_case(an_event_without_fragments_is_left_alone),
		join_case(an_event_that_does_not_fit_its_fragments_is_reported),
		join_case(a_fragment_out_of_place_spoils_the_payload),
		join_case(the_oldest_payloads_are_dropped_for_new_ones),
		join_case(a_folder_that_cannot_be_written_costs_the_payload_only),
		join_case(a_file_that_cannot_be_read_is_an_error),
	};

	return run_all("join", tests);
}
