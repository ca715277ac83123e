// SPDX-License-Identifier: GPL-2.0
/* Destinations that are not simply the address of the call or the connected peer. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "expect.h"

static int udp_receiver(const char *ip, struct address *at)
{
	struct address any = inet_address(ip, 0);
	int fd = bound_socket(SOCK_DGRAM, &any);

	*at = local_address(fd);
	return fd;
}

static void check_received(int fd, const char *want)
{
	char bytes[64] = "";

	must(read(fd, bytes, sizeof(bytes) - 1), "reading a datagram");
	check(strcmp(bytes, want) == 0, "expected '%s' at the receiver, got '%s'", want,
	      bytes);
}

static void send_part(int fd, const char *text, int flags, const struct address *to,
		      const struct where *where)
{
	long ret = to ? traced_sendto(fd, text, strlen(text), flags, to, where) :
			traced_send(fd, text, strlen(text), flags, where);

	check_equal(ret, strlen(text), "what the send of '%s' returned", text);
}

/* ---- A datagram under way -------------------------------------------------------- */

/* Three calls make one datagram, which goes to the first one's address. */
static void more_of(const char *ip, const char *other_ip, const char *shown_ip)
{
	struct address to, other = inet_address(other_ip, 7002), shown;
	int receiver = udp_receiver(ip, &to);
	int fd = must(socket(other.sa.ss_family, SOCK_DGRAM, 0), "socket");
	struct where first, rest;

	shown = inet_address(shown_ip, ntohs(((struct sockaddr_in *)&to.sa)->sin_port));
	first = to_address(fd, &to);
	rest = to_address(fd, &shown);
	send_part(fd, "head-", MSG_MORE, &to, &first);
	send_part(fd, "body-", MSG_MORE, NULL, &rest);
	send_part(fd, "tail", 0, &other, &rest);
	check_received(receiver, "head-body-tail");
	/* The next one is another datagram. */
	first = to_address(fd, &other);
	send_part(fd, "other", 0, &other, &first);
}

static void more(void)
{
	more_of("127.0.0.2", "127.0.0.3", "127.0.0.2");
	more_of("::1", "::1", "::1");
	more_of("127.0.0.2", "::ffff:127.0.0.3", "::ffff:127.0.0.2");
}

/* The same by the socket's option, on a socket that is connected elsewhere. */
static void corked(void)
{
	struct address to, other = udp_sink("127.0.0.3");
	int receiver = udp_receiver("127.0.0.2", &to), on = 1, off = 0;
	int fd = connected_socket(SOCK_DGRAM, &other);
	struct where where = to_address(fd, &to), peer = to_peer(fd);

	must(setsockopt(fd, IPPROTO_UDP, UDP_CORK, &on, sizeof(on)), "UDP_CORK");
	send_part(fd, "head-", 0, &to, &where);
	send_part(fd, "body-", 0, NULL, &where);
	send_part(fd, "tail", 0, &other, &where);
	must(setsockopt(fd, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)), "UDP_CORK");
	check_received(receiver, "head-body-tail");
	send_part(fd, "connected", 0, NULL, &peer);
}

/* ---- One socket, many associations ------------------------------------------------ */

static int sctp_listener(struct address *at)
{
	struct address any = inet_address("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);

	if (fd < 0)
		skip("this kernel has no SCTP");
	must(bind(fd, (struct sockaddr *)&any.sa, any.len), "bind");
	must(listen(fd, 4), "listen");
	*at = local_address(fd);
	return fd;
}

static void sctp(void)
{
	struct address first, second;
	int one = sctp_listener(&first), other = sctp_listener(&second);
	int fd = must(socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP), "SCTP socket");
	struct where where = to_address(fd, &second);

	must(connect(fd, (struct sockaddr *)&first.sa, first.len), "connect");
	send_part(fd, "second", 0, &second, &where);
	check_received(other, "second");
	where = to_address(fd, &first);
	send_part(fd, "first", 0, &first, &where);
	check_received(one, "first");
}

/* ---- Addresses of the wrong kind --------------------------------------------------- */

static void refused(int fd, const struct address *to, const struct where *where,
		    int error)
{
	check_errno(traced_sendto(fd, "refused", 7, 0, to, where), error, "sendto");
}

