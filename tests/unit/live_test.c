// SPDX-License-Identifier: GPL-2.0
/*
 * The device as a source, on a simulated one. live.c and stream.c are compiled here with
 * system calls that this test answers.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sample.h"

static int simulated_open(const char *path, int flags);
static int simulated_ioctl(int fd, unsigned long request, void *argument);
static void *simulated_mmap(void *at, size_t size, int protection, int flags, int fd,
			    off_t offset);
static int simulated_munmap(void *at, size_t size);
static ssize_t simulated_read(int fd, void *to, size_t size);

#define open   simulated_open
#define ioctl  simulated_ioctl
#define mmap   simulated_mmap
#define munmap simulated_munmap
#define read   simulated_read
#include "../../user/lib/live.c"
#include "../../user/lib/stream.c"
#undef open
#undef ioctl
#undef mmap
#undef munmap
#undef read

enum {
	CPUS = 3,
	NO_CPU = 1, /* a number for which there can be no CPU */
	PAGE = 4096,
	RING_SIZE = 65536,
};

/*
 * @feed is the other end of the pipe that read() and poll() see. @map_calls counts down to
 * the mmap() that fails.
 */
static struct {
	uint32_t abi;
	int info_error;
	int feed;
	bool configured;
	bool running;
	unsigned int started;
	unsigned int reads;
	int mappings;
	int map_calls;
	uint32_t wrong_cpu;
	int flags;
	struct sendtrace_producer *producer;
	struct sendtrace_consumer *consumer;
} device;

static struct sendtrace *trace;
static const struct sendtrace_item *item;

/* ---- The device ------------------------------------------------------------------- */

static int simulated_open(const char *path, int flags)
{
	int ends[2];

	assert_string_equal(path, "device");
	device.flags = flags;
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	device.feed = ends[1];
	return ends[0];
}

static int answer(int err)
{
	errno = err;
	return err ? -1 : 0;
}

static int set_running(bool running)
{
	if (device.running == running)
		return answer(EALREADY);
	device.running = running;
	device.started += running;
	return 0;
}

static int simulated_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	switch (request) {
	case SENDTRACE_IOC_INFO:
		*(struct sendtrace_info *)argument = (struct sendtrace_info){
			.abi = device.abi,
			.page_size = PAGE,
			.nr_cpus = CPUS,
			.version = "1.2.3",
		};
		return answer(device.info_error);
	case SENDTRACE_IOC_CONFIG:
		((struct sendtrace_config *)argument)->ring_size = RING_SIZE;
		device.configured = true;
		return 0;
	case SENDTRACE_IOC_START:
		return set_running(true);
	case SENDTRACE_IOC_STOP:
		return set_running(false);
	case SENDTRACE_IOC_FILTER:
		return answer(EPERM);
	case SENDTRACE_IOC_STATS:
		((struct sendtrace_stats *)argument)->missed = 42;
		return 0;
	default:
		fail_msg("an unexpected request, %#lx", request);
		return answer(ENOTTY);
	}
}

static void *simulated_mmap(void *at, size_t size, int protection, int flags, int fd,
			    off_t offset)
{
	uint32_t cpu = (uint32_t)((uint64_t)offset >> 32);
	void *memory;

	(void)fd;
	assert_int_equal(flags, MAP_SHARED);
	if (cpu == NO_CPU || --device.map_calls == 0) {
		errno = cpu == NO_CPU ? EINVAL : EBUSY;
		return MAP_FAILED;
	}
	memory =
		mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(memory, MAP_FAILED);
	device.mappings++;
	if (protection & PROT_WRITE) {
		device.consumer = memory;
		return memory;
	}
	device.producer = memory;
	device.producer->data_offset = PAGE;
	device.producer->data_size = RING_SIZE;
	device.producer->cpu = cpu == device.wrong_cpu ? cpu + 1 : cpu;
	return memory;
}

static int simulated_munmap(void *at, size_t size)
{
	device.mappings--;
	return munmap(at, size);
}

/* As the kernel: 0 at the end of a session that was stopped. */
static ssize_t simulated_read(int fd, void *to, size_t size)
{
	ssize_t got = read(fd, to, size);

	device.reads++;
	return got < 0 && errno == EAGAIN && !device.running ? 0 : got;
}

/* ---- A session -------------------------------------------------------------------- */

static int open_session(void **state)
{
	(void)state;
	memset(&device, 0, sizeof(device));
	device.abi = SENDTRACE_ABI;
	device.wrong_cpu = UINT32_MAX;
	return sendtrace_open_device(&trace, "device");
}

static int close_session(void **state)
{
	(void)state;
	sendtrace_close(trace);
	if (device.feed >= 0)
		close(device.feed);
	assert_int_equal(device.mappings, 0);
	return 0;
}

static void reopen(uint32_t abi)
{
	close_session(NULL);
	device.abi = abi;
	assert_int_equal(sendtrace_open_device(&trace, "device"), 0);
}

