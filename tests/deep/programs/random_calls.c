// SPDX-License-Identifier: GPL-2.0
/*
 * The random calls. Most arguments are almost right: calls that are refused immediately find
 * nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sendtrace.h>

#include "check.h"
#include "random.h"
#include "random_traffic.h"
#include "net.h"

enum {
	CHILD_CALLS = 10,
	/*
	 * Sockets have lower numbers. So a number that another thread closes just now is that of no
	 * other kind of file.
	 */
	DEVICES_FROM = 512,
};

unsigned int wrong_answers;
static int sender;
static struct address sink;

void random_prepare(void)
{
	random_prepare_maps();
	traffic_prepare();
	sink = udp_sink("127.0.0.1");
	sender = connected_socket(SOCK_DGRAM, &sink);
}

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next(struct worker *worker)
{
	uint64_t z = (worker->state += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	z ^= z >> 31;
	worker->digest = worker->digest * 31 + z;
	return z;
}

uint64_t pick(struct worker *worker, uint64_t end)
{
	return next(worker) % end;
}

bool once_in(struct worker *worker, uint64_t n)
{
	return pick(worker, n) == 0;
}

uint64_t odd_number(struct worker *worker)
{
	uint64_t bit = 1ULL << pick(worker, 64), any = next(worker);

	switch (pick(worker, 6)) {
	case 0:
		return any % 16;
	case 1:
		return bit;
	case 2:
		return bit - 1;
	case 3:
		return bit + 1;
	case 4:
		return -(any % 4096);
	default:
		return any;
	}
}

/* ---- Answers ------------------------------------------------------------------------ */

void allow(const char *what, long ret, const int *errnos)
{
	int error = errno;

	if (ret >= 0)
		return;
	for (; *errnos; errnos++)
		if (*errnos == error)
			return;
	if (__atomic_add_fetch(&wrong_answers, 1, __ATOMIC_RELAXED) < 20)
		fprintf(stderr, "%s answered %s (%d)\n", what,
			strerrorname_np(error) ?: "no errno at all", error);
}

/* ---- Open, close, and copies of descriptors ------------------------------------------ */

int *any_file(struct worker *worker)
{
	return &worker->shared->files[pick(worker, FILES)];
}

static void put_file(int *slot, int fd)
{
	int old = __atomic_exchange_n(slot, fd, __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

static void call_open(struct worker *worker, bool dry)
{
	int *slot = any_file(worker);
	int flags = pick(worker, 3) | O_CLOEXEC | (once_in(worker, 8) ? 0 : O_NONBLOCK);
	int fd;

	if (dry)
		return;
	fd = open(SENDTRACE_DEVICE, flags);
	ALLOW("open", fd, ENOMEM, EMFILE, EINTR);
	if (fd < 0)
		return;
	put_file(slot, fcntl(fd, F_DUPFD_CLOEXEC, DEVICES_FROM));
	close(fd);
}

static void call_close(struct worker *worker, bool dry)
{
	int *slot = any_file(worker);

	if (!dry)
		put_file(slot, -1);
}

static void call_dup(struct worker *worker, bool dry)
{
	int *from = any_file(worker), *to = any_file(worker);

	if (!dry && from != to)
		put_file(to, fcntl(*from, F_DUPFD, DEVICES_FROM));
}

static void call_fcntl(struct worker *worker, bool dry)
{
	int *file = any_file(worker);
	int flags = once_in(worker, 4) ? 0 : O_NONBLOCK;

	if (!dry)
		fcntl(*file, F_SETFL, flags | (once_in(worker, 4) ? O_ASYNC : 0));
	else
		once_in(worker, 4);
}

/* ---- ioctl ---------------------------------------------------------------------------- */

static const unsigned int commands[] = {
	SENDTRACE_IOC_INFO,  SENDTRACE_IOC_CONFIG, SENDTRACE_IOC_FILTER,
	SENDTRACE_IOC_START, SENDTRACE_IOC_STOP,   SENDTRACE_IOC_STATS,
};

union argument {
	struct sendtrace_info info;
	struct sendtrace_config config;
	struct sendtrace_filter filter;
	struct sendtrace_stats stats;
	unsigned char bytes[4096];
};

/* Rings of up to 256 KiB, or above the limit, which is refused. Sizes in between are not
 * requested: the guest is small, and many sessions are open.
 */
static void good_config(struct worker *worker, struct sendtrace_config *config)
{
	config->ring_size = pick(worker, (once_in(worker, 8) ? 256 : 16) << 10);
	if (once_in(worker, 16))
		config->ring_size = (1U << 30) + 1 + pick(worker, 1U << 30);
	config->snaplen = once_in(worker, 3) ? odd_number(worker) : pick(worker, 300);
	config->events = pick(worker, once_in(worker, 8) ? 8 : 4);
	if (once_in(worker, 2))
		config->calls = SENDTRACE_CALLS_ALL;
	else if (once_in(worker, 2))
		config->calls = odd_number(worker) & (SENDTRACE_CALLS_ALL << 1);
}

static void good_filter(struct worker *worker, struct sendtrace_filter *filter)
{
	static const char *const patterns[] = {
		".", "*", "random*", "[a-z]*", "random\\", "[!", "a*b*c*d*e*f*", "?",
	};

	filter->nr_patterns = pick(worker, once_in(worker, 8) ? 34 : 4);
	for (uint32_t i = 0; i < filter->nr_patterns && i < SENDTRACE_MAX_PATTERNS; i++)
		strcpy(filter->patterns[i], patterns[pick(worker, 8)]);
	filter->nr_pids = once_in(worker, 4) ? pick(worker, 34) : 0;
	for (int i = 0; i < SENDTRACE_MAX_PIDS; i++)
		filter->pids[i] = pick(worker, 300);
}

static void mutate(struct worker *worker, union argument *argument, size_t size)
{
	for (uint64_t times = pick(worker, 4); times; times--) {
		size_t at = pick(worker, size - 8) & ~7ULL;
		uint64_t number = odd_number(worker);

		memcpy(argument->bytes + at, &number, once_in(worker, 2) ? 4 : 8);
	}
}

static void *bad_pointer(struct worker *worker, union argument *good, size_t size)
{
	static _Alignas(PAGE) unsigned char pages[2 * PAGE];
	static const uint64_t nowhere[] = {
		0, 1, 0xffffffff81000000, 0xffff888000000000, 0x7ffffffff000, ~0ULL,
	};

	switch (pick(worker, 3)) {
	case 0: /* the end lies in an unmapped page */
		mprotect(pages + PAGE, PAGE, PROT_NONE);
		memcpy(pages + PAGE - 16, good, 16);
		return pages + PAGE - 16 - pick(worker, size < PAGE ? size / 2 : 16);
	case 1:
		return any_map(worker);
	default:
		return (void *)nowhere[pick(worker, 6)];
	}
}

static void call_ioctl(struct worker *worker, bool dry)
{
	union argument argument = { 0 };
	unsigned int cmd = commands[pick(worker, 6)];
	int *file = any_file(worker);
	void *pointer = &argument;
	long ret;

	if (cmd == SENDTRACE_IOC_CONFIG)
		good_config(worker, &argument.config);
	if (cmd == SENDTRACE_IOC_FILTER)
		good_filter(worker, &argument.filter);
	if (once_in(worker, 3))
		mutate(worker, &argument, _IOC_SIZE(cmd) ?: 16);
	if (once_in(worker, 12))
		pointer = bad_pointer(worker, &argument, _IOC_SIZE(cmd) ?: 16);
	if (dry)
		return;
	ret = ioctl(*file, cmd, pointer);
	ALLOW("ioctl", ret, EFAULT, EINVAL, EBUSY, ENOMEM, EALREADY, EUSERS, EINTR);
}

static void call_odd_ioctl(struct worker *worker, bool dry)
{
	union argument argument = { 0 };
	unsigned int cmd = commands[pick(worker, 6)];
	int *file = any_file(worker);

	/* Flips one bit of type, number, size or direction. */
	cmd ^= 1U << pick(worker, 32);
	if (once_in(worker, 4))
		cmd = odd_number(worker);
	if (!dry)
		ioctl(*file, cmd, &argument);
}

/* ---- read, poll, and the rest ------------------------------------------------------------- */

static void call_read(struct worker *worker, bool dry)
{
	static _Thread_local unsigned char room[70000];
	int *file = any_file(worker);
	size_t len = once_in(worker, 3) ? pick(worker, 64) : pick(worker, sizeof(room));
	void *to = room;
	ssize_t got;

	if (once_in(worker, 8))
		to = any_map(worker);
	if (once_in(worker, 16))
		len = odd_number(worker), to = NULL;
	if (dry)
		return;
	got = read(*file, to, len);
	ALLOW("read", got, EAGAIN, EBUSY, EFAULT, EINTR, ENOMEM, EUSERS, EINVAL);
}

static void call_poll(struct worker *worker, bool dry)
{
	struct pollfd polled[3];
	int timeout = once_in(worker, 4) ? 5 : 0;

	for (int i = 0; i < 3; i++)
		polled[i] =
			(struct pollfd){ *any_file(worker), pick(worker, 1 << 16), 0 };
	if (!dry)
		poll(polled, 3, timeout);
}

static void call_other(struct worker *worker, bool dry)
{
	int *file = any_file(worker);
	uint64_t which = pick(worker, 6);
	off_t offset = odd_number(worker);

	if (dry)
		return;
	switch (which) {
	case 0:
		lseek(*file, offset, SEEK_SET);
		break;
	case 1:
		(void)!write(*file, &offset, sizeof(offset));
		break;
	case 2:
		fsync(*file);
		break;
	case 3:
		(void)!ftruncate(*file, offset);
		break;
	case 4:
		(void)!sendfile(sender, *file, NULL, PAGE);
		break;
	default:
		(void)!pread(*file, &offset, sizeof(offset), offset);
	}
}

/* The traced calls, also with odd arguments. */
static void call_send(struct worker *worker, bool dry)
{
	static const char bytes[40000];
	size_t len = once_in(worker, 4) ? pick(worker, sizeof(bytes)) : pick(worker, 500);
	const void *from = bytes, *to = NULL;
	socklen_t to_len = 0;
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (once_in(worker, 6))
		from = any_map(worker);
	if (once_in(worker, 12))
		from = (void *)odd_number(worker);
	if (once_in(worker, 4))
		to = &sink.sa,
		to_len = once_in(worker, 3) ? odd_number(worker) : sink.len;
	if (once_in(worker, 8))
		flags |= odd_number(worker);
	if (!dry)
		(void)!sendto(once_in(worker, 16) ? *any_file(worker) : sender, from, len,
			      flags, to, to_len);
	else if (once_in(worker, 16))
		any_file(worker);
}

/* The child inherits descriptors and mappings, makes some calls, and ends at any point. */
static void call_fork(struct worker *worker, bool dry)
{
	uint64_t calls = pick(worker, CHILD_CALLS);
	struct worker child = *worker;

	child.state = pick(worker, UINT64_MAX);
	child.child = true;
	if (worker->child)
		return;
	worker->forks++;
	if (dry || fork() != 0)
		return;
	/* Its parent's are the parent's to tell. */
	wrong_answers = 0;
	alarm(5);
	while (calls--)
		random_call(&child, false);
	_exit(wrong_answers ? 1 : 0);
}

/* How often each call is made: its share of the sum. */
static const struct {
	void (*make)(struct worker *worker, bool dry);
	unsigned int share;
} table[] = {
	{ call_open, 6 },      { call_close, 4 },  { call_dup, 2 },
	{ call_fcntl, 2 },     { call_ioctl, 24 }, { call_odd_ioctl, 3 },
	{ call_mmap, 16 },     { call_munmap, 3 }, { call_mprotect, 3 },
	{ call_madvise, 2 },   { call_mremap, 2 }, { call_scribble, 12 },
	{ call_catch_up, 10 }, { call_look, 4 },   { call_read, 14 },
	{ call_poll, 6 },      { call_other, 3 },  { call_send, 8 },
	{ call_traffic, 24 },  { call_fork, 2 },
};

void random_call(struct worker *worker, bool dry)
{
	unsigned int sum = 0, at = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		sum += table[i].share;
	sum = pick(worker, sum);
	while (sum >= table[at].share)
		sum -= table[at++].share;
	table[at].make(worker, dry);
	worker->calls++;
}
