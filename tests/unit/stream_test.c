// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"
#include "sample.h"
#include "stream.h"

static struct stream stream;
static struct sendtrace_fault fault;
static int ends[2];

static int open_pipe(void **state)
{
	(void)state;
	memset(&fault, 0, sizeof(fault));
	assert_int_equal(pipe(ends), 0);
	/* A small buffer, so that records are longer than it. */
	return stream_init(&stream, ends[0], false, 64);
}

static int close_pipe(void **state)
{
	(void)state;
	stream_free(&stream);
	close(ends[0]);
	close(ends[1]);
	return 0;
}

static int next(const void **from, size_t *size)
{
	const struct sendtrace_record *rec;
	int got = stream_next(&stream, from, &rec, &fault);

	if (got != 1)
		return got;
	assert_memory_equal(*from, rec, sizeof(*rec));
	*size = rec->size;
	return got;
}

static unsigned char *build(uint64_t seq, size_t payload, size_t *size)
{
	static unsigned char bytes[30000];
	struct sample sample = sample_send(seq, bytes, payload);

	memset(bytes, (int)seq, payload);
	return sample_build(&sample, size);
}

static void assert_next(const unsigned char *record, size_t record_size)
{
	const void *from;
	size_t size;

	assert_int_equal(next(&from, &size), 1);
	assert_int_equal(size, record_size);
	assert_int_equal((uintptr_t)from % SENDTRACE_ALIGN, 0);
	assert_memory_equal(from, record, size);
}

static void records_come_whole_however_the_bytes_arrive(void **state)
{
	size_t size, at, step;
	unsigned char *record;
	const void *from;

	(void)state;
	for (step = 1; step < 300; step += 7) {
		record = build(step, 101, &size);
		for (at = 0; at < size; at += step) {
			size_t piece = size - at < step ? size - at : step;

			assert_int_equal(next(&from, &size), 0);
			assert_int_equal(write(ends[1], record + at, piece), piece);
		}
		assert_next(record, size);
		free(record);
	}
}

static void a_record_that_is_longer_than_the_buffer_makes_it_grow(void **state)
{
	unsigned char *record;
	const void *from;
	size_t size, i;

	(void)state;
	for (i = 0; i < 5; i++) {
		record = build(i, 29999, &size);
		assert_int_equal(write(ends[1], record, size), size);
		assert_next(record, size);
		free(record);
	}
	assert_true(stream.capacity < 100000);
	close(ends[1]);
	assert_int_equal(next(&from, &size), -ENODATA);
	assert_int_equal(next(&from, &size), -ENODATA);
}

static void several_records_of_one_read_come_one_by_one(void **state)
{
	unsigned char *records[20];
	size_t sizes[20], i;

	(void)state;
	for (i = 0; i < 20; i++) {
		records[i] = build(i, i * 13, &sizes[i]);
		assert_int_equal(write(ends[1], records[i], sizes[i]), sizes[i]);
	}
	for (i = 0; i < 20; i++) {
		assert_next(records[i], sizes[i]);
		free(records[i]);
	}
}

static void a_stream_that_ends_within_a_record_is_reported_at_any_length(void **state)
{
	unsigned char *record;
	const void *from;
	size_t size, length, record_size;

	(void)state;
	record = build(0, 20, &record_size);
	for (length = 1; length < record_size; length++) {
		close_pipe(NULL);
		open_pipe(NULL);
		assert_int_equal(write(ends[1], record, record_size), record_size);
		assert_int_equal(write(ends[1], record, length), length);
		close(ends[1]);
		assert_next(record, record_size);
		assert_int_equal(next(&from, &size), -EBADMSG);
		assert_string_equal(fault.where, "byte 256 of the stream");
		assert_non_null(strstr(fault.text, "expected"));
		assert_non_null(strstr(fault.text, "ends after"));
	}
	free(record);
}

static void a_size_that_is_a_lie_takes_no_memory(void **state)
{
	unsigned char *record;
	const void *from;
	uint32_t lie = DECODE_RECORD_MAX;
	size_t size;

	(void)state;
	record = build(0, 20, &size);
	memcpy(record, &lie, sizeof(lie));
	assert_int_equal(write(ends[1], record, size), size);
	close(ends[1]);
	assert_int_equal(next(&from, &size), -EBADMSG);
	assert_true(stream.capacity <= 512);
	free(record);
}

static void a_handle_checks_all_of_a_saved_stream(void **state)
{
	const struct sendtrace_item *item;
	struct sendtrace *trace;
	unsigned char *bytes;
	uint32_t lie = 0xffff;
	size_t size;

	(void)state;
	bytes = build(4, 20, &size);
	assert_int_equal(write(ends[1], bytes, size), size);
	memcpy(bytes + offsetof(struct sendtrace_event, cap_len), &lie, sizeof(lie));
	assert_int_equal(write(ends[1], bytes, size), size);
	assert_int_equal(sendtrace_open_stream(&trace, dup(ends[0])), 0);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(sendtrace_next(trace, &item), 1);
	assert_int_equal(item->event.tid, 29963);
	assert_int_equal(item->missing, 4);
	assert_int_equal(sendtrace_next(trace, &item), -EBADMSG);
	assert_non_null(strstr(sendtrace_get_fault(trace)->text, "cap_len is 65535"));
	assert_string_equal(sendtrace_get_fault(trace)->where, "byte 256 of the stream");
	sendtrace_close(trace);
	free(bytes);
}

#define stream_case(function) \
	cmocka_unit_test_setup_teardown(function, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stream_case(records_come_whole_however_the_bytes_arrive),
		stream_case(a_record_that_is_longer_than_the_buffer_makes_it_grow),
		stream_case(several_records_of_one_read_come_one_by_one),
		stream_case(a_stream_that_ends_within_a_record_is_reported_at_any_length),
		stream_case(a_size_that_is_a_lie_takes_no_memory),
		stream_case(a_handle_checks_all_of_a_saved_stream),
	};

	return run_all("stream", tests);
}
