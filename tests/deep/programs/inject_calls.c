// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of a session's life: what precedes each, the call, and what must hold after it,
 * whether it failed or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "inject.h"
#include "net.h"

enum {
	VERIFY_EVERY = 16,
	STRIDE_RINGS = 127,
	/* Fewer than the points of registering one probe. */
	STRIDE_PROBES = 11,
};

static int sender, payload_number;

void calls_prepare(void)
{
	struct address to = udp_sink("127.0.0.1");

	sender = connected_socket(SOCK_DGRAM, &to);
}

static void send_one(void *arg)
{
	char bytes[LEN];

	prctl(PR_SET_NAME, "injected");
	memset(bytes, *(int *)arg, sizeof(bytes));
	must(send(sender, bytes, sizeof(bytes), 0), "send");
}

static void send_by_child(void)
{
	payload_number = payload_number % 100 + 1;
	in_child(send_one, &payload_number);
}

static void check_last(const struct records *records, size_t number)
{
	const struct sendtrace_event *event;
	const char *payload;

	if (!check_equal(records->number, number, "records"))
		return;
	event = event_at(records, number - 1);
	payload = event_payload(event);
	check_equal(event->cap_len, LEN, "bytes of the record");
	check_equal(payload[0], payload_number, "the first byte");
	check_equal(payload[LEN - 1], payload_number, "the last byte");
}

static void free_records(struct records *records)
{
	for (size_t i = 0; i < records->number; i++)
		free(records->record[i]);
	free(records->record);
	*records = (struct records){ 0 };
}

/* A send is recorded, and nothing else. */
static void check_traces(struct tracer *tracer)
{
	struct records records = { 0 };

	send_by_child();
	tracer_read(tracer, &records);
	check_last(&records, 1);
	check_records(&records);
	free_records(&records);
}

static void config_small(struct tracer *tracer)
{
	struct sendtrace_config config = {
		.ring_size = tracer->info.ring_size_min,
		.calls = SENDTRACE_CALLS_ALL,
	};
	int ret = ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &config);

	if (ret && errno != EBUSY)
		die("CONFIG after a failure");
	tracer->config.ring_size = tracer->info.ring_size_min;
}

/* ---- The calls -------------------------------------------------------------------- */

static void prepare_nothing(struct tracer *tracer)
{
	memset(tracer, 0, sizeof(*tracer));
	tracer->fd = -1;
}

static long make_open(struct tracer *tracer)
{
	tracer->fd = open(SENDTRACE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return tracer->fd;
}

static void verify_open(struct tracer *tracer, bool failed)
{
	if (failed)
		tracer_open(tracer);
	must(ioctl(tracer->fd, SENDTRACE_IOC_INFO, &tracer->info), "INFO");
	config_small(tracer);
	tracer_filter(tracer, "injected");
	tracer_start(tracer);
	check_traces(tracer);
	tracer_close(tracer);
}

static long make_info(struct tracer *tracer)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_INFO, &tracer->info);
}

static void verify_opened(struct tracer *tracer, bool failed)
{
	(void)failed;
	verify_open(tracer, false);
}

static long make_config(struct tracer *tracer)
{
	struct sendtrace_config config = {
		.ring_size = tracer->info.ring_size_min,
		.calls = SENDTRACE_CALLS_ALL,
	};

	return ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &config);
}

static void prepare_configured(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer_config_calls(tracer, tracer->info.ring_size_min, SENDTRACE_CALLS_ALL);
}

static void prepare_filtered(struct tracer *tracer)
{
	prepare_configured(tracer);
	tracer_filter(tracer, "somebody-else");
	tracer_start(tracer);
}

static long make_filter(struct tracer *tracer)
{
	struct sendtrace_filter filter = {
		.nr_patterns = 2,
		.patterns = { "injected", "another" },
	};

	return ioctl(tracer->fd, SENDTRACE_IOC_FILTER, &filter);
}

/* If FILTER failed, the old filter stays in force. */
static void verify_filter(struct tracer *tracer, bool failed)
{
	struct sendtrace_stats stats;

	if (failed) {
		send_by_child();
		stats = tracer_stats(tracer);
		check_equal(stats.filtered, 1, "calls that the old filter refused");
		check_equal(stats.captured, 0, "records of the old filter");
		must(make_filter(tracer), "FILTER after a failure");
	}
	check_traces(tracer);
	tracer_close(tracer);
}

