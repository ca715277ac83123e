// SPDX-License-Identifier: GPL-2.0
/* Address families that are shown by their number. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

static struct address address_from(const void *sockaddr, socklen_t len)
{
	struct address address = { .len = len };

	memcpy(&address.sa, sockaddr, len);
	return address;
}

static void netlink(void)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct address to = address_from(&kernel, sizeof(kernel));
	int fd = must(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), "netlink socket");
	struct where where = to_nowhere(AF_NETLINK);
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_REQUEST,
	};

	check_equal(traced_send(fd, &request, sizeof(request), 0, &where),
		    sizeof(request), "send on a netlink socket");
	check_equal(traced_sendto(fd, &request, sizeof(request), 0, &to, &where),
		    sizeof(request), "sendto on a netlink socket");
}

static void packet(void)
{
	struct sockaddr_ll lo = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_802_3),
		.sll_ifindex = if_nametoindex("lo"),
		.sll_halen = 6,
	};
	struct address to = address_from(&lo, sizeof(lo));
	int fd = must(socket(AF_PACKET, SOCK_DGRAM, 0), "packet socket");
	struct where where = to_nowhere(AF_PACKET);

	check_equal(traced_sendto(fd, "frame", 5, 0, &to, &where), 5,
		    "sendto on a packet socket");
}

static void vsock(void)
{
	struct sockaddr_vm local = {
		.svm_family = AF_VSOCK,
		.svm_cid = VMADDR_CID_LOCAL,
		.svm_port = 4020,
	};
	struct address name = address_from(&local, sizeof(local));
	struct where where = to_nowhere(AF_VSOCK);
	int listening, near;

	listening = listener(SOCK_STREAM, &name);
	near = connected_socket(SOCK_STREAM, &name);
	check_equal(traced_send(near, "vsock", 5, 0, &where), 5, "send on a vsock");
	close(near);
	close(listening);
}

/* Descriptors that are no sockets. */
static void no_socket(void)
{
	struct where where = to_nowhere(0);
	int null = must(open("/dev/null", O_WRONLY), "opening /dev/null");
	int path = must(open("/", O_PATH), "opening / as a path");

	check_errno(traced_send(null, "file", 4, 0, &where), ENOTSOCK, "send on a file");
	check_errno(traced_send(999, "nothing", 7, 0, &where), EBADF,
		    "send on a descriptor that is not open");
	check_errno(traced_send(-1, "less", 4, 0, &where), EBADF, "send on -1");
	check_errno(traced_send(path, "path", 4, 0, &where), EBADF, "send on O_PATH");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "netlink", netlink },
		{ "packet", packet },
		{ "vsock", vsock },
		{ "no_socket", no_socket },
		{},
	};

	return run_cases(argc, argv, cases);
}
