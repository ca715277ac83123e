// SPDX-License-Identifier: GPL-2.0
/* The other end, in a process of its own, which ends with ours. */
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "far.h"

enum {
	CONNECTIONS_MAX = 64,
};

struct far {
	int type;
	struct address address;
	int number;
	int ready;
};

static struct far *shared(void)
{
	struct far *far = mmap(NULL, sizeof(*far), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (far == MAP_FAILED)
		die("memory that two processes share");
	return far;
}

static void become_far(void)
{
	must(prctl(PR_SET_NAME, "far"), "PR_SET_NAME");
	/* Ours are closed when we close them, not when the far end does. */
	for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
		close(fd);
}

static void wait_ready(struct far *far)
{
	struct deadline deadline = { 0 };

	while (!__atomic_load_n(&far->ready, __ATOMIC_ACQUIRE))
		look_again(&deadline, "the far end");
}

/* False at the connection's end. */
static bool answer(int fd)
{
	char bytes[65536];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	if (got <= 0)
		return false;
	must(write(fd, bytes, got), "answering");
	return true;
}

static void serve(void *arg)
{
	struct pollfd fds[CONNECTIONS_MAX];
	struct far *far = arg;
	int number = 1;

	become_far();
	fds[0] = (struct pollfd){ listener(far->type, &far->address), POLLIN, 0 };
	far->address = local_address(fds[0].fd);
	__atomic_store_n(&far->ready, 1, __ATOMIC_RELEASE);
	for (;;) {
		must(poll(fds, number, -1), "poll");
		if (fds[0].revents && number < CONNECTIONS_MAX)
			fds[number++] = (struct pollfd){
				must(accept(fds[0].fd, NULL, NULL), "accept"), POLLIN, 0
			};
		for (int i = 1; i < number; i++)
			if (fds[i].revents && !answer(fds[i].fd)) {
				close(fds[i].fd);
				fds[i].fd = -1;
			}
	}
}

struct address far_listening(int type, const struct address *any)
{
	struct far *far = shared();

	far->type = type;
	far->address = *any;
	start_child(serve, far);
	wait_ready(far);
	return far->address;
}

static void connect_all(void *arg)
{
	struct far *far = arg;

	become_far();
	for (int i = 0; i < far->number; i++)
		connected_socket(far->type, &far->address);
	pause();
}

void far_connects(int type, const struct address *to, int number)
{
	struct far *far = shared();

	far->type = type;
	far->address = *to;
	far->number = number;
	start_child(connect_all, far);
}
