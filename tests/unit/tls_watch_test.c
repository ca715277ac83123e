// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes map code. watch.c is compiled here, so that its rings can be filled by hand; other
 * tests need the kernel's.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../../user/tls/watch.c"

#include "clock.h"

enum {
	DEADLINE_MS = 60000,
};

static struct watch_event event;

/* ---- Rings that are filled by hand ------------------------------------------------------ */

static struct watch *made;

static struct perf_event_mmap_page *make_ring(size_t size)
{
	return calloc(1, size);
}

static int make_watch(void **state)
{
	unsigned int i;

	(void)state;
	made = calloc(1, sizeof(*made));
	made->page = 4096;
	made->nr_cpus = 2;
	made->cpus = calloc(2, sizeof(*made->cpus));
	for (i = 0; i < 2; i++)
		made->cpus[i].page = make_ring(made->page + ring_size(made));
	return 0;
}

static int free_watch(void **state)
{
	(void)state;
	free(made->cpus[0].page);
	free(made->cpus[1].page);
	free(made->cpus);
	free(made);
	return 0;
}

/* As the kernel does it: bytes that may wrap, and then the head. */
static void put(unsigned int cpu, const void *record, size_t size)
{
	struct perf_event_mmap_page *page = made->cpus[cpu].page;
	unsigned char *ring = (unsigned char *)page + made->page;
	size_t i;

	for (i = 0; i < size; i++)
		ring[(page->data_head + i) % ring_size(made)] =
			((const unsigned char *)record)[i];
	__atomic_store_n(&page->data_head, page->data_head + size, __ATOMIC_RELEASE);
}

/* Something of the kernel's between what is known and the time, which is the last word. */
static void put_mapped(unsigned int cpu, uint32_t pid, uint64_t time)
{
	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		unsigned char more[64];
		uint64_t time;
	} record = {
		.header = { .type = PERF_RECORD_MMAP2, .size = sizeof(record) },
		.pid = pid,
		.tid = pid + 1,
		.time = time,
	};

	put(cpu, &record, sizeof(record));
}

static void put_named(uint32_t pid, const char *name, uint16_t misc)
{
	struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		char name[16];
		uint64_t time;
	} record = {
		.header = { .type = PERF_RECORD_COMM,
			    .misc = misc,
			    .size = sizeof(record) },
		.pid = pid,
		.time = 99,
	};

	strcpy(record.name, name);
	put(0, &record, sizeof(record));
}

static void put_other(unsigned int cpu, uint32_t type)
{
	struct {
		struct perf_event_header header;
		uint64_t more[4];
	} record = { .header = { .type = type, .size = sizeof(record) } };

	put(cpu, &record, sizeof(record));
}

static void is_mapped_by(uint32_t pid, uint64_t time)
{
	assert_true(watch_next(made, &event));
	assert_int_equal(event.kind, WATCH_MAPPED);
	assert_int_equal(event.pid, pid);
	assert_int_equal(event.time, time);
}

static void records_are_taken_in_their_order_also_where_they_wrap(void **state)
{
	struct perf_event_mmap_page *page = made->cpus[1].page;
	unsigned int i;

	(void)state;
	/* Any rest of the ring's end is met. */
	for (i = 0; i < 3000; i++) {
		if (i % 3 == 0)
			put_other(1, PERF_RECORD_MMAP2 + 100);
		put_mapped(1, i, 1000 + i);
		is_mapped_by(i, 1000 + i);
	}
	assert_true(page->data_head > 3 * ring_size(made));
	assert_int_equal(page->data_tail, page->data_head);
	assert_false(watch_next(made, &event));
}

static void a_name_says_whether_it_is_a_new_program(void **state)
{
	(void)state;
	put_named(7, "server", 0);
	put_named(8, "sixteen-letters", PERF_RECORD_MISC_COMM_EXEC);
	assert_true(watch_next(made, &event));
	assert_int_equal(event.kind, WATCH_NAMED);
	assert_int_equal(event.pid, 7);
	assert_int_equal(event.time, 99);
	assert_string_equal(event.name, "server");
	assert_false(event.is_exec);
	assert_true(watch_next(made, &event));
	assert_string_equal(event.name, "sixteen-letters");
	assert_true(event.is_exec);
}

