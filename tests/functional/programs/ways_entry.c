// SPDX-License-Identifier: GPL-2.0
/*
 * Other entries into the kernel from a 64-bit process on x86, int $0x80 and x32, with the
 * structures of 32-bit programs.
 */
#include <errno.h>
#include <linux/net.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect_ways.h"
#include "ways_pairs.h"

#ifdef __x86_64__
enum {
	I386_READV = 145,
	I386_WRITEV = 146,
	I386_SENDMSG = 370,
	I386_RECVMSG = 372,
	I386_SENDMMSG = 345,
	I386_RECVMMSG = 337,
	X32_BIT = 0x40000000,
	X32_READV = X32_BIT | 515,
	X32_WRITEV = X32_BIT | 516,
	X32_SENDMSG = X32_BIT | 518,
	X32_RECVMSG = X32_BIT | 519,
	X32_RECVMMSG = X32_BIT | 537,
	X32_SENDMMSG = X32_BIT | 538,
	ROOM = 100,
};

struct iovec32 {
	uint32_t base;
	uint32_t len;
};

struct msghdr32 {
	uint32_t name;
	uint32_t namelen;
	uint32_t iov;
	uint32_t iovlen;
	uint32_t control;
	uint32_t controllen;
	uint32_t flags;
};

/* Below 4 GiB, since these entries take only 32 bits of a pointer. */
struct low {
	char bytes[ROOM];
	struct iovec32 iov[2];
	struct {
		struct msghdr32 header;
		uint32_t len;
	} message;
};

static long int80(long nr, long first, void *second, long third, long fourth)
{
	register long fifth asm("rdi") = 0;
	long ret;

	asm volatile("int $0x80"
		     : "=a"(ret)
		     : "a"(nr), "b"(first), "c"(second), "d"(third), "S"(fourth),
		       "r"(fifth)
		     : "memory", "r8", "r9", "r10", "r11");
	if (ret >= 0 || ret < -4095)
		return ret;
	errno = -ret;
	return -1;
}

static long x32(long nr, long first, void *second, long third, long fourth)
{
	return syscall(nr, first, second, third, fourth, NULL);
}

struct entry {
	long (*call)(long nr, long first, void *second, long third, long fourth);
	int readv, writev, sendmsg, recvmsg, sendmmsg, recvmmsg;
};

/* All of one text in two pieces, at its place below 4 GiB. */
static struct low *low_memory(const char *text, size_t len)
{
	struct low *low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	uint32_t at = (uintptr_t)low->bytes;

	memcpy(low->bytes, text, strlen(text));
	low->iov[0] = (struct iovec32){ at, 2 };
	low->iov[1] = (struct iovec32){ at + 2, len - 2 };
	low->message.header.iov = (uintptr_t)low->iov;
	low->message.header.iovlen = 2;
	return low;
}

static void expect_one(const char *call, int fd, const char *text, bool received,
		       long ret)
{
	struct event event = {
		.call = call,
		.fd = fd,
		.received = received,
		.bytes = text,
		.len = received ? ROOM : strlen(text),
		.where = to_peer(fd),
		.ret = ret,
	};

	check_equal(ret, strlen(text), "%s", call);
	expect_event(&event);
}

static void sends(const struct entry *entry, struct pair pair)
{
	struct low *low = low_memory("by writev", 9);

	expect_one("writev", pair.near, "by writev", false,
		   entry->call(entry->writev, pair.near, low->iov, 2, 0));
	low = low_memory("by sendmsg", 10);
	expect_one("sendmsg", pair.near, "by sendmsg", false,
		   entry->call(entry->sendmsg, pair.near, &low->message, 0, 0));
	low = low_memory("by sendmmsg", 11);
	check_equal(entry->call(entry->sendmmsg, pair.near, &low->message, 1, 0), 1,
		    "sendmmsg");
	expect_one("sendmmsg", pair.near, "by sendmmsg", false, low->message.len);
}

static void receives(const struct entry *entry, struct pair pair)
{
	struct low *low = low_memory("", ROOM);

	far_puts(pair.far, "by readv");
	expect_one("readv", pair.near, "by readv", true,
		   entry->call(entry->readv, pair.near, low->iov, 2, 0));
	far_puts(pair.far, "by recvmsg");
	expect_one("recvmsg", pair.near, "by recvmsg", true,
		   entry->call(entry->recvmsg, pair.near, &low->message, 0, 0));
	low = low_memory("", ROOM);
	far_puts(pair.far, "by recvmmsg");
	check_equal(entry->call(entry->recvmmsg, pair.near, &low->message, 1, 0), 1,
		    "recvmmsg");
	expect_one("recvmmsg", pair.near, "by recvmmsg", true, low->message.len);
}

static void each_kind(const struct entry *entry)
{
	for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
		struct pair pair = pair_of(kind);

		sends(entry, pair);
		receives(entry, pair);
	}
}

static void through_int80(void)
{
	static const struct entry entry = { int80,	  I386_READV,	I386_WRITEV,
					    I386_SENDMSG, I386_RECVMSG, I386_SENDMMSG,
					    I386_RECVMMSG };

	if (int80(20, 0, NULL, 0, 0) < 0)
		skip("this kernel has no 32-bit entry");
	each_kind(&entry);
}

static void through_x32(void)
{
	static const struct entry entry = { x32,	 X32_READV,   X32_WRITEV,
					    X32_SENDMSG, X32_RECVMSG, X32_SENDMMSG,
					    X32_RECVMMSG };

	if (syscall(X32_BIT | SYS_getpid) < 0 && errno == ENOSYS)
		skip("this kernel has no x32 entry (boot it with syscall.x32=y)");
	each_kind(&entry);
}
#else
static void through_int80(void)
{
	skip("this architecture has no int $0x80");
}

static void through_x32(void)
{
	skip("this architecture has no x32");
}
#endif /* __x86_64__ */

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "int80", through_int80 },
		{ "x32", through_x32 },
		{},
	};

	return run_cases(argc, argv, cases);
}