static void *mapped;
static size_t mapped_len;

static long make_map_of(struct tracer *tracer, uint64_t offset, size_t len,
			int protection)
{
	mapped = mmap(NULL, len, protection, MAP_SHARED, tracer->fd, offset);
	mapped_len = len;
	return mapped == MAP_FAILED ? -1 : 0;
}

static long make_map_consumer(struct tracer *tracer)
{
	return make_map_of(tracer, SENDTRACE_MMAP_CONSUMER(1), tracer->info.page_size,
			   PROT_READ | PROT_WRITE);
}

static long make_map_producer(struct tracer *tracer)
{
	uint32_t page = tracer->info.page_size;

	return make_map_of(tracer, SENDTRACE_MMAP_PRODUCER(1, page),
			   page + 2UL * tracer->config.ring_size, PROT_READ);
}

static void verify_map(struct tracer *tracer, bool failed)
{
	if (!failed)
		must(munmap(mapped, mapped_len), "munmap");
	tracer_filter(tracer, "injected");
	tracer_map(tracer);
	tracer_start(tracer);
	check_traces(tracer);
	tracer_close(tracer);
}

/* A failed mmap() does not decide how the rings are read. */
static void verify_read_after_map(struct tracer *tracer, bool failed)
{
	tracer_filter(tracer, "injected");
	tracer_start(tracer);
	if (failed)
		check_traces(tracer);
	else
		must(munmap(mapped, mapped_len), "munmap");
	tracer_close(tracer);
}

struct armed count_armed(void)
{
	FILE *file = fopen("/proc/sendtrace/stats", "r");
	struct armed armed = { 0 };
	char line[128];

	if (!file)
		die("opening the counters");
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "armed_", 6) != 0)
			continue;
		armed.all++;
		armed.registered += strstr(line, " 1\n") != NULL;
	}
	fclose(file);
	return armed;
}

/* No probe is left behind, and none is missing from now on. */
static void check_armed(struct tracer *tracer, bool running)
{
	struct armed armed = count_armed();
	struct sendtrace_info info;

	check_equal(armed.registered, running ? armed.all : 0, "probes registered");
	must(ioctl(tracer->fd, SENDTRACE_IOC_INFO, &info), "INFO");
	check_equal(info.calls_missing, tracer->info.calls_missing,
		    "calls that are missing");
}

static void prepare_to_start(struct tracer *tracer)
{
	prepare_configured(tracer);
	tracer_filter(tracer, "injected");
}

static long make_start(struct tracer *tracer)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_START);
}

static void verify_start(struct tracer *tracer, bool failed)
{
	if (failed) {
		check_errno(ioctl(tracer->fd, SENDTRACE_IOC_STOP), EALREADY,
			    "STOP after a failed START");
		tracer_start(tracer);
	}
	check_traces(tracer);
	tracer_close(tracer);
}

/*
 * The same where no other session has registered the probes, which takes seconds. That one START
 * comes farther than the one before shows most of what is to be shown of that, too.
 */
static void verify_first_start(struct tracer *tracer, bool failed)
{
	static unsigned int failures;

	check_armed(tracer, !failed);
	if (failed && failures++ % VERIFY_EVERY)
		tracer_close(tracer);
	else
		verify_start(tracer, failed);
}

static void prepare_to_read(struct tracer *tracer)
{
	prepare_to_start(tracer);
	tracer_start(tracer);
	send_by_child();
}

static struct records read_records;

static long make_read(struct tracer *tracer)
{
	static char bytes[4096] __attribute__((aligned(8)));
	ssize_t got = read(tracer->fd, bytes, sizeof(bytes));

	free_records(&read_records);
	if (got > 0)
		records_add(&read_records, bytes, got);
	return got;
}

/* A failed read loses nothing. */
static void verify_read(struct tracer *tracer, bool failed)
{
	if (failed)
		check(make_read(tracer) > 0, "the record comes with the next read()");
	check_last(&read_records, 1);
	check_traces(tracer);
	tracer_close(tracer);
}

static void prepare_opened(struct tracer *tracer)
{
	tracer_open(tracer);
}

static void prepare_to_autostart(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer_filter(tracer, "injected");
	/* Of the calls that there were before there was a choice. */
	tracer_config(tracer, tracer->info.ring_size_min, 0, 0);
}

