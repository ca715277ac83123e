// SPDX-License-Identifier: GPL-2.0
/*
 * accept(), connect(), shutdown() and close(), by system calls and by io_uring: a child makes
 * the calls and notes what each of them should show; the parent, the tracer, compares that with
 * all events that came. So it would also find an event too many.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"
#include "uring.h"

enum {
	MOST = 64
};

/* What an event should show. */
struct wanted {
	int type;
	int call;
	int fd;
	long ret;
	unsigned int flags;
	/* With @len 0, nothing; with @len -1, anything. */
	struct address local;
	struct address peer;
	unsigned int peer_pid;
	unsigned int event_flags;
};

/* Shared by parent and child. */
static struct {
	unsigned int number;
	struct wanted wanted[MOST];
} * shared;

static const struct address anything = { .len = -1 };

static struct wanted *want(int type, int call, int fd, long ret)
{
	struct wanted *wanted = &shared->wanted[shared->number++];

	if (shared->number == MOST)
		die("too many calls");
	*wanted = (struct wanted){ .type = type, .call = call, .fd = fd, .ret = ret };
	wanted->local = anything;
	wanted->peer = anything;
	return wanted;
}

/* ---- What the tracer does ---------------------------------------------------------- */

static const struct sendtrace_event *as_any_event(const struct sendtrace_record *record)
{
	switch (record->type) {
	case SENDTRACE_RECORD_SEND:
	case SENDTRACE_RECORD_ACCEPT:
	case SENDTRACE_RECORD_RECV:
	case SENDTRACE_RECORD_CONNECT:
	case SENDTRACE_RECORD_SHUTDOWN:
	case SENDTRACE_RECORD_CLOSE:
		return (const struct sendtrace_event *)record;
	}
	return NULL;
}

static int earlier(const void *left, const void *right)
{
	const struct sendtrace_record *a = *(void *const *)left;
	const struct sendtrace_record *b = *(void *const *)right;

	return a->time < b->time ? -1 : a->time > b->time;
}

static void compare_address(const struct address *want, const void *got, size_t len,
			    const char *what, unsigned int nth)
{
	if (want->len == (socklen_t)-1)
		return;
	if (check_equal(len, want->len, "the length of the %s address of event %u", what,
			nth))
		check(!memcmp(got, &want->sa, len), "the %s address of event %u", what,
		      nth);
}

static void compare(const struct wanted *want, const struct sendtrace_event *got,
		    unsigned int nth)
{
	check_equal(got->rec.type, want->type, "the type of event %u", nth);
	check_equal(got->call, want->call, "the call of event %u", nth);
	check_equal(got->fd, want->fd, "the descriptor of event %u", nth);
	check_equal(got->ret, want->ret, "what the call of event %u returned", nth);
	check_equal(got->flags, want->flags, "the flags of event %u", nth);
	check_equal(got->event_flags, want->event_flags, "event_flags of event %u", nth);
	check_equal(got->peer_pid, want->peer_pid, "the peer's process in event %u", nth);
	check_equal(got->cap_len + got->why, 0, "cap_len + why of event %u", nth);
	compare_address(&want->local, event_local(got), got->local_len, "local", nth);
	compare_address(&want->peer, event_peer(got), got->peer_len, "peer's", nth);
}

static void begin(struct tracer *tracer, unsigned long long calls)
{
	tracer_open(tracer);
	tracer->config.calls = calls;
	must(ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &tracer->config), "CONFIG");
	tracer_filter(tracer, "living");
	tracer_start(tracer);
}

/* Do @calls in a child, and compare. */
static void traced_calls(void (*calls)(void), unsigned long long which)
{
	struct records records = {};
	struct tracer tracer;
	unsigned int nth = 0;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begin(&tracer, which);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "living");
		calls();
		_exit(check_failed());
	}
	end_child(pid);
	/* What io_uring's threads still have to do. */
	usleep(300000);
	tracer_read(&tracer, &records);
	qsort(records.record, records.number, sizeof(records.record[0]), earlier);
	for (size_t i = 0; i < records.number; i++) {
		const struct sendtrace_event *got = as_any_event(records.record[i]);

		if (!got)
			continue;
		if (nth < shared->number)
			compare(&shared->wanted[nth], got, nth);
		else
			check(false,
			      "one event too many: type %u, call %u, fd %d, ret %lld",
			      got->rec.type, got->call, got->fd, (long long)got->ret);
		nth++;
	}
	check(nth >= shared->number, "expected %u events, got %u", shared->number, nth);
	tracer_close(&tracer);
}

