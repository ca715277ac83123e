// SPDX-License-Identifier: GPL-2.0
/* A send that sleeps after the kernel has copied a part of its memory. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "whole_blocked.h"

enum {
	HELD_MS = 60000
};

void blocked_fill(char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = 'a' + (i + i / 1000 + i / BLOCKED_PAGE) % 26;
}

void blocked_init(struct blocked *blocked, char *bytes, size_t len)
{
	char *copy = malloc(len);

	memset(blocked, 0, sizeof(*blocked));
	blocked_fill(copy, len);
	blocked->bytes = bytes;
	blocked->len = len;
	blocked->copy = copy;
	blocked->cpu = -1;
}

static void open_ends(struct blocked *blocked)
{
	int ends[2], size = 1;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	blocked->ends = (struct pair){ ends[0], ends[1] };
	if (blocked->small)
		must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
		     "SO_SNDBUF");
	blocked->where = to_peer(ends[0]);
}

static void *send_bytes(void *arg)
{
	struct blocked *blocked = arg;
	long ret;

	if (blocked->cpu >= 0)
		run_on(blocked->cpu);
	expect_caller(&blocked->sent);
	__atomic_store_n(&blocked->tid, blocked->sent.tid, __ATOMIC_RELEASE);
	ret = send(blocked->ends.near, blocked->bytes, blocked->len, 0);
	check_equal(ret, blocked->len, "what send returned");
	return NULL;
}

void blocked_begin(struct blocked *blocked)
{
	struct deadline deadline = { 0 };

	open_ends(blocked);
	pthread_create(&blocked->thread, NULL, send_bytes, blocked);
	while (!__atomic_load_n(&blocked->tid, __ATOMIC_ACQUIRE))
		look_again(&deadline, "a sender to begin");
	wait_blocked(blocked->tid, SYS_sendto);
}

void blocked_drain(struct blocked *blocked)
{
	check_equal(drain(blocked->ends.far, blocked->len), blocked->len,
		    "bytes at the far end");
}

void blocked_expect(struct blocked *blocked)
{
	struct sent *sent = &blocked->sent;

	sent->fd = blocked->ends.near;
	sent->bytes = blocked->copy;
	sent->len = blocked->len;
	sent->where = blocked->where;
	sent->ret = blocked->len;
	sent->cap = blocked->why ? blocked->cap : blocked->len;
	sent->why = blocked->why;
	expect_line(sent);
}

void blocked_end(struct blocked *blocked)
{
	pthread_join(blocked->thread, NULL);
	close(blocked->ends.near);
	close(blocked->ends.far);
	if (!blocked->quiet)
		blocked_expect(blocked);
}

int hold_pages(char *bytes, size_t len)
{
	struct uffdio_register part = {
		.range = { (uintptr_t)bytes, len },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int held = syscall(SYS_userfaultfd, O_CLOEXEC);

	must(held, "userfaultfd");
	must(ioctl(held, UFFDIO_API, &api), "UFFDIO_API");
	must(ioctl(held, UFFDIO_REGISTER, &part), "UFFDIO_REGISTER");
	return held;
}

void wait_held(int held, const char *page)
{
	struct pollfd ready = { .fd = held, .events = POLLIN };
	struct uffd_msg message;
	uintptr_t at;

	errno = ETIMEDOUT;
	if (poll(&ready, 1, HELD_MS) != 1)
		die("the missing page was not touched within %d ms", HELD_MS);
	must(read(held, &message, sizeof(message)), "reading the userfaultfd");
	at = message.arg.pagefault.address & ~(uintptr_t)(BLOCKED_PAGE - 1);
	check(at == (uintptr_t)page, "expected the touched page to be the dropped one");
}

void release_page(int held, char *page, const char *copy)
{
	struct uffdio_copy back = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)copy,
		.len = BLOCKED_PAGE,
	};

	must(ioctl(held, UFFDIO_COPY, &back), "UFFDIO_COPY");
}
