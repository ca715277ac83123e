// SPDX-License-Identifier: GPL-2.0
/*
 * Who can do what with the device: the rows of SECURITY.md, except for those that
 * tests/guest/access.c tests.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

enum {
	NOBODY = 65534
};

static void write_file(const char *path, const char *text)
{
	int fd = must(open(path, O_WRONLY), path);

	must(write(fd, text, strlen(text)), path);
	close(fd);
}

static void become_nobody(void)
{
	must(setgroups(0, NULL), "setgroups");
	must(setresgid(NOBODY, NOBODY, NOBODY), "setresgid");
	must(setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
}

static void keep_only(uint64_t capabilities)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = capabilities, .permitted = capabilities, .inheritable = 0 },
		{ .effective = capabilities >> 32, .permitted = capabilities >> 32 },
	};

	must(syscall(SYS_capset, &header, data), "capset");
}

static void send_traced(void *arg)
{
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	prctl(PR_SET_NAME, arg);
	must(send(fd, arg, strlen(arg), 0), "send");
}

static void check_traces(struct tracer *tracer)
{
	struct records records = { 0 };

	in_child(send_traced, "rights");
	tracer_read(tracer, &records);
	check_equal(records.number, 1, "records");
}

/* ---- Root in a container ---------------------------------------------------------------- */

/* Uid 0 with all capabilities in its own user namespace and in what belongs to that. */
static void in_container(void *arg)
{
	int fd;

	(void)arg;
	must(unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET),
	     "new namespaces");
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 0 1");
	write_file("/proc/self/gid_map", "0 0 1");
	check_equal(getuid(), 0, "uid in the container");
	/* It is privileged in there: this needs CAP_SYS_ADMIN. */
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount in the container");
	fd = open(SENDTRACE_DEVICE, O_RDWR);
	check_errno(fd, EPERM, "open by root of a container");
	check_errno(open(SENDTRACE_DEVICE, O_RDONLY), EPERM,
		    "open for reading by root of a container");
	check_errno(open("/proc/sendtrace/sessions", O_RDONLY), EPERM,
		    "the list of sessions, although it belongs to the host's uid 0");
	check_errno(open("/proc/sendtrace/stats", O_RDONLY), EPERM, "the counters");
	check_errno(syscall(SYS_delete_module, "sendtrace", O_NONBLOCK), EPERM,
		    "unloading by root of a container");
}

/* As in most containers: its root has another uid outside. */
static void in_mapped_container(void *arg)
{
	(void)arg;
	become_nobody();
	must(prctl(PR_SET_DUMPABLE, 1), "PR_SET_DUMPABLE");
	must(unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS), "new namespaces");
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", "0 65534 1");
	check_equal(getuid(), 0, "uid in the container");
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), EACCES,
		    "open by root of a container that is uid 65534 outside");
	check_errno(open("/proc/sendtrace/sessions", O_RDONLY), EACCES,
		    "the list of sessions");
}

static void container(void)
{
	in_child(in_container, NULL);
	in_child(in_mapped_container, NULL);
}

/* Root of the host passes a session's descriptor to root of a container. */
static void start_in_container(void *arg)
{
	struct tracer *tracer = arg;

	must(unshare(CLONE_NEWUSER), "a user namespace");
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_START), EPERM,
		    "START by root of a container");
}

static void container_start(void)
{
	struct tracer tracer;

	tracer_open(&tracer);
	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	in_child(start_in_container, &tracer);
	tracer_start(&tracer);
	check_traces(&tracer);
	tracer_close(&tracer);
}

/* ---- Capabilities ---------------------------------------------------------------------- */

static void trace_with_sys_admin(void *arg)
{
	struct tracer tracer;

	(void)arg;
	keep_only(1ULL << CAP_SYS_ADMIN);
	tracer_begin(&tracer, "rights", true);
	check_traces(&tracer);
	tracer_close(&tracer);
}

/* For uid 0, who owns the device, this capability alone is enough. */
static void sys_admin_alone(void)
{
	in_child(trace_with_sys_admin, NULL);
}

static void trace_as_nobody_with(void *arg)
{
	struct tracer tracer;

	must(prctl(PR_SET_KEEPCAPS, 1), "PR_SET_KEEPCAPS");
	become_nobody();
	keep_only(*(uint64_t *)arg);
	tracer_begin(&tracer, "rights", false);
	check_traces(&tracer);
	tracer_close(&tracer);
}

