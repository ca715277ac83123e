// SPDX-License-Identifier: GPL-2.0
/* Random calls on sockets: how their arguments are chosen. */
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>

#include "check.h"
#include "random_traffic.h"
#include "random_ways.h"

enum {
	GOOD = 3 * PAGE,
	CONTROL = 4096,
};

/* Bytes that can be read and written, and behind them some that cannot. */
static char *good;

/* What a call's arguments point at. */
static _Thread_local struct {
	struct traffic traffic;
	struct iovec pieces[TRAFFIC_PIECES];
	char control[CONTROL];
	struct sockaddr_storage name[2];
} now;

void traffic_prepare(void)
{
	good = mmap(NULL, GOOD + PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (good == MAP_FAILED || mprotect(good + GOOD, PAGE, PROT_NONE))
		die("memory for calls");
	memset(good, 't', GOOD);
}

/* ---- Memory ---------------------------------------------------------------------------- */

static void *nowhere(struct worker *worker)
{
	static const uint64_t places[] = {
		0, 1, 0xffffffff81000000, 0xffff888000000000, 0x7ffffffff000, ~0ULL,
	};

	return (void *)places[pick(worker, COUNT_OF(places))];
}

static char *buffer(struct worker *worker)
{
	switch (pick(worker, 16)) {
	case 0:
		return nowhere(worker);
	case 1:
		return good + GOOD;
	case 2: /* its end is missing */
		return good + GOOD - pick(worker, 200);
	case 3:
		return any_map(worker);
	default:
		return good + pick(worker, PAGE);
	}
}

static size_t length(struct worker *worker)
{
	if (once_in(worker, 12))
		return odd_number(worker);
	return once_in(worker, 3) ? pick(worker, 2 * PAGE) : pick(worker, 200);
}

/* ---- Arrays, addresses and ancillary data ------------------------------------------------- */

static void choose_array(struct worker *worker)
{
	static const size_t odd[] = { 0, 8, 9, 100, 1024, 1025, TRAFFIC_PIECES };
	struct traffic *traffic = &now.traffic;

	traffic->number = 1 + pick(worker, 5);
	if (once_in(worker, 6))
		traffic->number = odd[pick(worker, COUNT_OF(odd))];
	for (size_t i = 0; i < traffic->number; i++) {
		/* Many must not be many bad ones. */
		bool usual = i >= 5;

		now.pieces[i].iov_base = usual ? good + i : buffer(worker);
		now.pieces[i].iov_len = usual ? i % 7 : length(worker);
	}
	traffic->iov = now.pieces;
	if (once_in(worker, 20))
		traffic->iov = nowhere(worker);
	if (once_in(worker, 20))
		traffic->number = odd_number(worker);
}

static void choose_name(struct worker *worker)
{
	static const unsigned short families[] = { AF_INET, AF_INET6, AF_UNIX,
						   AF_UNSPEC };
	struct msghdr *message = &now.traffic.message;
	uint64_t *words = (uint64_t *)now.name;

	for (size_t i = 0; i < (sizeof(now.name)) / (sizeof(uint64_t)); i++)
		words[i] = once_in(worker, 3) ? odd_number(worker) : 0;
	now.name[0].ss_family = families[pick(worker, COUNT_OF(families))];
	if (once_in(worker, 3))
		((struct sockaddr_in *)now.name)->sin_addr.s_addr =
			htonl(INADDR_LOOPBACK);
	if (once_in(worker, 12))
		now.name[0].ss_family = odd_number(worker);
	message->msg_name = now.name;
	message->msg_namelen = pick(worker, sizeof(now.name) + 1);
	if (once_in(worker, 8))
		message->msg_namelen = odd_number(worker);
	if (once_in(worker, 8))
		message->msg_name = nowhere(worker);
}

/* No descriptor that exists: nobody would close it. */
static void choose_control(struct worker *worker)
{
	static const int levels[] = { SOL_SOCKET, SOL_IP, SOL_IPV6, IPPROTO_UDP,
				      IPPROTO_TCP };
	struct msghdr *message = &now.traffic.message;
	size_t at = 0;

	memset(now.control, 0x3f, sizeof(now.control));
	for (uint64_t left = 1 + pick(worker, 5); left; left--) {
		struct cmsghdr *header = (struct cmsghdr *)(now.control + at);
		size_t len = pick(worker, 40);

		header->cmsg_level = levels[pick(worker, COUNT_OF(levels))];
		header->cmsg_type = once_in(worker, 4) ? odd_number(worker) :
							 pick(worker, 12);
		header->cmsg_len = CMSG_LEN(len);
		if (once_in(worker, 5))
			header->cmsg_len = odd_number(worker);
		at += CMSG_SPACE(len);
	}
	message->msg_control = now.control;
	message->msg_controllen = at;
	if (once_in(worker, 5))
		message->msg_controllen = odd_number(worker);
	/* What is behind the buffer is not chosen. The kernel takes no more than some pages. */
	if (message->msg_controllen > CONTROL && message->msg_controllen < 1 << 20)
		message->msg_controllen = CONTROL;
	if (once_in(worker, 10))
		message->msg_control = nowhere(worker);
}

/* What would leave a datagram, or a stream's last bytes, waiting for more. */
#define FLAGS_THAT_WAIT (MSG_MORE | 0x20000 | 0x40000)

static void choose_flags(struct worker *worker)
{
	unsigned int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	if (once_in(worker, 4))
		flags |= odd_number(worker) & ~FLAGS_THAT_WAIT;
	now.traffic.flags = flags;
}

const struct traffic *traffic_choose(struct worker *worker)
{
	struct traffic *traffic = &now.traffic;

	*traffic = (struct traffic){
		.way = pick(worker, random_ways),
		.kind = pick(worker, PAIR_KINDS),
		.bytes = buffer(worker),
		.len = length(worker),
		.asynchronous = once_in(worker, 4),
	};
	choose_array(worker);
	choose_flags(worker);
	if (once_in(worker, 3))
		choose_name(worker);
	if (once_in(worker, 3))
		choose_control(worker);
	traffic->message.msg_iov = traffic->iov;
	traffic->message.msg_iovlen = traffic->number;
	return traffic;
}

void call_traffic(struct worker *worker, bool dry)
{
	const struct traffic *traffic = traffic_choose(worker);
	sigset_t nudges, before;

	if (dry)
		return;
	/* No call waits, and none of those that prepare it must be interrupted. */
	sigemptyset(&nudges);
	sigaddset(&nudges, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &nudges, &before);
	traffic_make(traffic);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
