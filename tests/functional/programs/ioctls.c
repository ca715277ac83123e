// SPDX-License-Identifier: GPL-2.0
/* Every command, and what it must refuse. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "tracer.h"

enum {
	PAGE = 4096
};

static struct tracer tracer;

static void not_a_command(void)
{
	static const unsigned int good[] = { SENDTRACE_IOC_INFO,   SENDTRACE_IOC_CONFIG,
					     SENDTRACE_IOC_FILTER, SENDTRACE_IOC_START,
					     SENDTRACE_IOC_STOP,   SENDTRACE_IOC_STATS };
	static const int steps[] = { -8, -1, 1, 8 };
	static char room[16384];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		unsigned int dir = _IOC_DIR(good[i]), nr = _IOC_NR(good[i]);
		unsigned int size = _IOC_SIZE(good[i]);

		for (size_t j = 0; j < COUNT_OF(steps); j++) {
			unsigned int cmd = _IOC(dir, SENDTRACE_IOC_MAGIC, nr,
						(size + steps[j]) & _IOC_SIZEMASK);

			check_errno(ioctl(tracer.fd, cmd, room), ENOTTY,
				    "command %u with size %u%+d", nr, size, steps[j]);
		}
		check_errno(ioctl(tracer.fd, _IOC(dir, 0xF4, nr, size), room), ENOTTY,
			    "command %u with another magic", nr);
		check_errno(ioctl(tracer.fd, _IOC(dir ^ 3, 0xF5, nr, size), room), ENOTTY,
			    "command %u in another direction", nr);
	}
	for (unsigned int nr = 6; nr < 256; nr++)
		check_errno(ioctl(tracer.fd, _IO(SENDTRACE_IOC_MAGIC, nr), room), ENOTTY,
			    "command %u", nr);
	check_errno(ioctl(tracer.fd, TCGETS, room), ENOTTY, "TCGETS");
}

/* @out: the command writes to its pointer; @in: it reads from there. */
static void bad_pointers_of(unsigned int cmd, bool in, bool out, const char *name)
{
	char *page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_errno(ioctl(tracer.fd, cmd, NULL), EFAULT, "%s with NULL", name);
	check_errno(ioctl(tracer.fd, cmd, page), EFAULT, "%s with PROT_NONE", name);
	check_errno(ioctl(tracer.fd, cmd, (void *)-4096L), EFAULT,
		    "%s with a kernel address", name);
	must(mprotect(two + PAGE, PAGE, PROT_NONE), "mprotect");
	check_errno(ioctl(tracer.fd, cmd, two + PAGE - 8), EFAULT,
		    "%s with a pointer into a hole", name);
	if (out && !in)
		check_errno(ioctl(tracer.fd, cmd, read_only), EFAULT,
			    "%s with read-only memory", name);
}

static void bad_pointers(void)
{
	bad_pointers_of(SENDTRACE_IOC_INFO, false, true, "INFO");
	bad_pointers_of(SENDTRACE_IOC_CONFIG, true, true, "CONFIG");
	bad_pointers_of(SENDTRACE_IOC_FILTER, true, false, "FILTER");
	bad_pointers_of(SENDTRACE_IOC_STATS, false, true, "STATS");
	tracer_config(&tracer, 0, 0, 0);
	tracer_start(&tracer);
	bad_pointers_of(SENDTRACE_IOC_FILTER, true, false, "FILTER while it runs");
	bad_pointers_of(SENDTRACE_IOC_STATS, false, true, "STATS while it runs");
}

static void check_config(struct sendtrace_config config, int want, const char *what)
{
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), want, "CONFIG: %s",
		    what);
}

/* CONFIG reads and writes: if it cannot write its answer, it must have no effect. */
static void config_read_only(void)
{
	void *zeros = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, zeros), EFAULT,
		    "CONFIG with read-only memory");
	check_config((struct sendtrace_config){ 0 }, 0, "after one that failed");
}