static void refused_as_nobody_with(void *arg)
{
	must(prctl(PR_SET_KEEPCAPS, 1), "PR_SET_KEEPCAPS");
	become_nobody();
	keep_only(*(uint64_t *)arg);
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), EACCES,
		    "open by a uid that the device's mode refuses");
}

/* For another uid the device's mode must allow it, too. */
static void sys_admin_of_other_uid(void)
{
	uint64_t sys_admin = 1ULL << CAP_SYS_ADMIN;

	in_child(refused_as_nobody_with, &sys_admin);
	must(chmod(SENDTRACE_DEVICE, 0666), "chmod");
	in_child(trace_as_nobody_with, &sys_admin);
	must(chmod(SENDTRACE_DEVICE, 0600), "chmod");
}

/* All capabilities but this one are not enough. */
static void open_with_all_others(void *arg)
{
	uint64_t all = (2ULL << CAP_LAST_CAP) - 1;

	(void)arg;
	keep_only(all & ~(1ULL << CAP_SYS_ADMIN));
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), EPERM,
		    "open with all capabilities but CAP_SYS_ADMIN");
}

static void all_but_sys_admin(void)
{
	in_child(open_with_all_others, NULL);
}

/* ---- A passed descriptor ------------------------------------------------------------------ */

static void send_descriptor(int to, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .header = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec byte = { "x", 1 };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	must(sendmsg(to, &message, 0), "sendmsg");
}

static int receive_descriptor(int from)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec room = { &byte, 1 };
	struct msghdr message = { .msg_iov = &room,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	int fd;

	must(recvmsg(from, &message, 0), "recvmsg");
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void use_passed(void *arg)
{
	struct sendtrace_filter any = { 0 };
	struct tracer tracer = { 0 };
	struct pollfd pollfd;
	struct records records = { 0 };

	become_nobody();
	tracer.fd = receive_descriptor(*(int *)arg);
	pollfd = (struct pollfd){ tracer.fd, POLLIN, 0 };
	must(ioctl(tracer.fd, SENDTRACE_IOC_INFO, &tracer.info), "INFO");
	check_equal(poll(&pollfd, 1, 0), 1, "poll() of a passed session");
	tracer_read(&tracer, &records);
	check_equal(records.number, 1, "records read from a passed session");
	check_equal(tracer_stats(&tracer).captured, 1, "STATS of a passed session");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_FILTER, &any), EPERM,
		    "FILTER, which would show more than was passed");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_STOP), 0, "STOP of a passed session");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_START), EPERM,
		    "START of a passed session");
}

/* A process that was passed a session may read its records, and no more. */
static void passed_descriptor(void)
{
	struct tracer tracer;
	int ends[2];
	pid_t child;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), "socketpair");
	tracer_begin(&tracer, "rights", false);
	in_child(send_traced, "rights");
	child = start_child(use_passed, &ends[1]);
	send_descriptor(ends[0], tracer.fd);
	end_child(child);
	tracer_start(&tracer);
	check_traces(&tracer);
	tracer_close(&tracer);
}

/* ---- What every process sees ---------------------------------------------------------- */

static void look_as_nobody(void *arg)
{
	(void)arg;
	become_nobody();
	check_errno(open("/proc/sendtrace/stats", O_RDONLY), EACCES, "the counters");
	check_errno(open("/proc/sendtrace/sessions", O_RDONLY), EACCES,
		    "the list of sessions");
	check_errno(open(SENDTRACE_DEVICE, O_RDONLY), EACCES, "the device");
	check_errno(syscall(SYS_delete_module, "sendtrace", O_NONBLOCK), EPERM,
		    "unloading");
}

static void unprivileged(void)
{
	in_child(look_as_nobody, NULL);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "unprivileged", unprivileged },
		{ "container", container },
		{ "container_start", container_start },
		{ "sys_admin_alone", sys_admin_alone },
		{ "sys_admin_of_other_uid", sys_admin_of_other_uid },
		{ "all_but_sys_admin", all_but_sys_admin },
		{ "passed_descriptor", passed_descriptor },
		{},
	};

	return run_cases(argc, argv, cases);
}
