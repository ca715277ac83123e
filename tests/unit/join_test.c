// SPDX-License-Identifier: GPL-2.0
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "decode_record.h"
#include "join.h"
#include "sample.h"

enum {
	CHUNK = 65536,
	CONCURRENT = 1024, /* the default of the module's parameter works */
};

static struct join join;
static struct sendtrace_fault fault;
/* Of the records that add() makes. */
static uint64_t now;

static int begin(void **state)
{
	(void)state;
	now = 1000;
	join_init(&join);
	return 0;
}

static int end(void **state)
{
	(void)state;
	join_free(&join);
	assert_int_equal(join.memory, 0);
	assert_int_equal(join.used, 0);
	assert_int_equal(join.spill.used, 0);
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
	record.rec.time = now;
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

static void assert_unjoined(uint32_t tid, uint64_t size)
{
	struct sendtrace_item record;

	assert_int_equal(find(tid, (uint32_t)size, &record), 0);
	assert_null(record.joined);
	assert_true(sendtrace_is_unjoined(&record));
}

static struct stat file_status(void)
{
	struct stat status;

	assert_int_equal(fstat(join.spill.file, &status), 0);
	return status;
}

/* What the file takes on the disk; holes take nothing. */
static uint64_t room_in_file(void)
{
	return (uint64_t)file_status().st_blocks * 512;
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
	assert_int_equal(join.memory, 0);
	assert_true(room_in_file() >= 16 << 20);
	assert_joined(7, 16 << 20);
	join_done(&join, 7);
	/* Also where the file system knows no holes. */
	assert_int_equal(file_status().st_size, 0);
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

static void as_many_threads_as_the_module_follows_are_joined(void **state)
{
	uint32_t tid;
	size_t part;

	(void)state;
	for (part = 0; part < 2; part++) {
		for (tid = 1; tid <= CONCURRENT; tid++)
			add(tid, part * 20000, 20000);
	}
	assert_int_equal(join.used, CONCURRENT);
	assert_true(join.memory <= JOIN_MEMORY);
	for (tid = 1; tid <= CONCURRENT; tid++) {
		assert_joined(tid, 40000);
		join_done(&join, tid);
	}
	assert_int_equal(join.spill.error, 0);
}

static int count_descriptors(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 4 * CONCURRENT; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void all_payloads_need_one_descriptor(void **state)
{
	int before = count_descriptors();
	uint32_t tid;

	(void)state;
	for (tid = 1; tid <= 100; tid++)
		add(tid, 0, CHUNK);
	assert_true(join.spill.used > 0);
	assert_int_equal(count_descriptors(), before);
	assert_true(fcntl(join.spill.file, F_GETFD) & FD_CLOEXEC);
}

static void the_one_that_waits_longest_is_dropped_where_all_places_are_taken(void **state)
{
	uint32_t tid;

	(void)state;
	add(1, 0, 10);
	add(2, 0, 10);
	add(1, 10, 10);
	/* Also those that find no room have a place: more of them may come. */
	for (tid = 3; tid <= JOIN_THREADS + 1; tid++)
		add(tid, 0, 10);
	assert_int_equal(join.used, JOIN_THREADS);
	assert_unjoined(2, 10);
	assert_joined(1, 20);
	assert_joined(3, 10);
}

static void one_payload_takes_no_more_than_the_largest_there_is(void **state)
{
	uint64_t offset;

	(void)state;
	for (offset = 0; offset < 70 << 20; offset += CHUNK) {
		add(7, offset, CHUNK);
		assert_true(file_status().st_size <= JOIN_PAYLOAD_MAX);
	}
	assert_int_equal(room_in_file(), 0);
	assert_int_equal(join.memory, 0);
	assert_unjoined(7, 70 << 20);
	add_all(7, 2 * CHUNK);
	assert_joined(7, 2 * CHUNK);
}

/* A byte each: the room is counted in blocks, the file has holes. */
static void all_payloads_together_stay_within_the_bound(void **state)
{
	uint32_t in_memory = JOIN_MEMORY / (128 << 10), tid;
	uint32_t fit = in_memory + SPILL_BLOCKS;

	(void)state;
	for (tid = 1; tid <= fit; tid++)
		add(tid, 0, 1);
	assert_int_equal(join.spill.used, SPILL_BLOCKS);
	assert_int_equal(join.spill.error, 0);
	add(fit + 1, 0, 1);
	assert_int_equal(join.spill.error, -ENOBUFS);
	assert_true(file_status().st_size <= SPILL_MAX);
	assert_unjoined(fit + 1, 1);
	assert_joined(1, 1);
	assert_joined(fit, 1);
	/* Room that is given back is room for the next one. */
	join_done(&join, fit);
	add(fit + 2, 0, 1);
	assert_joined(fit + 2, 1);
	assert_joined(fit - 1, 1);
}

static void the_room_of_a_payload_is_given_back_while_others_have_theirs(void **state)
{
	uint64_t offset;

	(void)state;
	/* Their blocks alternate in the file. */
	for (offset = 0; offset < 4 << 20; offset += CHUNK) {
		add(1, offset, CHUNK);
		add(2, offset, CHUNK);
	}
	assert_true(room_in_file() >= 8 << 20);
	join_done(&join, 1);
	assert_true(room_in_file() < 5 << 20);
	add_all(3, 4 << 20);
	assert_true(file_status().st_size <= 8 << 20);
	assert_joined(2, 4 << 20);
	assert_joined(3, 4 << 20);
}

static void what_nobody_ends_makes_room_after_a_while(void **state)
{
	uint32_t tid;

	(void)state;
	for (tid = 1; tid <= 100; tid++)
		add(tid, 0, CHUNK);
	now += JOIN_STALE_NS / 2;
	add(100, CHUNK, CHUNK);
	add(101, 0, CHUNK);
	assert_int_equal(join.used, 101);
	now += JOIN_STALE_NS / 2 + 1;
	add(102, 0, CHUNK);
	assert_int_equal(join.used, 3);
	assert_unjoined(99, CHUNK);
	assert_joined(100, 2 * CHUNK);
	assert_joined(101, CHUNK);
	assert_joined(102, CHUNK);
}

/* As long as the memory suffices they cost nothing: the sender may just be slow. */
static void what_waits_is_kept_while_there_is_memory(void **state)
{
	(void)state;
	add(1, 0, CHUNK);
	now += 2 * JOIN_STALE_NS;
	add(2, 0, CHUNK);
	add(1, CHUNK, CHUNK);
	assert_joined(1, 2 * CHUNK);
}

/* The signal of a write() beyond the limit would end this program. */
static void the_limit_of_a_files_size_is_kept_without_a_signal(void **state)
{
	struct rlimit before, limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (4 << 20) + 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	add_all(7, 4 << 20);
	add_all(8, 4 << 20);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_joined(7, 4 << 20);
	assert_unjoined(8, 4 << 20);
	assert_int_equal(join.spill.error, -EFBIG);
}

static void begin_again(const char *folder)
{
	join_free(&join);
	assert_int_equal(setenv("TMPDIR", folder, 1), 0);
	join_init(&join);
	unsetenv("TMPDIR");
}

static void a_folder_that_cannot_be_written_costs_the_payload_only(void **state)
{
	(void)state;
	begin_again("/nonexistent");
	assert_string_equal(join.spill.folder, "/nonexistent");
	assert_int_equal(join.spill.error, 0);
	add_all(7, JOIN_MEMORY + CHUNK);
	assert_unjoined(7, JOIN_MEMORY + CHUNK);
	assert_int_equal(join.spill.error, -ENOENT);
	add_all(8, CHUNK);
	assert_joined(8, CHUNK);
}

static void an_empty_name_of_the_folder_stands_for_the_usual_one(void **state)
{
	struct stat usual;

	(void)state;
	begin_again("");
	assert_string_equal(join.spill.folder, "/tmp");
	assert_int_equal(stat("/tmp", &usual), 0);
	assert_int_equal(file_status().st_dev, usual.st_dev);
	add_all(7, JOIN_MEMORY + CHUNK);
	assert_joined(7, JOIN_MEMORY + CHUNK);
}

static void the_folder_is_needed_only_at_the_start(void **state)
{
	char folder[] = "/tmp/sendtrace-test.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	begin_again(folder);
	/* The file has no name in it. */
	assert_int_equal(rmdir(folder), 0);
	add_all(7, JOIN_MEMORY + CHUNK);
	assert_joined(7, JOIN_MEMORY + CHUNK);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	struct sendtrace_item record;
	unsigned char piece[100];
	int nothing = open("/dev/null", O_WRONLY);

	(void)state;
	add_all(7, JOIN_MEMORY + CHUNK);
	assert_int_equal(find(7, JOIN_MEMORY + CHUNK, &record), 0);
	assert_int_equal(ftruncate(join.spill.file, CHUNK), 0);
	assert_false(sendtrace_is_unread(&record));
	assert_int_equal(
		sendtrace_payload_read(&record, CHUNK - 60, piece, sizeof(piece)), 60);
	assert_int_equal(sendtrace_payload_read(&record, CHUNK, piece, sizeof(piece)),
			 -EIO);
	assert_true(sendtrace_is_unread(&record));
	assert_int_equal(join.spill.error, -EIO);
	assert_int_equal(dup2(nothing, join.spill.file), join.spill.file);
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
		join_case(as_many_threads_as_the_module_follows_are_joined),
		join_case(all_payloads_need_one_descriptor),
		join_case(
			the_one_that_waits_longest_is_dropped_where_all_places_are_taken),
		join_case(one_payload_takes_no_more_than_the_largest_there_is),
		join_case(all_payloads_together_stay_within_the_bound),
		join_case(the_room_of_a_payload_is_given_back_while_others_have_theirs),
		join_case(what_nobody_ends_makes_room_after_a_while),
		join_case(what_waits_is_kept_while_there_is_memory),
		join_case(the_limit_of_a_files_size_is_kept_without_a_signal),
		join_case(a_folder_that_cannot_be_written_costs_the_payload_only),
		join_case(an_empty_name_of_the_folder_stands_for_the_usual_one),
		join_case(the_folder_is_needed_only_at_the_start),
		join_case(a_file_that_cannot_be_read_is_an_error),
	};

	return run_all("join", tests);
}