static long make_autostart(struct tracer *tracer)
{
	char byte;
	ssize_t got = read(tracer->fd, &byte, 1);

	/* Nothing to read yet: the session is started. */
	return got < 0 && errno == EAGAIN ? 0 : got;
}

static void verify_autostart(struct tracer *tracer, bool failed)
{
	if (failed)
		check_equal(make_autostart(tracer), 0, "the next read() starts it");
	check_traces(tracer);
	tracer_close(tracer);
}

static void verify_autostart_default(struct tracer *tracer, bool failed)
{
	tracer_filter(tracer, "injected");
	verify_autostart(tracer, failed);
}

static long make_poll(struct tracer *tracer)
{
	struct pollfd pollfd = { tracer->fd, POLLIN, 0 };

	return poll(&pollfd, 1, 0);
}

static void verify_poll(struct tracer *tracer, bool failed)
{
	(void)failed;
	check_equal(make_poll(tracer), 1, "poll() after a failure");
	check(make_read(tracer) > 0, "read() after poll()");
	check_last(&read_records, 1);
	tracer_close(tracer);
}

static long make_stats(struct tracer *tracer)
{
	struct sendtrace_stats stats;

	return ioctl(tracer->fd, SENDTRACE_IOC_STATS, &stats);
}

static void verify_stats(struct tracer *tracer, bool failed)
{
	(void)failed;
	check_equal(tracer_stats(tracer).captured, 1, "captured");
	check(make_read(tracer) > 0, "read() after STATS");
	tracer_close(tracer);
}

static long make_stop(struct tracer *tracer)
{
	return ioctl(tracer->fd, SENDTRACE_IOC_STOP);
}

static void verify_stop(struct tracer *tracer, bool failed)
{
	(void)failed;
	check(make_read(tracer) > 0, "what was recorded is read after STOP");
	check_last(&read_records, 1);
	tracer_close(tracer);
}

static long make_close(struct tracer *tracer)
{
	int ret = close(tracer->fd);

	tracer->fd = -1;
	return ret;
}

static void verify_close(struct tracer *tracer, bool failed)
{
	(void)failed;
	verify_open(tracer, true);
}

/* The same calls in other circumstances. */
#define make_map_then_read make_map_consumer
#define make_start_again   make_start

const struct call calls[] = {
	CALL(open, prepare_nothing, verify_open, 4, { ENOMEM, EFAULT }),
	CALL(info, prepare_opened, verify_opened, 1, { EFAULT }),
	CALL(config, prepare_opened, verify_opened, 12, { ENOMEM, EFAULT }),
	CALL(filter, prepare_filtered, verify_filter, 3, { ENOMEM, EFAULT }),
	CALL(map_consumer, prepare_configured, verify_map, 1, { ENOMEM }),
	CALL(map_producer, prepare_configured, verify_map, 1, { ENOMEM }),
	CALL(map_then_read, prepare_configured, verify_read_after_map, 1, { ENOMEM }),
	{ .name = "start",
	  .prepare = prepare_to_start,
	  .make = make_start,
	  .verify = verify_first_start,
	  .places = 5,
	  .accepted = { ENOMEM },
	  .arms = true,
	  .stride = STRIDE_PROBES },
	{ .name = "start_all",
	  .prepare = prepare_to_start,
	  .make = make_start,
	  .verify = verify_first_start,
	  .places = 60,
	  .accepted = { ENOMEM },
	  .arms = true },
	CALL(start_again, prepare_to_start, verify_start, 0, { ENOMEM }),
	{ .name = "autostart",
	  .prepare = prepare_to_autostart,
	  .make = make_autostart,
	  .verify = verify_autostart,
	  .places = 10,
	  .accepted = { ENOMEM, EFAULT },
	  .arms = true },
	{ .name = "autostart_default",
	  .prepare = prepare_opened,
	  .make = make_autostart,
	  .verify = verify_autostart_default,
	  .places = 20,
	  .accepted = { ENOMEM, EFAULT },
	  .stride = STRIDE_RINGS },
	CALL(poll, prepare_to_read, verify_poll, 1, { EFAULT, ENOMEM }),
	CALL(read, prepare_to_read, verify_read, 1, { EFAULT }),
	CALL(stats, prepare_to_read, verify_stats, 1, { EFAULT }),
	CALL(stop, prepare_to_read, verify_stop, 0, { ENOMEM }),
	CALL(close, prepare_to_read, verify_close, 0, { ENOMEM }),
	{},
};