static void traced(void (*calls)(void))
{
	traced_calls(calls, SENDTRACE_CALLS_ALL);
}

/* ---- System calls ------------------------------------------------------------------- */

/* What a call returned: errno as a negative number. */
static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long connect_to(int fd, const struct address *to)
{
	long ret = result(connect(fd, (const void *)&to->sa, to->len));
	struct wanted *wanted =
		want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_CONNECT, fd, ret);

	wanted->local = local_address(fd);
	wanted->peer = *to;
	wanted->event_flags = SENDTRACE_EVENT_PEER_FROM_CALL;
	return ret;
}

static void close_it(int fd)
{
	struct wanted *wanted = want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, fd, 0);

	wanted->local = local_address(fd);
	close(fd);
}

static int accept_from(int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	struct wanted *wanted = want(SENDTRACE_RECORD_ACCEPT, SENDTRACE_CALL_ACCEPT,
				     listening, result(fd));

	wanted->flags = SOCK_CLOEXEC;
	if (fd >= 0) {
		wanted->local = local_address(fd);
		wanted->peer = peer_address(fd);
	} else {
		wanted->local = local_address(listening);
	}
	return fd;
}

static void shut_down(int fd, int how)
{
	struct wanted *wanted;
	long ret;

	wanted = want(SENDTRACE_RECORD_SHUTDOWN, SENDTRACE_CALL_SHUTDOWN, fd, 0);
	wanted->flags = how;
	wanted->local = local_address(fd);
	wanted->peer = peer_address(fd);
	ret = result(shutdown(fd, how));
	wanted->ret = ret;
}

static void tcp_calls(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int listening = listener(SOCK_STREAM, &any), near, far;
	struct address to = local_address(listening);

	near = socket(AF_INET, SOCK_STREAM, 0);
	check_equal(connect_to(near, &to), 0, "connect()");
	far = accept_from(listening);
	check_equal(connect_to(near, &to), -EISCONN, "connect() again");
	shut_down(near, SHUT_WR);
	shut_down(far, SHUT_RDWR);
	close_it(far);
	close_it(near);
	fcntl(listening, F_SETFL, O_NONBLOCK);
	check_equal(accept_from(listening), -1, "accept() of nobody");
	close_it(listening);
}

static void tcp(void)
{
	traced(tcp_calls);
}

static void results_calls(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int bound = bound_socket(SOCK_STREAM, &any), fd;
	struct address nobody = local_address(bound);
	struct address none = { .sa.ss_family = AF_UNSPEC,
				.len = sizeof(struct sockaddr) };
	int sink = bound_socket(SOCK_DGRAM, &any);
	struct address to = local_address(sink);
	struct wanted *wanted;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	check_equal(connect_to(fd, &nobody), -ECONNREFUSED, "connect() to nobody");
	close_it(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	check_equal(connect_to(fd, &nobody), -EINPROGRESS, "connect() without waiting");
	shared->wanted[shared->number - 1].local.len = -1;
	close_it(fd);
	shared->wanted[shared->number - 1].local.len = -1;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check_equal(connect_to(fd, &to), 0, "connect() of UDP");
	check_equal(connect_to(fd, &none), 0, "disconnecting");
	close_it(fd);

	/* Refused before a socket is reached: a length that none has, and no descriptor. */
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	check_equal(result(syscall(SYS_connect, fd, &to.sa, 4000)), -EINVAL, "too long");
	wanted = want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_CONNECT, fd, -EINVAL);
	wanted->peer.len = 0;
	check_equal(result(syscall(SYS_connect, fd, 16, 16)), -EFAULT, "bad address");
	wanted = want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_CONNECT, fd, -EFAULT);
	wanted->peer.len = 0;
	check_equal(result(connect(1000, (void *)&to.sa, to.len)), -EBADF,
		    "no descriptor");
	check_equal(result(shutdown(1000, SHUT_RD)), -EBADF, "no descriptor");
	close_it(fd);
	close_it(sink);
	close_it(bound);
}

