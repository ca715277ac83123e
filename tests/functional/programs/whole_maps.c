// SPDX-License-Identifier: GPL-2.0
/* Mappings that outlive a process, and attempts to change mappings. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

enum {
	SENDS = 3
};

static void send_some(void *arg)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	(void)arg;
	prctl(PR_SET_NAME, "mapped");
	for (int i = 0; i < SENDS; i++)
		must(send(fd, "for the mapping", 15, 0), "send");
}

static long value(const char *key)
{
	FILE *file = fopen("/proc/sendtrace/stats", "r");
	char name[64];
	long got = -1, number;

	while (file && fscanf(file, "%63s %ld", name, &number) == 2)
		if (strcmp(name, key) == 0)
			got = number;
	if (file)
		fclose(file);
	return got;
}

static void check_all(const struct records *records, size_t number)
{
	check_records(records);
	check_sequence(records);
	check_equal(records->number, number, "records in the mapping");
}

/* ---- A child has no mapping ------------------------------------------------------------ */

struct heir {
	struct tracer tracer;
	int tell[2];
	int go_on[2];
};

static void say(int fd)
{
	must(write(fd, "x", 1), "writing to a pipe");
}

static void hear(int fd)
{
	char byte;

	errno = EPIPE;
	if (read(fd, &byte, 1) != 1)
		die("expected a byte from the other process");
}

static void inherit(void *arg)
{
	struct heir *heir = arg;
	size_t page = heir->tracer.info.page_size;

	must(close(heir->tracer.fd), "close");
	check_errno(msync(heir->tracer.rings[0].consumer, page, MS_ASYNC), ENOMEM,
		    "the consumer's page in a child");
	check_errno(msync((void *)heir->tracer.rings[0].producer, page, MS_ASYNC), ENOMEM,
		    "the producer's page in a child");
	if (check_failed())
		_exit(1);
	say(heir->tell[1]);
	hear(heir->go_on[0]);
}

static void wait_until_closed(void)
{
	struct deadline deadline = { 0 };

	while (value("sessions") != 0)
		look_again(&deadline, "the session to end with the parent's mapping");
	check_equal(value("armed"), 0, "armed after the last mapping");
}

static void forked(void)
{
	struct heir heir;
	pid_t child;

	tracer_begin(&heir.tracer, "mapped", true);
	must(pipe(heir.tell), "pipe");
	must(pipe(heir.go_on), "pipe");
	child = start_child(inherit, &heir);
	close(heir.tell[1]);
	hear(heir.tell[0]);
	check_equal(value("sessions"), 1, "sessions while the parent has the mapping");
	tracer_close(&heir.tracer);
	wait_until_closed();
	say(heir.go_on[1]);
	end_child(child);
}

/* ---- Attempts to change mappings ------------------------------------------------------- */

static void refuse(void *at, size_t old, size_t new, int want, const char *what)
{
	void *moved = mremap(at, old, new, MREMAP_MAYMOVE);

	check_errno(moved == MAP_FAILED ? -1 : 0, want, "mremap of %s", what);
}

static void changed(void)
{
	struct records records = { 0 };
	struct tracer tracer;
	size_t page, len;
	char *producer;

	tracer_begin(&tracer, "mapped", true);
	page = tracer.info.page_size;
	len = page + 2UL * tracer.config.ring_size;
	producer = (char *)tracer.rings[0].producer;
	refuse(producer, len, len + page, EFAULT, "the producer's part, larger");
	refuse(producer, len, 2 * len, EFAULT, "the producer's part, twice as large");
	refuse(producer, 0, len, EFAULT, "the producer's part, a second time");
	refuse(tracer.rings[0].consumer, page, 2 * page, EFAULT,
	       "the consumer's page, larger");
	check_errno(mprotect(producer, len, PROT_READ | PROT_WRITE), EACCES,
		    "mprotect of the producer's part to writable");
	check_errno(mprotect(producer + page, page, PROT_WRITE), EACCES,
		    "mprotect of a data page to writable");
	check_errno(mprotect(producer + len - page, page, PROT_READ | PROT_WRITE), EACCES,
		    "mprotect of the last data page to writable");
	in_child(send_some, NULL);
	tracer_read(&tracer, &records);
	check_all(&records, SENDS);
	tracer_close(&tracer);
}

/* Moved, or with a part unmapped, it is still the same ring. */
static void moved(void)
{
	struct records records = { 0 };
	struct tracer tracer;
	size_t len;

	tracer_begin(&tracer, "mapped", true);
	len = tracer.info.page_size + 2UL * tracer.config.ring_size;
	for (unsigned int cpu = 0; cpu < tracer.info.nr_cpus; cpu++) {
		struct ring *ring = &tracer.rings[cpu];
		void *place =
			mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		place = mremap((void *)ring->producer, len, len,
			       MREMAP_MAYMOVE | MREMAP_FIXED, place);
		check(place != MAP_FAILED, "mremap to another place");
		ring->producer = place;
	}
	in_child(send_some, NULL);
	tracer_read(&tracer, &records);
	check_all(&records, SENDS);
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "forked", forked },
		{ "changed", changed },
		{ "moved", moved },
		{},
	};

	return run_cases(argc, argv, cases);
}
