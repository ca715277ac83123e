// SPDX-License-Identifier: GPL-2.0
/* Other entries into the kernel from a 64-bit process on x86: int $0x80, and x32. */
#include <errno.h>
#include <linux/net.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

#ifdef __x86_64__
enum {
	I386_SOCKETCALL = 102,
	X32_BIT = 0x40000000,
};

static long int80(long nr, unsigned long first, unsigned long second)
{
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(first), "c"(second)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* Its arguments are below 4 GiB, since the entry takes only 32 bits of each. */
static void int80_socketcall(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	unsigned int *args = (unsigned int *)(low + 256);
	long ret;

	strcpy(low, "through int 0x80");
	args[0] = fd;
	args[1] = (unsigned long)low;
	args[2] = strlen(low);
	args[3] = 0;
	ret = int80(I386_SOCKETCALL, SYS_SEND, (unsigned long)args);
	if (ret == -ENOSYS)
		skip("this kernel has no 32-bit entry");
	check_equal(ret, strlen(low), "socketcall SEND through int 0x80");
	expect_returned(fd, low, strlen(low), 0, 0, &where, ret);
}

static void x32(void)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);
	struct where where = to_peer(fd);
	long ret;

	if (syscall(X32_BIT | SYS_getpid) < 0 && errno == ENOSYS)
		skip("this kernel has no x32 entry (boot it with syscall.x32=y)");
	ret = syscall(X32_BIT | SYS_sendto, fd, "through x32", 11, 0, NULL, 0);
	check_equal(ret, 11, "sendto through x32");
	expect_returned(fd, "through x32", 11, 0, 0, &where, ret);
}
#else
static void int80_socketcall(void)
{
	skip("this architecture has no int $0x80");
}

static void x32(void)
{
	skip("this architecture has no x32");
}
#endif /* __x86_64__ */

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "int80_socketcall", int80_socketcall },
		{ "x32", x32 },
		{},
	};

	return run_cases(argc, argv, cases);
}