static void config_limits(void)
{
	const struct sendtrace_info *info = &tracer.info;
	struct sendtrace_config config;

	for (size_t i = 0; i < COUNT_OF(config.reserved); i++) {
		config = (struct sendtrace_config){ 0 };
		config.reserved[i] = 1U << (6 * i);
		check_config(config, EINVAL, "a reserved bit");
	}
	for (int bit = 2; bit < 32; bit++)
		check_config((struct sendtrace_config){ .events = 1U << bit | 1 }, EINVAL,
			     "an unknown event bit");
	config = (struct sendtrace_config){ .snaplen = info->snaplen_max + 1 };
	check_config(config, EINVAL, "snaplen above its maximum");
	check_config((struct sendtrace_config){ .snaplen = UINT32_MAX }, EINVAL,
		     "the largest snaplen");
	config = (struct sendtrace_config){ .ring_size = info->ring_size_max + 1 };
	check_config(config, EINVAL, "ring_size above its maximum");
	check_config((struct sendtrace_config){ .ring_size = UINT32_MAX }, EINVAL,
		     "the largest ring_size");
	check_config((struct sendtrace_config){ .ring_size = 1U << 31 | 1 }, EINVAL,
		     "a ring_size that cannot be rounded up");
	config = (struct sendtrace_config){ .ring_size = info->ring_size_min / 2 };
	check_config(config, EINVAL, "ring_size below its minimum");
	check_config((struct sendtrace_config){ .ring_size = 1 }, EINVAL,
		     "a ring_size of 1");
	config = (struct sendtrace_config){ .ring_size = info->ring_size_min };
	check_config(config, 0, "the smallest ring_size, after all the refused ones");
}

static void config_in_force(void)
{
	const struct sendtrace_info *info = &tracer.info;
	uint32_t asked = 2 * info->ring_size_min - 1;

	tracer_config(&tracer, 0, 0, 0);
	check_equal(tracer.config.ring_size, info->ring_size_default,
		    "default ring_size");
	check_equal(tracer.config.snaplen, info->snaplen_default, "default snaplen");
	check_equal(tracer.config.events, SENDTRACE_EVENTS_ALL, "default events");
	tracer_close(&tracer);
	tracer_open(&tracer);
	tracer_config(&tracer, asked, 77, SENDTRACE_EVENTS_ACCEPT);
	check_equal(tracer.config.ring_size, asked + 1, "ring_size rounded up");
	check_equal(tracer.config.snaplen, 77, "snaplen as asked");
	check_equal(tracer.config.events, SENDTRACE_EVENTS_ACCEPT, "events as asked");
}

static void check_filter(const struct sendtrace_filter *filter, int want,
			 const char *what)
{
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_FILTER, filter), want, "FILTER: %s",
		    what);
}

static void filter_limits(void)
{
	struct sendtrace_filter filter;

	for (size_t i = 0; i < COUNT_OF(filter.reserved); i++) {
		memset(&filter, 0, sizeof(filter));
		filter.reserved[i] = 1U << (5 * i);
		check_filter(&filter, EINVAL, "a reserved bit");
	}
	memset(&filter, 0, sizeof(filter));
	filter.nr_pids = SENDTRACE_MAX_PIDS + 1;
	check_filter(&filter, EINVAL, "one pid too many");
	filter.nr_pids = UINT32_MAX;
	check_filter(&filter, EINVAL, "4 billion pids");
	filter.nr_pids = 0;
	for (int i = 0; i < SENDTRACE_MAX_PATTERNS; i++)
		strcpy(filter.patterns[i], "a");
	filter.nr_patterns = SENDTRACE_MAX_PATTERNS + 1;
	check_filter(&filter, EINVAL, "one pattern too many");
	filter.nr_patterns = UINT32_MAX;
	check_filter(&filter, EINVAL, "4 billion patterns");
	filter.nr_patterns = SENDTRACE_MAX_PATTERNS;
	check_filter(&filter, 0, "the maximum number of patterns");
	filter.patterns[31][0] = '\0';
	check_filter(&filter, EINVAL, "the last pattern is empty");
	memset(filter.patterns[31], 'x', SENDTRACE_PATTERN_LEN);
	check_filter(&filter, EINVAL, "the last pattern is not ended by NUL");
	filter.patterns[31][SENDTRACE_PATTERN_LEN - 1] = '\0';
	check_filter(&filter, 0, "the longest pattern");
	filter.nr_pids = SENDTRACE_MAX_PIDS;
	check_filter(&filter, 0, "the maximum number of pids");
}

