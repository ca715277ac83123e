// SPDX-License-Identifier: GPL-2.0
/* Mapping the rings: what is refused, and what a reader can do with its own page. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

static struct tracer tracer;

static void check_map(size_t len, int protection, int how, uint64_t offset, int want,
		      const char *what)
{
	void *mapped = mmap(NULL, len, protection, how, tracer.fd, offset);

	check_errno(mapped == MAP_FAILED ? -1 : 0, want, "mmap: %s", what);
	if (mapped != MAP_FAILED)
		munmap(mapped, len);
}

static size_t producer_len(void)
{
	return tracer.info.page_size + 2UL * tracer.config.ring_size;
}

static void before_config(void)
{
	uint32_t page = tracer.info.page_size;

	check_map(page, PROT_READ, MAP_SHARED, SENDTRACE_MMAP_CONSUMER(0), ENXIO,
		  "the consumer's page before CONFIG");
	check_map(page, PROT_READ, MAP_SHARED, SENDTRACE_MMAP_PRODUCER(0, page), ENXIO,
		  "the producer's part before CONFIG");
}

static void bad_places(void)
{
	uint32_t page = tracer.info.page_size, cpus = tracer.info.nr_cpus;
	const uint64_t consumer = SENDTRACE_MMAP_CONSUMER(0);
	const uint64_t producer = SENDTRACE_MMAP_PRODUCER(0, page);
	size_t len;

	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	len = producer_len();
	check_map(page, PROT_READ, MAP_SHARED, SENDTRACE_MMAP_CONSUMER(cpus), EINVAL,
		  "a CPU that cannot be");
	check_map(page, PROT_READ, MAP_SHARED, SENDTRACE_MMAP_CONSUMER(0x7fffffffULL),
		  EINVAL, "CPU 0x7fffffff");
	check_map(2 * page, PROT_READ, MAP_SHARED, consumer, EINVAL,
		  "two pages at the consumer's page");
	check_map(page + len, PROT_READ, MAP_SHARED, consumer, EINVAL,
		  "both in one mapping");
	check_map(page, PROT_READ, MAP_SHARED, producer, EINVAL,
		  "only the first page of the producer's part");
	check_map(len - page, PROT_READ, MAP_SHARED, producer, EINVAL,
		  "one page less than the producer's part");
	check_map(len + page, PROT_READ, MAP_SHARED, producer, EINVAL,
		  "one page more than the producer's part");
	check_map(len, PROT_READ, MAP_SHARED, producer + page, EINVAL,
		  "an offset behind the producer's page");
	check_map(page, PROT_READ, MAP_SHARED, producer + len, EINVAL,
		  "an offset behind the data");
	check_map(page, PROT_READ, MAP_SHARED, 0x80000000ULL, EINVAL,
		  "an offset of 2 GiB");
}

static void writable(void)
{
	uint32_t page = tracer.info.page_size;
	char *producer;

	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	check_map(producer_len(), PROT_READ | PROT_WRITE, MAP_SHARED,
		  SENDTRACE_MMAP_PRODUCER(0, page), EPERM,
		  "the producer's part, writable");
	check_map(producer_len(), PROT_WRITE, MAP_SHARED,
		  SENDTRACE_MMAP_PRODUCER(0, page), EPERM,
		  "the producer's part, for writing only");
	tracer_map(&tracer);
	producer = (char *)tracer.rings[0].producer;
	check_errno(mprotect(producer, page, PROT_READ | PROT_WRITE), EACCES,
		    "mprotect of the producer's page to writable");
	check_errno(mprotect(producer + page, page, PROT_READ | PROT_WRITE), EACCES,
		    "mprotect of the data to writable");
	check_map(page, PROT_READ | PROT_WRITE, MAP_SHARED, SENDTRACE_MMAP_CONSUMER(0), 0,
		  "the consumer's page a second time");
}

static void read_or_map(void)
{
	struct tracer reading;
	char byte[4096];

	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	tracer_map(&tracer);
	check_errno(read(tracer.fd, byte, sizeof(byte)), EBUSY, "read after mmap");
	tracer_start(&tracer);
	check_errno(read(tracer.fd, byte, sizeof(byte)), EBUSY, "read while mapped");

	tracer_begin(&reading, "nobody", false);
	check_errno(read(reading.fd, byte, sizeof(byte)), EAGAIN,
		    "read with nothing there");
	check_errno(mmap(NULL, 4096, PROT_READ, MAP_SHARED, reading.fd,
			 SENDTRACE_MMAP_CONSUMER(0)) == MAP_FAILED ?
			    -1 :
			    0,
		    EBUSY, "mmap after read");
	tracer_close(&reading);
}

/* Mapped rings outlive the descriptor. */
static void outlive(void)
{
	struct records records = { 0 };

	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	tracer_map(&tracer);
	tracer_start(&tracer);
	must(close(tracer.fd), "close");
	tracer_read(&tracer, &records);
	check_equal(records.number, 0, "records of a session that saw nothing");
}