static void results(void)
{
	traced(results_calls);
}

static void unix_calls(void)
{
	struct address name = unix_address("@life");
	int listening = listener(SOCK_STREAM, &name), fd, copy, pair[2];
	struct wanted *wanted;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	check_equal(connect_to(fd, &name), 0, "connect()");
	shared->wanted[shared->number - 1].peer_pid = getpid();
	/* Only the last descriptor counts, whatever closes it. */
	copy = dup(fd);
	close(fd);
	dup2(listening, copy);
	wanted = want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, -1, 0);
	wanted->peer = name;
	wanted->peer_pid = getpid();
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), "socketpair");
	close_it(pair[0]);
	shared->wanted[shared->number - 1].peer_pid = getpid();
	close_it(pair[1]);
	shared->wanted[shared->number - 1].peer_pid = getpid();
	/* The end of the process closes the listening one. */
	want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, -1, 0)->local = name;
}

static void unix_sockets(void)
{
	traced(unix_calls);
}

/* ---- io_uring ----------------------------------------------------------------------- */

static long ask(struct uring *ring, struct io_uring_sqe sqe, unsigned int flags)
{
	sqe.flags = flags;
	return result(uring_call(ring, &sqe));
}

static void uring_calls_with(unsigned int flags, unsigned int setup)
{
	struct address any = inet_address("127.0.0.1", 0);
	int listening = listener(SOCK_STREAM, &any), near, far;
	struct address to = local_address(listening);
	struct io_uring_sqe sqe;
	struct wanted *wanted;
	struct uring ring;

	if (!uring_open(&ring, setup))
		die("io_uring_setup");
	near = socket(AF_INET, SOCK_STREAM, 0);
	sqe = uring_request(IORING_OP_CONNECT, near, &to.sa, 0);
	sqe.off = to.len;
	check_equal(ask(&ring, sqe, flags), 0, "CONNECT");
	wanted = want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_IO_URING_CONNECT, -1, 0);
	wanted->local = local_address(near);
	wanted->peer = to;
	wanted->event_flags = SENDTRACE_EVENT_PEER_FROM_CALL;

	sqe = uring_request(IORING_OP_ACCEPT, listening, NULL, 0);
	far = ask(&ring, sqe, flags);
	wanted = want(SENDTRACE_RECORD_ACCEPT, SENDTRACE_CALL_IO_URING_ACCEPT, -1, 0);
	wanted->local = local_address(far);
	wanted->peer = peer_address(far);

	if (uring_has(&ring, IORING_OP_SHUTDOWN)) {
		sqe = uring_request(IORING_OP_SHUTDOWN, near, NULL, SHUT_WR);
		wanted = want(SENDTRACE_RECORD_SHUTDOWN, SENDTRACE_CALL_IO_URING_SHUTDOWN,
			      -1, 0);
		wanted->flags = SHUT_WR;
		wanted->local = local_address(near);
		wanted->peer = peer_address(near);
		check_equal(ask(&ring, sqe, flags), 0, "SHUTDOWN");
	}
	wanted = want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, -1, 0);
	wanted->local = local_address(near);
	sqe = uring_request(IORING_OP_CLOSE, near, NULL, 0);
	check_equal(ask(&ring, sqe, flags), 0, "CLOSE");
	close_it(far);
	close_it(listening);
	uring_close(&ring);
}

static void uring_inline_calls(void)
{
	uring_calls_with(0, 0);
}

static void uring_worker_calls(void)
{
	uring_calls_with(IOSQE_ASYNC, 0);
}

static void uring_thread_calls(void)
{
	uring_calls_with(0, IORING_SETUP_SQPOLL);
}