static void wrong_order(void)
{
	struct sendtrace_config config = { .ring_size = tracer.info.ring_size_min };

	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_STOP), EALREADY,
		    "STOP of a new session");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), 0, "CONFIG");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), EBUSY,
		    "CONFIG a second time");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_STOP), EALREADY, "STOP before START");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_START), 0, "START");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_START), EALREADY, "START again");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), EBUSY,
		    "CONFIG while it runs");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_STOP), 0, "STOP");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_STOP), EALREADY, "STOP again");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &config), EBUSY,
		    "CONFIG after STOP");
}

static void info(void)
{
	/* What the runner found in the module's file. */
	const char *late = getenv("LATE");
	struct sendtrace_info info;

	memset(&info, 0xff, sizeof(info));
	must(ioctl(tracer.fd, SENDTRACE_IOC_INFO, &info), "INFO");
	check_equal(info.abi, SENDTRACE_ABI, "abi");
	check_equal(info.page_size, sysconf(_SC_PAGESIZE), "page_size");
	check(info.nr_cpus >= sysconf(_SC_NPROCESSORS_CONF), "nr_cpus is too low: %u",
	      info.nr_cpus);
	check(info.max_sessions > 1, "max_sessions: %u", info.max_sessions);
	check(info.snaplen_default > 0 && info.snaplen_default <= info.snaplen_max,
	      "snaplen: default %u, max %u", info.snaplen_default, info.snaplen_max);
	check(late && info.late == (*late == '1') && info.inline_max >= 4096,
	      "late %u, inline_max %u", info.late, info.inline_max);
	check(info.ring_size_min <= info.ring_size_default &&
		      info.ring_size_default <= info.ring_size_max,
	      "ring_size: %u %u %u", info.ring_size_min, info.ring_size_default,
	      info.ring_size_max);
	check((uint64_t)info.ring_size_default * info.nr_cpus <= 64UL << 20,
	      "default rings of more than 64 MiB: %u", info.ring_size_default);
	check(info.ring_size_default == 16 << 20 ||
		      (info.ring_size_default < 16 << 20 &&
		       (uint64_t)info.ring_size_default * info.nr_cpus > 32UL << 20),
	      "default rings of %u bytes for %u CPUs", info.ring_size_default,
	      info.nr_cpus);
	check(memchr(info.version, 0, sizeof(info.version)), "version is ended by NUL");
	check(info.tls <= 1, "tls: %u", info.tls);
	check_equal(info.reserved, 0, "reserved");
}

static void other_calls(void)
{
	char byte = 0;

	check(write(tracer.fd, &byte, 1) < 0, "write is refused");
	check(pread(tracer.fd, &byte, 1, 5) < 0, "pread is refused");
}

/* The maximum number of sessions, and one more. */
static void max_sessions(void)
{
	uint32_t most = tracer.info.max_sessions, ring = tracer.info.ring_size_min;
	struct tracer many[256], *last = &many[most];

	if (most >= 256)
		die("expected max_sessions below 256, got %u", most);
	for (uint32_t i = 0; i <= most; i++) {
		tracer_open(&many[i]);
		tracer_config(&many[i], ring, 0, 0);
		if (i < most)
			tracer_start(&many[i]);
	}
	check_errno(ioctl(last->fd, SENDTRACE_IOC_START), EUSERS,
		    "START of one session too many");
	tracer_stop(&many[0]);
	check_errno(ioctl(last->fd, SENDTRACE_IOC_START), 0,
		    "START after another was stopped");
	check_errno(ioctl(many[0].fd, SENDTRACE_IOC_START), EUSERS, "START again");
	tracer_close(last);
	check_errno(ioctl(many[0].fd, SENDTRACE_IOC_START), 0,
		    "START after another was closed");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "info", info },
		{ "not_a_command", not_a_command },
		{ "bad_pointers", bad_pointers },
		{ "config_read_only", config_read_only },
		{ "config_limits", config_limits },
		{ "config_in_force", config_in_force },
		{ "filter_limits", filter_limits },
		{ "wrong_order", wrong_order },
		{ "other_calls", other_calls },
		{ "max_sessions", max_sessions },
		{},
	};

	tracer_open(&tracer);
	return run_cases(argc, argv, cases);
}
