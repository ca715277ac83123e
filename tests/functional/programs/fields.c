// SPDX-License-Identifier: GPL-2.0
/* A record's fields, compared one by one with what the socket calls return. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

/* Written by a child, read by the tracer: shared memory. */
static struct told {
	pid_t pid, tid;
	ino_t inode;
	int fd, ret;
	struct address local, peer;
	uint64_t before, after;
} * told;

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void share_memory(void)
{
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		die("shared memory");
}

static void tell_socket(int fd)
{
	struct stat stat;

	must(fstat(fd, &stat), "fstat");
	told->inode = stat.st_ino;
	told->local = local_address(fd);
	told->peer = peer_address(fd);
	told->pid = getpid();
	told->tid = syscall(SYS_gettid);
}

static void *send_from_thread(void *arg)
{
	int fd = *(int *)arg;

	prctl(PR_SET_NAME, "thread \\name");
	tell_socket(fd);
	told->fd = fd;
	told->before = now();
	told->ret = send(fd, "fields", 6, MSG_NOSIGNAL);
	told->after = now();
	return NULL;
}

static void send_with_uid(void *arg)
{
	struct pair tcp = tcp_pair();
	pthread_t thread;

	(void)arg;
	prctl(PR_SET_NAME, "fields");
	must(setresuid(1, 4711, 1), "setresuid");
	pthread_create(&thread, NULL, send_from_thread, &tcp.near);
	pthread_join(thread, NULL);
}

static void check_address(const void *got, size_t got_len, const struct address *want,
			  const char *what)
{
	check_equal(got_len, want->len, "length of %s", what);
	check(got_len == want->len && memcmp(got, &want->sa, want->len) == 0,
	      "%s differs from what the socket calls return", what);
}

static void check_ends(const struct sendtrace_event *event)
{
	check_equal(event->pid, told->pid, "pid");
	check_equal(event->tid, told->tid, "tid");
	check_equal(event->inode, told->inode, "inode");
	check_equal(event->fd, told->fd, "fd");
	check_equal(event->ret, told->ret, "ret");
	check_address(event_local(event), event->local_len, &told->local,
		      "the local address");
	check_address(event_peer(event), event->peer_len, &told->peer,
		      "the peer's address");
	check(event->enter_time >= told->before, "enter_time is after the call was made");
	check(event->exit_time <= told->after, "exit_time is before the call returned");
}

static void send_fields(void)
{
	struct records records = { 0 };
	const struct sendtrace_event *event;
	struct tracer tracer;

	tracer_open(&tracer);
	tracer_config(&tracer, 0, 0, SENDTRACE_EVENTS_SEND);
	tracer_filter(&tracer, "fields");
	tracer_map(&tracer);
	tracer_start(&tracer);
	in_child(send_with_uid, NULL);
	tracer_read(&tracer, &records);
	check_equal(records.number, 1, "records");
	check_records(&records);
	check_sequence(&records);
	event = event_at(&records, 0);
	check_ends(event);
	check_equal(event->rec.type, SENDTRACE_RECORD_SEND, "type");
	check_equal(event->uid, 4711, "uid");
	check_equal(event->len, 6, "len");
	check_equal(event->flags, MSG_NOSIGNAL, "flags");
	check_equal(event->addr_len, 0, "addr_len");
	check_equal(event->peer_pid, 0, "peer_pid");
	check_equal(event->event_flags, 0, "event_flags");
	check_equal(event->family, AF_INET, "family");
	check_equal(event->sock_type, SOCK_STREAM, "sock_type");
	check_equal(event->protocol, IPPROTO_TCP, "protocol");
	check_equal(event->why, SENDTRACE_WHY_COMPLETE, "why");
	check_equal(event->cap_len, 6, "cap_len");
	check(strcmp(event->comm, "thread \\name") == 0, "comm is '%s'", event->comm);
	check(strcmp(event->process, "fields") == 0, "process is '%s'", event->process);
	check(memcmp(event_payload(event), "fields", 6) == 0, "the payload");
}

