// SPDX-License-Identifier: GPL-2.0
/* Large payloads, the snap length, page boundaries, and calls that sent only a part. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

enum {
	KIB = 1024
};

/* All 256 values, so that no two neighbouring rows of 256 are the same. */
static unsigned char *all_bytes(size_t len)
{
	unsigned char *bytes = malloc(len);

	for (size_t i = 0; i < len; i++)
		bytes[i] = i + i / 256;
	return bytes;
}

static void *read_all(void *arg)
{
	drain(*(int *)arg, SIZE_MAX);
	return NULL;
}

/* One send of @len bytes over TCP to a thread that reads. */
static void send_bulk(size_t len)
{
	unsigned char *bytes = all_bytes(len);
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);
	pthread_t reader;

	pthread_create(&reader, NULL, read_all, &tcp.far);
	check_equal(traced_send(tcp.near, bytes, len, 0, &where), len, "send");
	close(tcp.near);
	pthread_join(reader, NULL);
	free(bytes);
}

static void sixty_four_kib(void)
{
	send_bulk(64 * KIB);
}

/* Longer than one record, up to the snap length, and beyond it. */
static void long_payloads(void)
{
	send_bulk(64 * KIB - 1);
	send_bulk(64 * KIB + 1);
	send_bulk(200003);
	send_bulk(1024 * KIB);
	send_bulk(1024 * KIB + 1);
}

/* Concurrently from all CPUs, each thread with its own lengths and bytes. */
static void *send_long_texts(void *arg)
{
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);
	int base = *(int *)arg;
	pthread_t reader;

	pthread_create(&reader, NULL, read_all, &tcp.far);
	for (int i = 0; i < 6; i++) {
		size_t len = 20011 * (i + 1) + base;
		char *text = malloc(len);

		run_on((base + i) % get_nprocs());
		for (size_t at = 0; at < len; at++)
			text[at] = 'a' + (base + at / 1000 + i) % 26;
		check_equal(traced_send(tcp.near, text, len, 0, &where), len, "send");
		free(text);
	}
	close(tcp.near);
	pthread_join(reader, NULL);
	return NULL;
}

static void long_threads(void)
{
	int base[] = { 0, 7, 14 };
	pthread_t thread[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, send_long_texts, &base[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
}

/* The argument is the session's snap length. */
static void snaplen(void)
{
	size_t limit = strtoul(case_args[0], NULL, 10);

	expect_limit = limit;
	expect_limit_why = "snaplen";
	send_bulk(1);
	send_bulk(limit - 1);
	send_bulk(limit);
	send_bulk(limit + 1);
	send_bulk(10 * limit);
}

/* The last bytes before an unreadable page: no more than that is read. */
static void page_boundary(void)
{
	static const size_t lens[] = { 1, 7, 8, 9, 100, 4095, 4096 };
	size_t page = sysconf(_SC_PAGESIZE);
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; i < page; i++)
		pages[i] = 'a' + i % 26;
	must(mprotect(pages + page, page, PROT_NONE), "mprotect");
	for (size_t i = 0; i < COUNT_OF(lens); i++)
		check_equal(traced_send(fd, pages + page - lens[i], lens[i], 0, &where),
			    lens[i], "send of %zu bytes before a hole", lens[i]);
}

/* Unaligned, and spanning many pages. */
static void unaligned(void)
{
	unsigned char *bytes = all_bytes(5 * 4096);
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);

	for (size_t len = 1; len <= 17; len++)
		traced_send(fd, bytes + 4096 - len / 2, len, 0, &where);
	traced_send(fd, bytes + 1, 4 * 4096, 0, &where);
	traced_send(fd, bytes + 4095, 8193, 0, &where);
}

/* A connection whose buffers take only a few KiB. */
static struct pair small_tcp(void)
{
	struct pair tcp = tcp_pair();
	int size = 1;

	must(setsockopt(tcp.near, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	     "SO_SNDBUF");
	must(setsockopt(tcp.far, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)),
	     "SO_RCVBUF");
	return tcp;
}

static void check_part(long ret, size_t len)
{
	check(ret > 0 && (size_t)ret < len, "expected a part of %zu bytes, sent %ld", len,
	      ret);
}

static void part_nonblocking(void)
{
	size_t len = 512 * KIB;
	unsigned char *bytes = all_bytes(len);
	struct pair tcp = small_tcp();
	struct where where = to_peer(tcp.near);

	check_part(traced_send(tcp.near, bytes, len, MSG_DONTWAIT, &where), len);
}

static void part_timeout(void)
{
	struct timeval soon = { .tv_usec = 50000 };
	size_t len = 512 * KIB;
	unsigned char *bytes = all_bytes(len);
	struct pair tcp = small_tcp();
	struct where where = to_peer(tcp.near);

	must(setsockopt(tcp.near, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)),
	     "SO_SNDTIMEO");
	check_part(traced_send(tcp.near, bytes, len, 0, &where), len);
	check_errno(traced_send(tcp.near, "x", 1, 0, &where), EAGAIN,
		    "send that timed out with nothing sent");
}

static void on_signal(int number)
{
	(void)number;
}

struct interrupted {
	pid_t pid;
	pid_t tid;
};

static void *interrupt(void *arg)
{
	struct interrupted *who = arg;

	wait_blocked(who->tid, SYS_sendto);
	syscall(SYS_tgkill, who->pid, who->tid, SIGUSR1);
	return NULL;
}

/* A signal handler runs while the call sleeps: what was accepted until then counts. */
static void part_signal(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct interrupted self = { getpid(), syscall(SYS_gettid) };
	size_t len = 512 * KIB;
	unsigned char *bytes = all_bytes(len);
	struct pair tcp = small_tcp();
	struct where where = to_peer(tcp.near);
	pthread_t other;

	sigaction(SIGUSR1, &action, NULL);
	pthread_create(&other, NULL, interrupt, &self);
	check_part(traced_send(tcp.near, bytes, len, 0, &where), len);
	pthread_join(other, NULL);
}

/* Memory ends in the middle of a TCP send: what precedes the end is sent and shown. */
static void part_fault(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 9 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);
	long ret;

	memset(pages, 'p', 8 * page);
	must(munmap(pages + 8 * page, page), "munmap");
	ret = send(tcp.near, pages, 16 * page, 0);
	check(ret > 0 && (size_t)ret <= 8 * page, "expected up to %zu bytes, sent %ld",
	      8 * page, ret);
	expect_returned(tcp.near, pages, 16 * page, 0, 0, &where, ret);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "sixty_four_kib", sixty_four_kib },
		{ "long_payloads", long_payloads },
		{ "long_threads", long_threads },
		{ "snaplen", snaplen },
		{ "page_boundary", page_boundary },
		{ "unaligned", unaligned },
		{ "part_nonblocking", part_nonblocking },
		{ "part_timeout", part_timeout },
		{ "part_signal", part_signal },
		{ "part_fault", part_fault },
		{},
	};

	return run_cases(argc, argv, cases);
}