static int configure(void)
{
	struct sendtrace_config config = { .snaplen = 0 };

	return sendtrace_configure(trace, &config);
}

static void configure_and_map(void)
{
	assert_int_equal(configure(), 0);
	assert_int_equal(sendtrace_map(trace), 0);
}

static int next(void)
{
	return sendtrace_next(trace, &item);
}

/* The record of a send() with sequence number @seq, for read(). */
static void feed_send(uint64_t seq)
{
	struct sample sample = sample_send(seq, "hello", 5);
	size_t size;
	unsigned char *record = sample_build(&sample, &size);

	assert_int_equal(write(device.feed, record, size), size);
	free(record);
}

/* The same in the ring that was mapped last. */
static void ring_send(uint64_t seq)
{
	struct sample sample = sample_send(seq, "hello", 5);
	unsigned char *data = (unsigned char *)device.producer + PAGE, *record;
	size_t size;

	sample.event.rec.cpu = device.producer->cpu;
	record = sample_build(&sample, &size);
	memcpy(data + device.producer->pos, record, size);
	device.producer->pos += size;
	free(record);
}

/* ---- Opening ---------------------------------------------------------------------- */

static void the_device_becomes_no_terminal_and_is_not_inherited(void **state)
{
	(void)state;
	assert_int_equal(device.flags, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void another_device_is_closed_again(void **state)
{
	struct sendtrace *other = NULL;
	char byte = 0;

	(void)state;
	close_session(NULL);
	device.info_error = ENOTTY;
	assert_int_equal(sendtrace_open_device(&other, "device"), -ENOTTY);
	assert_null(other);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(write(device.feed, &byte, 1), -1);
	close(device.feed);
	device.info_error = 0;
	assert_int_equal(sendtrace_open_device(&trace, "device"), 0);
}

static void a_module_of_another_abi_is_named_and_not_used(void **state)
{
	(void)state;
	reopen(SENDTRACE_ABI + 1);
	assert_int_equal(sendtrace_get_info(trace)->abi, SENDTRACE_ABI + 1);
	assert_string_equal(sendtrace_get_info(trace)->version, "1.2.3");
	assert_int_equal(configure(), -EPROTO);
	assert_int_equal(sendtrace_start(trace), -EPROTO);
	assert_false(device.configured);
	assert_int_equal(device.started, 0);
}

static void commands_are_answered_by_the_device(void **state)
{
	struct sendtrace_filter filter = { .nr_pids = 0 };
	struct sendtrace_stats stats;

	(void)state;
	assert_int_equal(sendtrace_set_filter(trace, &filter), -EPERM);
	assert_int_equal(sendtrace_get_stats(trace, &stats), 0);
	assert_int_equal(stats.missed, 42);
	assert_int_equal(sendtrace_set_order(trace, SENDTRACE_ORDER_CAUSAL, 0), -EINVAL);
	assert_int_equal(sendtrace_stop(trace), -EALREADY);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(sendtrace_start(trace), -EALREADY);
}

/* ---- Starting and stopping -------------------------------------------------------- */

static void nothing_is_read_before_the_start(void **state)
{
	(void)state;
	feed_send(0);
	item = NULL;
	assert_int_equal(next(), -EINVAL);
	assert_null(item);
	assert_int_equal(device.reads, 0);
	configure_and_map();
	assert_int_equal(next(), -EINVAL);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(next(), 0);
}

static void a_start_that_fails_changes_nothing(void **state)
{
	(void)state;
	device.running = true;
	assert_int_equal(sendtrace_start(trace), -EALREADY);
	assert_int_equal(next(), -EINVAL);
	assert_int_equal(device.reads, 0);
}

/* Stop, read to the end, fail to stop, start, and the same once more. */
static void assert_ends_and_begins_again(void)
{
	unsigned int round;

	for (round = 0; round < 2; round++) {
		assert_int_equal(sendtrace_start(trace), 0);
		assert_int_equal(next(), 0);
		assert_int_equal(sendtrace_stop(trace), 0);
		assert_int_equal(next(), -ENODATA);
		assert_int_equal(sendtrace_stop(trace), -EALREADY);
		assert_int_equal(next(), -ENODATA);
	}
}

static void mapped_records_end_with_the_session(void **state)
{
	(void)state;
	configure_and_map();
	assert_ends_and_begins_again();
	ring_send(0);
	assert_int_equal(next(), 1);
	assert_int_equal(item->event.pid, 29664);
	assert_int_equal(next(), -ENODATA);
}

static void records_by_read_end_with_the_session(void **state)
{
	(void)state;
	assert_ends_and_begins_again();
	assert_int_equal(sendtrace_start(trace), 0);
	feed_send(0);
	feed_send(1);
	assert_int_equal(next(), 1);
	assert_int_equal(sendtrace_stop(trace), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), -ENODATA);
}

static void rings_that_are_mapped_after_the_stop_have_an_end(void **state)
{
	(void)state;
	assert_int_equal(configure(), 0);
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(sendtrace_stop(trace), 0);
	assert_int_equal(sendtrace_map(trace), 0);
	assert_int_equal(next(), -ENODATA);
}

/* ---- Mapping ---------------------------------------------------------------------- */

static void rings_are_mapped_once_and_after_the_configuration(void **state)
{
	(void)state;
	assert_int_equal(sendtrace_map(trace), -ENXIO);
	assert_int_equal(sendtrace_rings(trace), CPUS);
	configure_and_map();
	assert_int_equal(sendtrace_rings(trace), CPUS - 1);
	assert_int_equal(device.mappings, 2 * (CPUS - 1));
	assert_int_equal(sendtrace_map(trace), -EALREADY);
	assert_int_equal(device.mappings, 2 * (CPUS - 1));
}

static void a_mapping_that_fails_leaves_nothing_mapped(void **state)
{
	int calls;

	(void)state;
	assert_int_equal(configure(), 0);
	for (calls = 1; calls <= 2 * (CPUS - 1); calls++) {
		device.map_calls = calls;
		assert_int_equal(sendtrace_map(trace), -EBUSY);
		assert_int_equal(device.mappings, 0);
		assert_int_equal(sendtrace_rings(trace), CPUS);
	}
	device.map_calls = 0;
	device.wrong_cpu = CPUS - 1;
	assert_int_equal(sendtrace_map(trace), -EPROTO);
	assert_int_equal(device.mappings, 0);
}

static void a_fault_in_a_ring_says_where(void **state)
{
	(void)state;
	configure_and_map();
	assert_int_equal(sendtrace_start(trace), 0);
	ring_send(0);
	((struct sendtrace_event *)((char *)device.producer + PAGE))->ret = -5000;
	assert_int_equal(next(), -EBADMSG);
	assert_string_equal(sendtrace_get_fault(trace)->where,
			    "position 0 of cpu 2's ring");
}

/* ---- Waiting ---------------------------------------------------------------------- */

static void assert_waits(int fd_is_there, int timeout, int expected)
{
	struct pollfd fd;

	sendtrace_poll_before(trace, &fd, &timeout);
	assert_int_equal(fd.fd >= 0, fd_is_there);
	assert_int_equal(timeout, expected);
}

static void a_nap_follows_records_and_is_never_longer_than_asked_for(void **state)
{
	static const struct {
		int timeout;
		int expected;
	} naps[] = { { -1, NAP_MS }, { 1000, NAP_MS }, { 1, 1 }, { 0, 0 } };
	size_t i;

	(void)state;
	assert_int_equal(sendtrace_start(trace), 0);
	assert_waits(1, -1, -1);
	for (i = 0; i < sizeof(naps) / sizeof(naps[0]); i++) {
		feed_send(i);
		assert_int_equal(next(), 1);
		assert_int_equal(next(), 0);
		assert_waits(0, naps[i].timeout, naps[i].expected);
		/* Nothing came since: now to be woken. */
		assert_waits(1, naps[i].timeout, naps[i].timeout);
	}
}

static void a_session_that_is_gone_ends_the_wait(void **state)
{
	static const short gone[] = { POLLERR, POLLHUP, POLLNVAL, POLLIN | POLLHUP };
	struct pollfd fd = { .revents = POLLIN };
	size_t i;

	(void)state;
	assert_int_equal(sendtrace_poll_after(trace, &fd), 0);
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		fd.revents = gone[i];
		assert_int_equal(sendtrace_poll_after(trace, &fd), -ENODEV);
	}
	assert_int_equal(sendtrace_start(trace), 0);
	assert_int_equal(next(), 0);
	assert_int_equal(sendtrace_wait(trace, 0), 0);
	feed_send(0);
	assert_int_equal(sendtrace_wait(trace, -1), 0);
	assert_int_equal(next(), 1);
	assert_int_equal(next(), 0);
	close(device.feed);
	device.feed = -1;
	/* The nap, then the device. */
	assert_int_equal(sendtrace_wait(trace, -1), 0);
	assert_int_equal(sendtrace_wait(trace, -1), -ENODEV);
}

#define live_case(function) \
	cmocka_unit_test_setup_teardown(function, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		live_case(the_device_becomes_no_terminal_and_is_not_inherited),
		live_case(another_device_is_closed_again),
		live_case(a_module_of_another_abi_is_named_and_not_used),
		live_case(commands_are_answered_by_the_device),
		live_case(nothing_is_read_before_the_start),
		live_case(a_start_that_fails_changes_nothing),
		live_case(mapped_records_end_with_the_session),
		live_case(records_by_read_end_with_the_session),
		live_case(rings_that_are_mapped_after_the_stop_have_an_end),
		live_case(rings_are_mapped_once_and_after_the_configuration),
		live_case(a_mapping_that_fails_leaves_nothing_mapped),
		live_case(a_fault_in_a_ring_says_where),
		live_case(a_nap_follows_records_and_is_never_longer_than_asked_for),
		live_case(a_session_that_is_gone_ends_the_wait),
	};

	return run_all("live", tests);
}