static void accept_one(void *arg)
{
	struct address any = inet_address("::1", 0), to;
	int listening = listener(SOCK_STREAM, &any), fd;

	(void)arg;
	prctl(PR_SET_NAME, "accepts");
	to = local_address(listening);
	connected_socket(SOCK_STREAM, &to);
	told->before = now();
	fd = must(accept4(listening, NULL, NULL, SOCK_NONBLOCK), "accept4");
	told->after = now();
	tell_socket(fd);
	told->fd = listening;
	told->ret = fd;
	must(fcntl(listening, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	check_errno(accept(listening, NULL, NULL), EAGAIN, "accept without a connection");
}

static void accept_fields(void)
{
	struct records records = { 0 };
	const struct sendtrace_event *event;
	struct tracer tracer;

	tracer_begin(&tracer, "accepts", false);
	in_child(accept_one, NULL);
	tracer_read(&tracer, &records);
	check_equal(records.number, 2, "records");
	check_records(&records);
	event = event_at(&records, 0);
	check_equal(event->rec.type, SENDTRACE_RECORD_ACCEPT, "type");
	check_ends(event);
	check_equal(event->flags, SOCK_NONBLOCK, "flags");
	check_equal(event->family, AF_INET6, "family");
	check_equal(event->len + event->cap_len, 0, "len and cap_len");
	event = event_at(&records, 1);
	check_equal(event->ret, -EAGAIN, "ret of the second accept");
	check_equal(event->fd, told->fd, "fd of the second accept");
	check_equal(event->peer_len, 0, "a peer of an accept that failed");
}

static void send_explicit(void *arg)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");

	(void)arg;
	prctl(PR_SET_NAME, "explicit");
	told->peer = to;
	must(sendto(fd, "x", 1, 0, (struct sockaddr *)&to.sa, to.len), "sendto");
}

static void explicit_fields(void)
{
	struct records records = { 0 };
	const struct sendtrace_event *event;
	struct tracer tracer;

	tracer_begin(&tracer, "explicit", true);
	in_child(send_explicit, NULL);
	tracer_read(&tracer, &records);
	event = event_at(&records, 0);
	check_equal(event->event_flags, SENDTRACE_EVENT_PEER_FROM_CALL, "event_flags");
	check_equal(event->addr_len, told->peer.len, "addr_len");
	check_equal(event->protocol, IPPROTO_UDP, "protocol");
	check_address(event_peer(event), event->peer_len, &told->peer,
		      "the peer's address");
}

/* A failed call of which only the first page can be read. */
static void send_over_hole(void *arg)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	prctl(PR_SET_NAME, "hole");
	memset(pages, 'h', 4096);
	must(munmap(pages + 4096, 4096), "munmap");
	check_errno(send(fd, pages + 96, 8000, 0), EFAULT, "send over a hole");
}

static void fault_in_the_middle(void)
{
	struct records records = { 0 };
	const struct sendtrace_event *event;
	const char *payload;
	struct tracer tracer;
	uint32_t total;

	tracer_begin(&tracer, "hole", true);
	in_child(send_over_hole, NULL);
	tracer_read(&tracer, &records);
	check_records(&records);
	event = event_at(&records, 0);
	payload = joined_payload(&records, event);
	total = event->frag_len + event->cap_len;
	check_equal(event->ret, -EFAULT, "ret");
	check_equal(event->why, SENDTRACE_WHY_FAILED, "why");
	check(total <= 4000, "expected at most 4000 bytes, got %u", total);
	for (uint32_t i = 0; i < total; i++)
		check(payload[i] == 'h', "byte %u is 0x%02x", i, payload[i]);
	check_equal(tracer_stats(&tracer).faults, 0, "faults");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "send_fields", send_fields },
		{ "accept_fields", accept_fields },
		{ "explicit_fields", explicit_fields },
		{ "fault_in_the_middle", fault_in_the_middle },
		{},
	};

	share_memory();
	return run_cases(argc, argv, cases);
}
