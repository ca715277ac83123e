// SPDX-License-Identifier: GPL-2.0
/*
 * Built for 32 bits: the entries of i386 into an x86_64 kernel, sendto and socketcall, and
 * those of AArch32 into an arm64 kernel.
 */
#include <errno.h>
#include <linux/net.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

#if __SIZEOF_POINTER__ != 4
#error expected to be built for 32 bit
#endif

static void direct(void)
{
	struct address to = udp_sink("127.0.0.1"), other = udp_sink("127.0.0.9");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	long ret;

	ret = syscall(SYS_sendto, fd, "sendto", 6, MSG_DONTWAIT, NULL, 0);
	check_equal(ret, 6, "sendto without an address");
	expect_returned(fd, "sendto", 6, MSG_DONTWAIT, 0, &where, ret);
	ret = syscall(SYS_sendto, fd, "explicit", 8, 0, &other.sa, other.len);
	check_equal(ret, 8, "sendto with an address");
	where = to_address(fd, &other);
	expect_returned(fd, "explicit", 8, 0, other.len, &where, ret);
}

#ifdef SYS_socketcall
static void socketcall(void)
{
	struct address to = udp_sink("127.0.0.1"), other = udp_sink("127.0.0.9");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	unsigned long args[6] = { fd, (unsigned long)"send", 4, MSG_NOSIGNAL };
	long ret = syscall(SYS_socketcall, SYS_SEND, args);

	check_equal(ret, 4, "socketcall SEND");
	expect_returned(fd, "send", 4, MSG_NOSIGNAL, 0, &where, ret);
	args[1] = (unsigned long)"sendto";
	args[2] = 6;
	args[3] = 0;
	args[4] = (unsigned long)&other.sa;
	args[5] = other.len;
	ret = syscall(SYS_socketcall, SYS_SENDTO, args);
	check_equal(ret, 6, "socketcall SENDTO");
	where = to_address(fd, &other);
	expect_returned(fd, "sendto", 6, 0, other.len, &where, ret);
}
#else
static void socketcall(void)
{
	skip("this architecture has no socketcall");
}
#endif /* SYS_socketcall */

/* A pointer and a length of more than 31 bits must not be sign-extended. */
static void high_half(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	char on_stack[] = "the stack is above 2 GiB";
	struct sent sent = {
		.fd = fd, .len = 0xfffffff0, .where = where, .why = "failed"
	};
	long ret;

	check((unsigned long)on_stack > 0x80000000, "the stack is above 2 GiB");
	ret = syscall(SYS_sendto, fd, on_stack, strlen(on_stack), 0, NULL, 0);
	expect_returned(fd, on_stack, strlen(on_stack), 0, 0, &where, ret);
	ret = syscall(SYS_sendto, fd, NULL, sent.len, 0, NULL, 0);
	check(ret < 0, "send of nearly 4 GiB from NULL: expected to fail, sent %ld", ret);
	sent.ret = -errno;
	expect_caller(&sent);
	expect_line(&sent);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "direct", direct },
		{ "socketcall", socketcall },
		{ "high_half", high_half },
		{},
	};

	return run_cases(argc, argv, cases);
}
