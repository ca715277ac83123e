// SPDX-License-Identifier: GPL-2.0
/* Who may trace: root of the initial user namespace, at open() and at START. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <linux/capability.h>
#include <unistd.h>

#include "check.h"
#include "tracer.h"

enum {
	NOBODY = 65534
};

static void become_nobody(void)
{
	must(setgroups(0, NULL), "setgroups");
	must(setresgid(NOBODY, NOBODY, NOBODY), "setresgid");
	must(setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
}

static void open_refused(void *arg)
{
	become_nobody();
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), *(int *)arg, "open by uid 65534");
	check_errno(open(SENDTRACE_DEVICE, O_RDONLY), *(int *)arg,
		    "open for reading by uid 65534");
}

static void by_mode(void)
{
	int want = EACCES;
	struct stat stat_of;

	must(stat(SENDTRACE_DEVICE, &stat_of), "stat");
	check_equal(stat_of.st_mode & 07777, 0600, "the device's mode");
	check_equal(stat_of.st_uid, 0, "the device's owner");
	in_child(open_refused, &want);
}

/* A device mode that admits everybody does not give the right to trace. */
static void by_capability(void)
{
	int want = EPERM;

	must(chmod(SENDTRACE_DEVICE, 0666), "chmod");
	in_child(open_refused, &want);
	must(chmod(SENDTRACE_DEVICE, 0600), "chmod");
}

/* uid 0, but without CAP_SYS_ADMIN. */
static void open_without_capability(void *arg)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	(void)arg;
	must(syscall(SYS_capget, &header, data), "capget");
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	must(syscall(SYS_capset, &header, data), "capset");
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), EPERM, "open without CAP_SYS_ADMIN");
	check_errno(open("/proc/sendtrace/stats", O_RDONLY), EPERM,
		    "the counters without CAP_SYS_ADMIN");
	check_errno(open("/proc/sendtrace/sessions", O_RDONLY), EPERM,
		    "the list of sessions without CAP_SYS_ADMIN");
}

static void root_without_capability(void)
{
	in_child(open_without_capability, NULL);
}

/* CAP_SYS_ADMIN in one's own user namespace is not enough. */
static void open_in_namespace(void *arg)
{
	(void)arg;
	become_nobody();
	must(unshare(CLONE_NEWUSER), "a user namespace");
	check_errno(open(SENDTRACE_DEVICE, O_RDWR), EPERM,
		    "open with CAP_SYS_ADMIN in a user namespace");
}

static void user_namespace(void)
{
	must(chmod(SENDTRACE_DEVICE, 0666), "chmod");
	in_child(open_in_namespace, NULL);
	must(chmod(SENDTRACE_DEVICE, 0600), "chmod");
}

static void start_passed(void *arg)
{
	struct tracer *tracer = arg;
	char room[4096];

	become_nobody();
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_START), EPERM,
		    "START of a session that root has opened");
	check_errno(read(tracer->fd, room, sizeof(room)), EPERM,
		    "read of a session that root has opened");
}

static void passed_descriptor(void)
{
	struct tracer tracer;

	tracer_open(&tracer);
	in_child(start_passed, &tracer);
	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	in_child(start_passed, &tracer);
	/* The failed read() has not chosen read() for the session. */
	tracer_map(&tracer);
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_START), 0, "START by root after that");
}

/* As rmmod does it, with the kernel's own answer. */
static void unload_refused(void)
{
	struct tracer tracer;

	tracer_open(&tracer);
	check_errno(syscall(SYS_delete_module, "sendtrace", O_NONBLOCK), EWOULDBLOCK,
		    "unloading while a session is open");
	tracer_config(&tracer, tracer.info.ring_size_min, 0, 0);
	tracer_start(&tracer);
	check_errno(syscall(SYS_delete_module, "sendtrace", O_NONBLOCK), EWOULDBLOCK,
		    "unloading while a session runs");
	tracer_map(&tracer);
	must(close(tracer.fd), "close");
	check_errno(syscall(SYS_delete_module, "sendtrace", O_NONBLOCK), EWOULDBLOCK,
		    "unloading while a ring is mapped");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "by_mode", by_mode },
		{ "by_capability", by_capability },
		{ "root_without_capability", root_without_capability },
		{ "user_namespace", user_namespace },
		{ "passed_descriptor", passed_descriptor },
		{ "unload_refused", unload_refused },
		{},
	};

	return run_cases(argc, argv, cases);
}