static void send_some(void *arg)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	for (int i = 0; i < *(int *)arg; i++)
		must(send(fd, "payload", 7, 0), "send");
}

/* Invalid positions: the session continues counting, and the kernel is not harmed. */
static void hostile_positions(void)
{
	static const uint64_t positions[] = {
		0,	    1,		7,	    8,		4095,	       4096,
		1ULL << 31, 1ULL << 32, 1ULL << 63, UINT64_MAX, UINT64_MAX - 7
	};
	size_t number = COUNT_OF(positions);
	struct sendtrace_stats stats;
	int sends = 53;

	tracer_config(&tracer, tracer.info.ring_size_min, 0, SENDTRACE_EVENTS_SEND);
	tracer_map(&tracer);
	tracer_start(&tracer);
	for (size_t i = 0; i < number; i++) {
		for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++)
			tracer.rings[cpu].consumer->pos = positions[i];
		in_child(send_some, &sends);
	}
	for (uint64_t ahead = 1; ahead <= 3; ahead++) {
		for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++)
			tracer.rings[cpu].consumer->pos =
				tracer.rings[cpu].producer->pos + ahead * 8;
		in_child(send_some, &sends);
	}
	stats = tracer_stats(&tracer);
	check_equal(stats.hits, (number + 3) * sends, "hits");
	check_equal(stats.filtered + stats.captured + stats.lost[0], stats.hits,
		    "filtered + captured + lost");
	check(stats.captured > 0, "some were captured");
}

/* With valid positions again, records are whole again. */
static void hostile_and_back(void)
{
	struct records records = { 0 };
	int sends = 101, few = 11;

	tracer_config(&tracer, tracer.info.ring_size_min, 0, SENDTRACE_EVENTS_SEND);
	tracer_map(&tracer);
	tracer_start(&tracer);
	for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++)
		tracer.rings[cpu].consumer->pos = UINT64_MAX / 2;
	in_child(send_some, &sends);
	for (uint32_t cpu = 0; cpu < tracer.info.nr_cpus; cpu++) {
		tracer.rings[cpu].tail = tracer.rings[cpu].producer->pos;
		tracer.rings[cpu].consumer->pos = tracer.rings[cpu].tail;
	}
	in_child(send_some, &few);
	tracer_read(&tracer, &records);
	check_records(&records);
	check(records.number >= (size_t)few, "expected %d records, got %zu", few,
	      records.number);
}

static sigjmp_buf after_fault;

static void on_fault(int number)
{
	siglongjmp(after_fault, number);
}

static bool faults(volatile char *at)
{
	if (sigsetjmp(after_fault, 1))
		return true;
	*at = 1;
	return false;
}

/* mprotect is refused, and a write faults. */
static void write_faults(void)
{
	const char *producer;

	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	tracer_map(&tracer);
	signal(SIGSEGV, on_fault);
	producer = (const char *)tracer.rings[0].producer;
	check(faults((char *)producer),
	      "expected a write to the producer's page to fault");
	check(faults((char *)producer + tracer.info.page_size),
	      "expected a write to the data to fault");
	check(!faults((char *)tracer.rings[0].consumer),
	      "expected a write to the consumer's page not to fault");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "before_config", before_config },
		{ "bad_places", bad_places },
		{ "writable", writable },
		{ "read_or_map", read_or_map },
		{ "outlive", outlive },
		{ "hostile_positions", hostile_positions },
		{ "hostile_and_back", hostile_and_back },
		{ "write_faults", write_faults },
		{},
	};

	tracer_open(&tracer);
	return run_cases(argc, argv, cases);
}
