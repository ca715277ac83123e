// SPDX-License-Identifier: GPL-2.0
/*
 * Becomes another program, which then lacks something.
 *
 *	without capability NUMBER COMMAND...	root, without this capability
 *	without others NUMBER COMMAND...	root, with this capability alone
 *	without root NUMBER COMMAND...		uid 1000, with this capability alone
 *	without capset COMMAND...		capset() fails with EPERM
 */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

enum {
	OTHER_USER = 1000
};

static void become(char **command)
{
	execvp(command[0], command);
	die("expected a command, not '%s'", command[0]);
}

/* Root's programs get the capabilities of the bounding set. */
static void bound_to(int number, bool with)
{
	int other;

	for (other = 0; prctl(PR_CAPBSET_READ, other) >= 0; other++)
		if ((other == number) != with)
			must(prctl(PR_CAPBSET_DROP, other), "PR_CAPBSET_DROP");
}

static void capability(void)
{
	bound_to(atoi(case_args[0]), false);
	become(case_args + 1);
}

static void others(void)
{
	bound_to(atoi(case_args[0]), true);
	become(case_args + 1);
}

static void root(void)
{
	struct __user_cap_header_struct header = { .version =
							   _LINUX_CAPABILITY_VERSION_3 };
	int number = atoi(case_args[0]);
	unsigned int bit = 1U << number % 32;
	struct __user_cap_data_struct data[2] = {};

	must(prctl(PR_SET_KEEPCAPS, 1), "PR_SET_KEEPCAPS");
	must(setgroups(0, NULL), "setgroups");
	must(setresgid(OTHER_USER, OTHER_USER, OTHER_USER), "setresgid");
	must(setresuid(OTHER_USER, OTHER_USER, OTHER_USER), "setresuid");
	data[number / 32].effective = bit;
	data[number / 32].permitted = bit;
	data[number / 32].inheritable = bit;
	must(syscall(SYS_capset, &header, data), "capset");
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0), "PR_CAP_AMBIENT");
	become(case_args + 1);
}

static void capset(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_capset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT_OF(filter), .filter = filter };

	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
	become(case_args);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "capability", capability },
		{ "others", others },
		{ "root", root },
		{ "capset", capset },
		{},
	};

	return run_cases(argc, argv, cases);
}