static void wrong_kinds(void)
{
	struct address peer = udp_sink("127.0.0.2"), peer6 = udp_sink("::1");
	int fd = connected_socket(SOCK_DGRAM, &peer);
	int fd6 = connected_socket(SOCK_DGRAM, &peer6);
	int un = must(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");
	struct address to = inet_address("127.0.0.1", 7001);
	struct address to6 = inet_address("::1", 7001);
	struct where nowhere = to_nowhere(AF_INET), where;

	where = to_doubtful(fd, &to6, "asked");
	refused(fd, &to6, &where, EAFNOSUPPORT);
	where = to_doubtful(un, &to, "asked");
	refused(un, &to, &where, EINVAL);
	to.len = sizeof(struct sockaddr_in) - 1;
	where = to_doubtful(fd, &to, "asked");
	refused(fd, &to, &where, EINVAL);
	to.len = 0;
	refused(fd, &to, &nowhere, EINVAL);
	to.len = sizeof(to.sa) + 1;
	refused(fd, &to, &nowhere, EINVAL);
	/* Longer than needed: the rest is ignored. */
	to.len = sizeof(to.sa);
	where = to_address(fd, &to);
	send_part(fd, "long", 0, &to, &where);
	/* Family 0 is IPv4, and for IPv6 no address at all. */
	to.sa.ss_family = AF_UNSPEC;
	send_part(fd, "zero", 0, &to, &where);
	to6.sa.ss_family = AF_UNSPEC;
	where = to_peer(fd6);
	send_part(fd6, "zero", 0, &to6, &where);
}

/* It arrives at loopback, but nothing says so when the call returns. */
static void unspecified_of(const char *ip, const char *loopback)
{
	struct address at, to;
	int receiver = udp_receiver(loopback, &at);
	int fd = must(socket(at.sa.ss_family, SOCK_DGRAM, 0), "socket");
	struct where where;

	to = inet_address(ip, ntohs(((struct sockaddr_in *)&at.sa)->sin_port));
	where = to_doubtful(fd, &to, "asked");
	send_part(fd, "unspecified", 0, &to, &where);
	check_received(receiver, "unspecified");
	must(connect(fd, (struct sockaddr *)&to.sa, to.len), "connect");
	where = to_peer(fd);
	send_part(fd, "connected", 0, NULL, &where);
	check_received(receiver, "connected");
}

static void unspecified(void)
{
	unspecified_of("0.0.0.0", "127.0.0.1");
	unspecified_of("::", "::1");
}

/* The header of the caller's own says 127.0.0.2, the call 127.0.0.3. */
static void own_header(void)
{
	struct address at, to = inet_address("127.0.0.3", 0);
	int receiver = udp_receiver("127.0.0.2", &at);
	int fd = must(socket(AF_INET, SOCK_RAW, IPPROTO_RAW), "raw socket");
	struct where where = to_doubtful(fd, &to, "asked");
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[4];
	} packet = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(INADDR_LOOPBACK),
			.daddr = htonl(INADDR_LOOPBACK + 1) },
		.udp = { .dest = ((struct sockaddr_in *)&at.sa)->sin_port,
			 .len = htons(sizeof(struct udphdr) + 3) },
		.text = "own",
	};

	check_equal(traced_sendto(fd, &packet, sizeof(packet) - 1, 0, &to, &where),
		    sizeof(packet) - 1, "sendto with a header");
	check_received(receiver, "own");
	must(connect(fd, (struct sockaddr *)&to.sa, to.len), "connect");
	check_equal(traced_send(fd, &packet, sizeof(packet) - 1, 0, &where),
		    sizeof(packet) - 1, "send with a header");
}

/* ---- Link-local addresses ----------------------------------------------------------- */

static struct address link_local(const char *ip, uint32_t scope)
{
	struct address to = inet_address(ip, 7001);

	((struct sockaddr_in6 *)&to.sa)->sin6_scope_id = scope;
	return to;
}

static void send_scoped(int fd, const struct address *to, const char *scope)
{
	struct where where = to_address(fd, to);

	where.scope = scope;
	send_part(fd, "scoped", 0, to, &where);
}

