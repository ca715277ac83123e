// SPDX-License-Identifier: GPL-2.0
/*
 * accept(), connect(), shutdown() and close(), by system calls and by io_uring: a child makes
 * the calls and notes what each of them should show; the parent, the tracer, compares that with
 * all events that came. So it would also find an event too many.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/net.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "life_events.h"
#include "net.h"
#include "tracer.h"
#include "uring.h"

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
	last_wanted()->local.len = -1;
	close_it(fd);
	last_wanted()->local.len = -1;

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
	last_wanted()->peer_pid = getpid();
	/* Only the last descriptor counts, whatever closes it. */
	copy = dup(fd);
	close(fd);
	dup2(listening, copy);
	wanted = want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, -1, 0);
	wanted->peer = name;
	wanted->peer_pid = getpid();
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), "socketpair");
	/* A datagram socket's peer is known under a lock, which no handler may take on RT. */
	close_it(pair[0]);
	last_wanted()->peer_pid = is_rt() ? 0 : getpid();
	close_it(pair[1]);
	last_wanted()->peer_pid = is_rt() ? 0 : getpid();
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

/*
 * A connect of io_uring that waits is an event when it begins, and its result is one where the
 * kernel makes the call again. A worker may wait inside of the call.
 */
static struct wanted *want_connect(int fd, const struct address *to, long ret)
{
	struct wanted *wanted =
		want(SENDTRACE_RECORD_CONNECT, SENDTRACE_CALL_IO_URING_CONNECT, -1, ret);

	wanted->local = local_address(fd);
	wanted->peer = *to;
	wanted->event_flags = SENDTRACE_EVENT_PEER_FROM_CALL;
	return wanted;
}

static bool is_open(unsigned long inode)
{
	FILE *file = fopen("/proc/net/tcp", "r");
	unsigned long other;
	bool found = false;
	char line[256];

	if (!file)
		die("/proc/net/tcp");
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %lu", &other) ==
				1 &&
			other == inode;
	fclose(file);
	return found;
}

/* A thread of io_uring may close the socket after it has said so. */
static void close_by_ring(struct uring *ring, int fd, unsigned int flags)
{
	struct wanted *wanted = want(SENDTRACE_RECORD_CLOSE, SENDTRACE_CALL_CLOSE, -1, 0);
	struct io_uring_sqe sqe = uring_request(IORING_OP_CLOSE, fd, NULL, 0);
	struct deadline deadline = { 0 };
	struct stat stat;

	must(fstat(fd, &stat), "fstat");
	check(is_open(stat.st_ino), "the open socket is listed");
	wanted->local = local_address(fd);
	check_equal(ask(ring, sqe, flags), 0, "CLOSE");
	while (is_open(stat.st_ino))
		look_again(&deadline, "a socket to be closed");
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
	want_connect(near, &to, -EINPROGRESS)->maybe = flags & IOSQE_ASYNC;
	want_connect(near, &to, 0)->maybe_behind = true;

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
	close_by_ring(&ring, near, flags);
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