static void uring_inline(void)
{
	traced(uring_inline_calls);
}

static void uring_worker(void)
{
	traced(uring_worker_calls);
}

static void uring_thread(void)
{
	traced(uring_thread_calls);
}

/* io_uring accepts at the end of another system call. */
static void uring_waits_calls(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int first = listener(SOCK_STREAM, &any), second = listener(SOCK_STREAM, &any);
	struct address to_first = local_address(first), to_second = local_address(second);
	struct wanted *wanted;
	struct io_uring_sqe sqe;
	struct uring ring;
	int near, far, other;

	if (!uring_open(&ring, 0))
		die("io_uring_setup");
	sqe = uring_request(IORING_OP_ACCEPT, first, NULL, 0);
	uring_submit(&ring, &sqe);
	/* Its wake-up would interrupt a connect() that waits: that is restarted. */
	near = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	other = socket(AF_INET, SOCK_STREAM, 0);
	check_equal(connect_to(other, &to_second), 0, "connect()");
	check_equal(connect_to(near, &to_first), -EINPROGRESS, "connect()");
	far = uring_wait(&ring);
	wanted = want(SENDTRACE_RECORD_ACCEPT, SENDTRACE_CALL_IO_URING_ACCEPT, -1, 0);
	wanted->local = local_address(far);
	wanted->peer = peer_address(far);
	close_it(accept_from(second));
	close_it(far);
	close_it(near);
	close_it(other);
	close_it(first);
	close_it(second);
}

static void uring_waits(void)
{
	traced(uring_waits_calls);
}

/* ---- 32-bit entry ------------------------------------------------------------------- */

#ifdef __x86_64__
static long int80(long nr, unsigned long first, unsigned long second)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(first), "c"(second)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static long socketcall(unsigned int *args, int call, int first, unsigned long second,
		       unsigned long third)
{
	args[0] = first;
	args[1] = second;
	args[2] = third;
	args[3] = 0;
	return int80(102, call, (unsigned long)args);
}

static void socketcall_calls(void)
{
	struct address any = inet_address("127.0.0.1", 0);
	int listening = listener(SOCK_STREAM, &any), near, far;
	struct address to = local_address(listening);
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int *args = (unsigned int *)low;
	void *sa = memcpy(low + 256, &to.sa, to.len);
	struct wanted *wanted;

	near = socket(AF_INET, SOCK_STREAM, 0);
	check_equal(socketcall(args, SYS_CONNECT, near, (unsigned long)sa, to.len), 0,
		    "SYS_CONNECT");
	wanted = want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_CONNECT, near, 0);
	wanted->peer = to;
	wanted->event_flags = SENDTRACE_EVENT_PEER_FROM_CALL;
	far = socketcall(args, SYS_ACCEPT, listening, 0, 0);
	want(SENDTRACE_RECORD_ACCEPT, SENDTRACE_CALL_ACCEPT, listening, far);
	check_equal(socketcall(args, SYS_SHUTDOWN, near, SHUT_RDWR, 0), 0,
		    "SYS_SHUTDOWN");
	want(SENDTRACE_RECORD_SHUTDOWN, SENDTRACE_CALL_SHUTDOWN, near, 0)->flags =
		SHUT_RDWR;
	check_equal(int80(6, near, 0), 0, "close()");
	want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, near, 0);
	close_it(far);
	close_it(listening);
}

static void entry32(void)
{
	if (int80(20, 0, 0) == -ENOSYS)
		skip("this kernel has no 32-bit entry");
	traced(socketcall_calls);
}
#else
static void entry32(void)
{
	skip("this architecture has no int $0x80");
}
#endif

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "tcp", tcp },
		{ "results", results },
		{ "unix_sockets", unix_sockets },
		{ "uring_inline", uring_inline },
		{ "uring_worker", uring_worker },
		{ "uring_thread", uring_thread },
		{ "uring_waits", uring_waits },
		{ "entry32", entry32 },
		{},
	};

	return run_cases(argc, argv, cases);
}
