// SPDX-License-Identifier: GPL-2.0
/* What is left of a process's rights after they were given up; as root, or as anybody else. */
#include "child.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "message.h"
#include "rights.h"

/* A child cannot use cmocka's assertions. */
#define must(condition)                                                           \
	do {                                                                      \
		if (!(condition)) {                                               \
			fprintf(stderr, "# line %d: %s\n", __LINE__, #condition); \
			_exit(1);                                                 \
		}                                                                 \
	} while (0)

static bool was_root;

/* Does /proc/self/status have this line? */
static bool has_line(const char *line)
{
	FILE *file = fopen("/proc/self/status", "r");
	char text[256];
	bool has = false;

	while (!has && file && fgets(text, sizeof(text), file))
		has = strcmp(text, line) == 0;
	if (file)
		fclose(file);
	return has;
}

static void check_dropped(void)
{
	must(rights_drop() == 0);
	must(has_line("CapInh:\t0000000000000000\n"));
	must(has_line("CapPrm:\t0000000000000000\n"));
	must(has_line("CapEff:\t0000000000000000\n"));
	must(has_line("CapAmb:\t0000000000000000\n"));
	must(has_line("NoNewPrivs:\t1\n"));
	must(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
	must(!rights_has(CAP_SYS_ADMIN));
	if (!was_root)
		return;
	must(has_line("CapBnd:\t0000000000000000\n"));
	must(has_line("Uid:\t65534\t65534\t65534\t65534\n"));
	must(has_line("Gid:\t65534\t65534\t65534\t65534\n"));
	must(has_line("Groups:\t \n"));
	must(setuid(0) == -1);
	must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1);
}

static void nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_dropped), 0);
}

static void check_twice(void)
{
	must(rights_drop() == 0);
	must(rights_drop() == 0);
}

static void nothing_can_be_given_up_twice_without_harm(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_twice), 0);
}

static void check_kept(void)
{
	static const cap_value_t kept[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };

	must(rights_keep(kept, 2) == 0);
	must(!rights_has(CAP_SYS_ADMIN));
	if (!was_root)
		return;
	must(rights_has(CAP_SYS_PTRACE));
	must(has_line("CapPrm:\t0000000000080004\n"));
	must(has_line("CapBnd:\t0000000000000000\n"));
	must(has_line("Uid:\t65534\t65534\t65534\t65534\n"));
}

static void what_is_to_be_kept_is_kept(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_kept), 0);
}

/* Make a system call fail. */
static void forbid(unsigned int number)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void drop_in_vain(void *arg)
{
	(void)arg;
	must(rights_drop() < 0);
}

static void check_forbidden(unsigned int number, const char *word)
{
	forbid(number);
	must(strstr(said_by(drop_in_vain, NULL), word));
}

static void check_capset(void)
{
	check_forbidden(SYS_capset, "Operation not permitted");
}

/* This one fails only as root, who becomes another user. */
static void check_setuid(void)
{
	check_forbidden(SYS_setuid, "the change to uid 65534");
}

static void a_failure_is_told(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_capset), 0);
	if (was_root)
		assert_int_equal(in_child(check_setuid), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(nothing_is_left),
		test_case(nothing_can_be_given_up_twice_without_harm),
		test_case(what_is_to_be_kept_is_kept),
		test_case(a_failure_is_told),
	};

	was_root = geteuid() == 0 && rights_has(CAP_SETUID) && rights_has(CAP_SETPCAP);
	message_set_program("sendread");
	return run_all("rights", tests);
}