static void lost_records_ask_for_a_look_at_all(void **state)
{
	(void)state;
	put_mapped(0, 1, 1);
	put_other(0, PERF_RECORD_LOST);
	put_mapped(0, 2, 2);
	is_mapped_by(1, 1);
	assert_true(watch_next(made, &event));
	assert_int_equal(event.kind, WATCH_LOST);
	is_mapped_by(2, 2);
	assert_false(watch_next(made, &event));
}

/* The kernel would tell it with the next record, which may never come. */
static void so_does_a_ring_that_is_full(void **state)
{
	unsigned int i, most = (unsigned int)ring_size(made) / 96;

	(void)state;
	for (i = 0; i < most; i++)
		put_mapped(0, i, i);
	is_mapped_by(0, 0);
	assert_true(watch_next(made, &event));
	assert_int_equal(event.kind, WATCH_LOST);
	while (watch_next(made, &event))
		;
	for (i = 0; i < most / 2; i++)
		put_mapped(0, i, i);
	for (i = 0; i < most / 2; i++)
		is_mapped_by(i, i);
}

static void what_is_not_known_is_no_event(void **state)
{
	(void)state;
	put_other(0, PERF_RECORD_EXIT);
	put_other(1, PERF_RECORD_FORK);
	assert_false(watch_next(made, &event));
	put_other(0, PERF_RECORD_EXIT);
	put_mapped(0, 3, 3);
	is_mapped_by(3, 3);
}

static void a_busy_cpu_does_not_hide_the_others(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++)
		put_mapped(0, 100, i);
	put_mapped(1, 200, 0);
	for (i = 0; i < 2; i++) {
		assert_true(watch_next(made, &event));
		if (event.pid == 200)
			return;
	}
	fail_msg("the second CPU's record is not the first or the second event");
}

/* Also a page of 64 KiB, which arm64 may have. */
static void a_ring_is_small_enough_for_the_kernels_limit(void **state)
{
	(void)state;
	assert_true(ring_size(made) + made->page <= 516 << 10);
	made->page = 64 << 10;
	assert_true(ring_size(made) + made->page <= 516 << 10);
	assert_int_equal(ring_size(made) % made->page, 0);
}

/* ---- The kernel's rings ------------------------------------------------------------------ */

static struct watch *opened;

/* Return: false after the reason if there are none. cmocka 1.1.5 calls a case that skips "not ok". */
static bool open_watch(void)
{
	int error = watch_open(&opened, true);

	if (error == -EPERM || error == -EACCES || error == -ENOENT || error == -ENOSYS)
		print_message("skipped: perf_event_open(): %s\n", strerror(-error));
	else
		assert_int_equal(error, 0);
	return !error;
}

static void close_watch(void)
{
	close_cpus(opened);
	close(opened->epoll);
	free(opened->cpus);
	free(opened);
}

/* The next event that is of this process; the watch's descriptor says when there may be one. */
static bool comes(enum watch_kind kind, pid_t pid, const char *name)
{
	struct pollfd ready = { .fd = watch_fd(opened), .events = POLLIN };
	int64_t until = clock_ms() + DEADLINE_MS;

	while (clock_ms() < until) {
		while (watch_next(opened, &event))
			if (event.kind == kind && event.pid == pid &&
			    (!name || !strcmp(event.name, name)))
				return true;
		poll(&ready, 1, 1000);
	}
	return false;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *map_itself(int protection)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *at = mmap(NULL, 4096, protection, MAP_PRIVATE, fd, 0);

	assert_true(at != MAP_FAILED);
	close(fd);
	return at;
}

