// SPDX-License-Identifier: GPL-2.0
/* The memory of the address that a call gives: changed, dropped, absent. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

enum {
	PAGE = 4096
};

/**
 * struct sender - a thread whose datagram waits for room at its receiver
 * @memory: the address is read from here
 * @to: the receiver's address
 * @where: what is expected to be shown
 */
struct sender {
	int receiver;
	int fd;
	pid_t tid;
	pthread_t thread;
	struct sockaddr *memory;
	struct address to;
	struct where where;
};

static struct address name_of(const char *text)
{
	char name[100];

	snprintf(name, sizeof(name), text, getpid());
	return unix_address(name);
}

/* Until there is no room for another datagram. */
static void fill(void *to)
{
	int fd = connected_socket(SOCK_DGRAM, to);

	/* It is not to be shown. */
	must(prctl(PR_SET_NAME, "filler"), "PR_SET_NAME");
	must(fcntl(fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
	while (write(fd, "filler", 6) == 6)
		continue;
	check_equal(errno, EAGAIN, "errno of a receiver that is full");
	close(fd);
}

static void *send_datagram(void *arg)
{
	struct sender *sender = arg;
	static const char text[] = "waits";
	long ret;

	__atomic_store_n(&sender->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	ret = sendto(sender->fd, text, 5, 0, sender->memory, sender->to.len);
	expect_returned(sender->fd, text, 5, 0, sender->to.len, &sender->where, ret);
	check_equal(ret, 5, "what sendto returned");
	return NULL;
}

/* On return the thread sleeps in sendto(); its address is in a page of its own. */
static struct sender begin(void)
{
	struct sender sender = { .to = name_of("./receiver.%d") };

	sender.receiver = bound_socket(SOCK_DGRAM, &sender.to);
	in_child(fill, &sender.to);
	sender.fd = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	sender.where = to_address(sender.fd, &sender.to);
	sender.memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sender.memory == MAP_FAILED)
		die("mmap");
	memcpy(sender.memory, &sender.to.sa, sender.to.len);
	return sender;
}

static void wait_asleep(struct sender *sender)
{
	struct deadline deadline = { 0 };

	pthread_create(&sender->thread, NULL, send_datagram, sender);
	while (!__atomic_load_n(&sender->tid, __ATOMIC_ACQUIRE))
		look_again(&deadline, "a sender to begin");
	wait_blocked(sender->tid, SYS_sendto);
}

/* Make room, and see that the datagram came where the line says. */
static void end(struct sender *sender)
{
	char bytes[16] = "";

	while (strncmp(bytes, "waits", 5) != 0)
		must(read(sender->receiver, bytes, sizeof(bytes)), "reading");
	pthread_join(sender->thread, NULL);
}

static void changed(void)
{
	struct address forged = name_of("./innocent.%d");
	struct sender sender = begin();

	bound_socket(SOCK_DGRAM, &forged);
	wait_asleep(&sender);
	memcpy(sender.memory, &forged.sa, forged.len);
	end(&sender);
}

static void dropped(void)
{
	struct sender sender = begin();

	wait_asleep(&sender);
	must(munmap(sender.memory, PAGE), "munmap");
	end(&sender);
}

/* A page of a file that is mapped, and that nobody has touched. */
static void *absent_page(const struct address *to)
{
	int file = must(memfd_create("address", 0), "memfd_create");
	void *memory;

	must(ftruncate(file, PAGE), "ftruncate");
	must(pwrite(file, &to->sa, to->len, 0), "pwrite");
	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	close(file);
	return memory;
}

static void absent(void)
{
	struct address to = udp_sink("127.0.0.1"), other = udp_sink("127.0.0.2");
	int fd = connected_socket(SOCK_DGRAM, &other);
	struct where where = to_doubtful(fd, &to, "late");
	struct sockaddr *memory = absent_page(&to);
	long ret = sendto(fd, "absent", 6, 0, memory, to.len);

	expect_returned(fd, "absent", 6, 0, to.len, &where, ret);
	check_equal(ret, 6, "what sendto returned");
	/* Now it is resident. */
	where.doubt = NULL;
	ret = sendto(fd, "present", 7, 0, memory, to.len);
	expect_returned(fd, "present", 7, 0, to.len, &where, ret);
}

static void unreadable(void)
{
	struct address other = udp_sink("127.0.0.2");
	int fd = connected_socket(SOCK_DGRAM, &other);
	struct where where = to_nowhere(AF_INET);
	void *memory = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long ret = sendto(fd, "nowhere", 7, 0, memory, sizeof(struct sockaddr_in));

	expect_returned(fd, "nowhere", 7, 0, sizeof(struct sockaddr_in), &where, ret);
	check_errno(ret, EFAULT, "sendto with an address that cannot be read");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "changed", changed },
		{ "dropped", dropped },
		{ "absent", absent },
		{ "unreadable", unreadable },
		{},
	};

	return run_cases(argc, argv, cases);
}