/* The argument is the name of an interface with a link-local address. */
static void scope(void)
{
	const char *name = case_args[0];
	uint32_t number = if_nametoindex(name);
	struct address to = link_local("fe80::42", number);
	int fd = must(socket(AF_INET6, SOCK_DGRAM, 0), "socket"), connected;
	struct where where;

	send_scoped(fd, &to, name);
	connected = connected_socket(SOCK_DGRAM, &to);
	where = to_peer(connected);
	where.scope = name;
	send_part(connected, "connected", 0, NULL, &where);
	to = link_local("ff02::1", number);
	send_scoped(fd, &to, name);
	where = to_address(fd, &to);
	where.scope = name;
	send_part(fd, "head", MSG_MORE, &to, &where);
	send_part(fd, "tail", 0, NULL, &where);
	/* No scope is named: the interface that the socket is bound to. */
	must(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name)),
	     "SO_BINDTODEVICE");
	to = link_local("fe80::42", 0);
	send_scoped(fd, &to, name);
	/* An address of the whole internet has none, whatever the caller says. */
	to = link_local("::1", number);
	fd = must(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	send_scoped(fd, &to, NULL);
}

/* Interface 1 of another namespace need not be called what ours is called. */
static void scope_elsewhere(void)
{
	struct address to = link_local("fe80::42", 1);
	struct where where;
	int fd;

	must(unshare(CLONE_NEWNET), "unshare");
	fd = must(socket(AF_INET6, SOCK_DGRAM, 0), "socket");
	where = to_address(fd, &to);
	where.scope = "1";
	check(traced_sendto(fd, "x", 1, 0, &to, &where) < 0,
	      "expected an interface that is down to refuse");
}

/* ---- A program of the cgroup ---------------------------------------------------------- */

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

/* user_ip4 = 127.0.0.2; allow the call */
static int load_redirection(void)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_2,
		  .imm = (int)htonl(INADDR_LOOPBACK + 1) },
		{ .code = BPF_STX | BPF_MEM | BPF_W,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_REG_2,
		  .off = offsetof(struct bpf_sock_addr, user_ip4) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
		.expected_attach_type = BPF_CGROUP_UDP4_SENDMSG,
		.insn_cnt = COUNT_OF(code),
		.insns = (uintptr_t)code,
		.license = (uintptr_t) "GPL",
	};
	int program = bpf(BPF_PROG_LOAD, &attr);

	if (program < 0 && (errno == ENOSYS || errno == EINVAL))
		skip("this kernel has no BPF programs for cgroups");
	return must(program, "loading a BPF program");
}

static void move_to(const char *folder)
{
	int procs, cgroup = must(open(folder, O_PATH | O_DIRECTORY), "the cgroup");

	procs = must(openat(cgroup, "cgroup.procs", O_WRONLY), "cgroup.procs");
	must(write(procs, "0", 1), "moving to the cgroup");
	close(procs);
	close(cgroup);
}

/* The argument is the folder of a cgroup. */
static void redirected(void)
{
	union bpf_attr attr = { .attach_type = BPF_CGROUP_UDP4_SENDMSG };
	struct address at, to = inet_address("127.0.0.1", 0);
	int receiver = udp_receiver("127.0.0.2", &at), fd;
	struct where where;

	attr.attach_bpf_fd = load_redirection();
	move_to(case_args[0]);
	fd = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
	((struct sockaddr_in *)&to.sa)->sin_port =
		((struct sockaddr_in *)&at.sa)->sin_port;
	where = to_address(fd, &to);
	send_part(fd, "before", 0, &to, &where);
	attr.target_fd = must(open(case_args[0], O_RDONLY | O_DIRECTORY), "the cgroup");
	must(bpf(BPF_PROG_ATTACH, &attr), "attaching a BPF program");
	where.doubt = "asked";
	send_part(fd, "redirected", 0, &to, &where);
	check_received(receiver, "redirected");
	/* What the socket is connected to is not redirected. */
	must(connect(fd, (struct sockaddr *)&at.sa, at.len), "connect");
	where = to_peer(fd);
	send_part(fd, "connected", 0, NULL, &where);
	check_received(receiver, "connected");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "more", more },
		{ "corked", corked },
		{ "sctp", sctp },
		{ "wrong_kinds", wrong_kinds },
		{ "unspecified", unspecified },
		{ "own_header", own_header },
		{ "scope", scope },
		{ "scope_elsewhere", scope_elsewhere },
		{ "redirected", redirected },
		{},
	};

	return run_cases(argc, argv, cases);
}