static void a_mapping_of_this_process_is_seen(void **state)
{
	uint64_t before;
	void *at;

	(void)state;
	if (!open_watch())
		return;
	before = now_ns();
	at = map_itself(PROT_READ | PROT_EXEC);
	assert_true(comes(WATCH_MAPPED, getpid(), NULL));
	assert_true(event.time >= before && event.time <= now_ns());
	munmap(at, 4096);
	close_watch();
}

static void *rename_itself(void *arg)
{
	prctl(PR_SET_NAME, "renamed-thread", 0, 0, 0);
	return arg;
}

static void a_thread_with_another_name_is_seen_as_its_process(void **state)
{
	pthread_t thread;

	(void)state;
	if (!open_watch())
		return;
	assert_int_equal(pthread_create(&thread, NULL, rename_itself, NULL), 0);
	assert_true(comes(WATCH_NAMED, getpid(), "renamed-thread"));
	assert_false(event.is_exec);
	pthread_join(thread, NULL);
	close_watch();
}

static void an_executed_program_is_seen_with_its_name(void **state)
{
	pid_t pid;

	(void)state;
	if (!open_watch())
		return;
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	assert_true(comes(WATCH_NAMED, pid, "true"));
	assert_true(event.is_exec);
	assert_true(comes(WATCH_MAPPED, pid, NULL));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close_watch();
}

static void more_than_a_ring_takes_is_told(void **state)
{
	unsigned int i;

	(void)state;
	if (!open_watch())
		return;
	for (i = 0; i < 3000; i++)
		munmap(map_itself(PROT_READ | PROT_EXEC), 4096);
	assert_true(comes(WATCH_LOST, 0, NULL));
	close_watch();
}

static void other_cpus_ask_for_a_look_at_all(void **state)
{
	(void)state;
	if (!open_watch())
		return;
	if (!*opened->online) {
		print_message(
			"skipped: the kernel does not tell in /sys which CPUs are online\n");
		close_watch();
		return;
	}
	watch_refresh(opened);
	while (watch_next(opened, &event))
		assert_int_not_equal(event.kind, WATCH_LOST);
	strcpy(opened->online, "0-1023\n");
	watch_refresh(opened);
	assert_true(watch_next(opened, &event));
	assert_int_equal(event.kind, WATCH_LOST);
	munmap(map_itself(PROT_READ | PROT_EXEC), 4096);
	assert_true(comes(WATCH_MAPPED, getpid(), NULL));
	close_watch();
}

static void without_names_there_are_none(void **state)
{
	(void)state;
	if (!open_watch())
		return;
	close_watch();
	assert_int_equal(watch_open(&opened, false), 0);
	prctl(PR_SET_NAME, "another-name", 0, 0, 0);
	munmap(map_itself(PROT_READ | PROT_EXEC), 4096);
	do {
		assert_true(watch_next(opened, &event) ||
			    comes(WATCH_MAPPED, getpid(), NULL));
		assert_int_not_equal(event.kind, WATCH_NAMED);
	} while (event.pid != getpid());
	close_watch();
}

#define by_hand(function) \
	cmocka_unit_test_setup_teardown(function, make_watch, free_watch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		by_hand(records_are_taken_in_their_order_also_where_they_wrap),
		by_hand(a_name_says_whether_it_is_a_new_program),
		by_hand(lost_records_ask_for_a_look_at_all),
		by_hand(so_does_a_ring_that_is_full),
		by_hand(what_is_not_known_is_no_event),
		by_hand(a_busy_cpu_does_not_hide_the_others),
		by_hand(a_ring_is_small_enough_for_the_kernels_limit),
		test_case(a_mapping_of_this_process_is_seen),
		test_case(a_thread_with_another_name_is_seen_as_its_process),
		test_case(an_executed_program_is_seen_with_its_name),
		test_case(more_than_a_ring_takes_is_told),
		test_case(other_cpus_ask_for_a_look_at_all),
		test_case(without_names_there_are_none),
	};

	return run_all("tls_watch", tests);
}
