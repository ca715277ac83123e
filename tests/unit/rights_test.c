// SPDX-License-Identifier: GPL-2.0
/* What is left of a process's rights after they were given up, and of its helper's; as root, or not. */
#include "child.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "left_out.h"
#include "message.h"
#include "process.h"
#include "rights.h"
#include "scout.h"

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

/* ---- The helper ----------------------------------------------------------------------- */

static const struct sendtrace_filter everyone = { .nr_patterns = 1, .patterns = { "." } };

/* Not started: it has ended, and the caller knows. */
static void check_no_helper(void)
{
	signal(SIGPIPE, SIG_IGN);
	must(scout_start(&everyone) == -EPIPE);
	must(wait(NULL) > 0);
}

static void check_close_range(void)
{
	forbid(436);
	check_no_helper();
}

static void check_helper_capset(void)
{
	forbid(SYS_capset);
	check_no_helper();
}

static void a_helper_that_must_not_go_on_is_missed(void **state)
{
	(void)state;
	if (!was_root)
		skip();
	assert_int_equal(in_child(check_close_range), 0);
	assert_int_equal(in_child(check_helper_capset), 0);
}

static void check_refused_with(cap_value_t capability)
{
	must(rights_keep(&capability, 1) == 0);
	must(scout_start(&everyone) == -EPERM);
}

static void check_ptrace_alone(void)
{
	check_refused_with(CAP_SYS_PTRACE);
}

static void check_read_search_alone(void)
{
	check_refused_with(CAP_DAC_READ_SEARCH);
}

static void it_needs_both_capabilities(void **state)
{
	(void)state;
	assert_int_equal(in_child(check_ptrace_alone), 0);
	assert_int_equal(in_child(check_read_search_alone), 0);
}

static pid_t helper;

static bool find_helper(pid_t pid, void *arg)
{
	uint64_t started;
	pid_t parent;

	(void)arg;
	if (process_stat(pid, &parent, &started) && parent == getpid())
		helper = pid;
	return !helper;
}

static void start_helper(void)
{
	signal(SIGPIPE, SIG_IGN);
	must(scout_start(&everyone) == 0);
	process_each(find_helper, NULL);
	must(helper > 0);
}

static void check_ready(void)
{
	char name[SENDTRACE_COMM_LEN], text[4096];

	start_helper();
	must(process_name(helper, name) && !strcmp(name, "sendread-helper"));
	must(process_read(helper, "status", text, sizeof(text)) > 0);
	must(strstr(text, "\nCapPrm:\t0000000000080004\n"));
}

static void it_is_ready_at_once(void **state)
{
	(void)state;
	if (!was_root)
		skip();
	assert_int_equal(in_child(check_ready), 0);
}

/* As from the end of a trace on, signals come all the time. */
static void tick(int number)
{
	static int ticks;

	(void)number;
	if (++ticks == 5)
		kill(helper, SIGCONT);
}

static void check_ticks(void)
{
	const struct timeval time = { .tv_usec = 10000 };
	const struct itimerval timer = { .it_value = time, .it_interval = time };
	const struct sigaction action = { .sa_handler = tick };
	struct unseen unseen;

	start_helper();
	kill(helper, SIGSTOP);
	must(waitpid(helper, NULL, WUNTRACED) == helper);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	must(scout_count_unseen(&unseen));
}

static void signals_do_not_end_the_wait_for_its_answer(void **state)
{
	(void)state;
	if (!was_root)
		skip();
	assert_int_equal(in_child(check_ticks), 0);
}

static void leave_out(void *arg)
{
	const struct readers nobody = { .nr = 0 };
	int i;

	(void)arg;
	left_out_begin(&nobody);
	left_out.looked -= 1000;
	for (i = 0; i < 10; i++)
		left_out_has(1);
}

static void check_gone(void)
{
	const char *said;

	start_helper();
	kill(helper, SIGKILL);
	must(waitpid(helper, NULL, 0) == helper);
	said = said_by(leave_out, NULL);
	must(strstr(said, "sendread-helper has ended"));
	must(strchr(said, '\n') == strrchr(said, '\n'));
}

static void its_end_is_told_once_where_it_matters(void **state)
{
	(void)state;
	if (!was_root)
		skip();
	assert_int_equal(in_child(check_gone), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(nothing_is_left),
		test_case(nothing_can_be_given_up_twice_without_harm),
		test_case(what_is_to_be_kept_is_kept),
		test_case(a_failure_is_told),
		test_case(a_helper_that_must_not_go_on_is_missed),
		test_case(it_needs_both_capabilities),
		test_case(it_is_ready_at_once),
		test_case(signals_do_not_end_the_wait_for_its_answer),
		test_case(its_end_is_told_once_where_it_matters),
	};

	was_root = geteuid() == 0 && rights_has(CAP_SETUID) && rights_has(CAP_SETPCAP);
	message_set_program("sendread");
	return run_all("rights", tests);
}
