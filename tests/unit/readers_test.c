// SPDX-License-Identifier: GPL-2.0
/* Which processes are found in /proc: who reads our output, who has another name, who writes. */
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "left_out.h"
#include "message.h"
#include "names.h"
#include "pattern.h"
#include "process.h"
#include "readers.h"
#include "rights.h"
#include "scout.h"
#include "unseen.h"

enum {
	NR_CHILDREN = 4,
};

static pid_t children[NR_CHILDREN];
static unsigned int nr_children;
static struct readers readers;

/* A child with these descriptors as 0 and 1, and no others. */
static pid_t start_child(int in, int out)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		in = fcntl(in, F_DUPFD, 100);
		out = fcntl(out, F_DUPFD, 100);
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		for (int fd = 3; fd < 200; fd++)
			close(fd);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	assert_true(pid > 0);
	children[nr_children++] = pid;
	assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
	return pid;
}

static int end_children(void **state)
{
	(void)state;
	while (nr_children > 0) {
		kill(children[--nr_children], SIGKILL);
		waitpid(children[nr_children], NULL, 0);
	}
	return 0;
}

static void who_reads_a_pipe_is_found_even_through_others(void **state)
{
	int first[2], second[2], other[2], null = open("/dev/null", O_RDWR);
	pid_t near, far, none;

	(void)state;
	assert_int_equal(pipe(first) | pipe(second) | pipe(other), 0);
	near = start_child(first[0], second[1]);
	far = start_child(second[0], null);
	none = start_child(other[0], first[1]);
	assert_true(readers_init(first[1]));
	close(first[0]);
	readers_find(getpid(), &readers);
	assert_true(readers_have(&readers, (uint32_t)near));
	assert_true(readers_have(&readers, (uint32_t)far));
	assert_false(readers_have(&readers, (uint32_t)none));
	assert_false(readers_have(&readers, (uint32_t)getpid()));
	assert_false(readers_have(&readers, (uint32_t)getppid()));
	assert_int_equal(readers.nr, 2);
}

static void what_a_reader_starts_is_found(void **state)
{
	int ends[2], told[2], null = open("/dev/null", O_RDWR);
	pid_t reader, child;

	(void)state;
	assert_int_equal(pipe(ends) | pipe2(told, O_CLOEXEC), 0);
	reader = fork();
	if (reader == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		child = fork();
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(ends[0]);
			close(ends[1]);
			child = getpid();
			_exit(write(told[1], &child, sizeof(child)) < 0 || pause());
		}
		dup2(null, ends[1]);
		pause();
		_exit(0);
	}
	children[nr_children++] = reader;
	assert_int_equal(read(told[0], &child, sizeof(child)), sizeof(child));
	assert_true(readers_init(ends[1]));
	close(ends[0]);
	readers_find(getpid(), &readers);
	assert_true(readers_have(&readers, (uint32_t)reader));
	assert_true(readers_have(&readers, (uint32_t)child));
}

static void a_fifo_with_a_name_is_followed_as_well(void **state)
{
	char folder[] = "/tmp/readers.XXXXXX", path[64];
	int fifo, null = open("/dev/null", O_RDWR);
	pid_t reader;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	fifo = open(path, O_RDWR);
	reader = start_child(open(path, O_RDONLY), null);
	assert_true(readers_init(fifo));
	readers_find(getpid(), &readers);
	assert_true(readers_have(&readers, (uint32_t)reader));
	unlink(path);
	rmdir(folder);
}

static void who_connected_a_socket_is_found(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(readers_init(ends[0]));
	/* We made both: as if we had started sendread, which would be process 1. */
	readers_find(1, &readers);
	assert_true(readers_have(&readers, (uint32_t)getpid()));
}

/* As another user, with the right to look at processes, but not into their folders. */
static void look_without_read_search(void)
{
	static const cap_value_t kept[] = { CAP_SYS_PTRACE };

	if (rights_keep(kept, 1))
		_exit(2);
	readers_find(getpid(), &readers);
	_exit(readers.denied > 0 && readers.nr == 0 ? 0 : 1);
}

static void who_cannot_be_looked_at_is_counted(void **state)
{
	int ends[2], null = open("/dev/null", O_RDWR);

	(void)state;
	if (geteuid() != 0 || !rights_has(CAP_SETUID))
		skip();
	assert_int_equal(pipe(ends), 0);
	start_child(ends[0], null);
	assert_true(readers_init(ends[1]));
	close(ends[0]);
	assert_int_equal(in_child(look_without_read_search), 0);
	readers_find(getpid(), &readers);
	assert_int_equal(readers.nr, 1);
	assert_int_equal(readers.denied, 0);
}

static void files_and_terminals_have_no_readers(void **state)
{
	int null = open("/dev/null", O_RDWR), file = memfd_create("file", 0);

	(void)state;
	assert_false(readers_init(null));
	readers_find(getpid(), &readers);
	assert_int_equal(readers.nr, 0);
	assert_false(readers_init(file));
	readers_find(getpid(), &readers);
	assert_int_equal(readers.nr, 0);
}

/* ---- By way of the helper ------------------------------------------------------------ */

static void sleep_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

static void who_reads_only_later_is_left_out_then(void **state)
{
	const struct sendtrace_filter everyone = { .nr_patterns = 1,
						   .patterns = { "." } };
	int ends[2], null = open("/dev/null", O_RDWR), looks;
	pid_t late;

	(void)state;
	if (!rights_has(CAP_SYS_PTRACE) || !rights_has(CAP_DAC_READ_SEARCH))
		skip();
	assert_int_equal(pipe(ends), 0);
	assert_true(readers_init(ends[1]));
	assert_int_equal(scout_start(&everyone), 0);
	readers_find(getpid(), &readers);
	assert_int_equal(readers.nr, 0);
	left_out_begin(&readers);
	late = start_child(ends[0], null);
	assert_false(left_out_has((uint32_t)late));
	for (looks = 0; looks < 6000 && !left_out_has((uint32_t)late); looks++)
		sleep_ms(10);
	assert_true(left_out_has((uint32_t)late));
	assert_false(left_out_has(1));
	assert_int_equal(left_out.number, looks < 6000 ? 2 : 0);
	left_out.on = false;
	assert_false(left_out_has((uint32_t)late));
}

/* ---- Names --------------------------------------------------------------------------- */

static void patterns_match_as_in_the_module(void **state)
{
	(void)state;
	assert_true(pattern_matches(".", "anything"));
	assert_true(pattern_matches("mysqld", "mysqld"));
	assert_false(pattern_matches("mysql", "mysqld"));
	assert_false(pattern_matches("mysqld", "mysql"));
	assert_true(pattern_matches("systemd-resolved", "systemd-resolve"));
	assert_false(pattern_matches("systemd-xesolved", "systemd-resolve"));
	assert_true(pattern_matches("my*", "my"));
	assert_true(pattern_matches("*a?[b-d]", "xxaac"));
	assert_false(pattern_matches("*a?[!b-d]", "xxaac"));
	assert_true(pattern_matches("a\\*b", "a*b"));
	assert_false(pattern_matches("a\\*b", "axb"));
}

static void call_names_hint(void *arg)
{
	names_hint(arg);
}

static void call_warn(void *arg)
{
	readers_warn(&readers, arg);
}

/* Our own program has another name than we give ourselves. */
static void a_process_is_found_by_its_program(void **state)
{
	struct sendtrace_filter filter = { .nr_patterns = 1,
					   .patterns = { "readers_t*" } };
	char want[128];

	(void)state;
	prctl(PR_SET_NAME, "MainThread");
	filter.nr_pids = 1;
	filter.pids[0] = (uint32_t)getpid();
	snprintf(want, sizeof(want),
		 "process %d runs 'readers_test' under the name 'MainThread'", getpid());
	assert_non_null(strstr(said_by(call_names_hint, &filter), want));
	/* Only among the processes that are asked for. */
	filter.pids[0] = 1;
	assert_string_equal(said_by(call_names_hint, &filter), "");
	filter.nr_pids = 0;
	strcpy(filter.patterns[0], "Main*");
	assert_string_equal(said_by(call_names_hint, &filter), "");
}

/*
 * What a process says of its command line is in its memory, which one may wait for without end. The
 * copy of a program has another name on its command line, and is deleted while it runs.
 */
static void a_program_is_known_by_its_file_alone(void **state)
{
	char path[] = "/tmp/readers.XXXXXX", copy[128], program[PROCESS_PROGRAM_LEN];
	int closes[2], fd = mkostemp(path, O_CLOEXEC);
	struct pollfd end;
	pid_t pid;

	(void)state;
	snprintf(copy, sizeof(copy), "cp \"$(command -v sleep)\" %s && chmod 700 %s",
		 path, path);
	close(fd);
	assert_int_equal(system(copy) | pipe2(closes, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(path, "other", "1000", (char *)NULL);
		_exit(1);
	}
	children[nr_children++] = pid;
	/* Executing closes its copy: then nobody can write any more. */
	close(closes[1]);
	end = (struct pollfd){ .fd = closes[0] };
	assert_int_equal(poll(&end, 1, 60000), 1);
	assert_int_equal(unlink(path), 0);
	assert_true(process_program(pid, program));
	assert_string_equal(program, path + strlen("/tmp/"));
}

static void a_reader_is_warned_of_if_it_is_traced(void **state)
{
	struct sendtrace_filter filter = { .nr_patterns = 1, .patterns = { "Main*" } };

	(void)state;
	prctl(PR_SET_NAME, "MainThread");
	readers.nr = 1;
	readers.pids[0] = getpid();
	assert_non_null(strstr(said_by(call_warn, &filter), "--not-readers"));
	strcpy(filter.patterns[0], "mysqld");
	assert_string_equal(said_by(call_warn, &filter), "");
}

/* ---- Calls that are not seen ----------------------------------------------------------- */

static void call_say(void *arg)
{
	unseen_say(arg);
}

static void calls_of_write_are_counted_from_the_beginning_on(void **state)
{
	struct sendtrace_filter filter = { .nr_pids = 1 };
	int null = open("/dev/null", O_WRONLY), i;
	struct unseen unseen;

	(void)state;
	filter.pids[0] = (uint32_t)getpid();
	if (access("/proc/self/io", R_OK))
		skip();
	assert_int_equal(write(null, "x", 1), 1);
	unseen_begin(&filter);
	for (i = 0; i < 7; i++)
		assert_int_equal(write(null, "x", 1), 1);
	unseen_count(&filter, 0, &unseen);
	assert_int_equal(unseen.pid, getpid());
	assert_int_equal(unseen.writes, 7);
	assert_int_equal(unseen.others, 0);
	assert_non_null(strstr(said_by(call_say, &unseen), "7 write calls"));
	unseen_count(&filter, getpid(), &unseen);
	assert_int_equal(unseen.pid, 0);
	assert_string_equal(said_by(call_say, &unseen), "");
}

static void what_a_process_did_under_another_name_is_not_counted(void **state)
{
	struct sendtrace_filter filter = { .nr_pids = 1,
					   .nr_patterns = 1,
					   .patterns = { "later" } };
	int null = open("/dev/null", O_WRONLY);
	struct unseen unseen;

	(void)state;
	filter.pids[0] = (uint32_t)getpid();
	if (access("/proc/self/io", R_OK))
		skip();
	assert_int_equal(write(null, "x", 1), 1);
	prctl(PR_SET_NAME, "before");
	unseen_begin(&filter);
	prctl(PR_SET_NAME, "later");
	assert_int_equal(write(null, "x", 1), 1);
	unseen_count(&filter, 0, &unseen);
	assert_int_equal(unseen.pid, 0);
}

#define children_case(function) cmocka_unit_test_teardown(function, end_children)

int main(void)
{
	const struct CMUnitTest tests[] = {
		children_case(who_reads_a_pipe_is_found_even_through_others),
		children_case(what_a_reader_starts_is_found),
		children_case(a_fifo_with_a_name_is_followed_as_well),
		children_case(who_connected_a_socket_is_found),
		children_case(who_cannot_be_looked_at_is_counted),
		children_case(files_and_terminals_have_no_readers),
		children_case(who_reads_only_later_is_left_out_then),
		test_case(patterns_match_as_in_the_module),
		test_case(a_process_is_found_by_its_program),
		children_case(a_program_is_known_by_its_file_alone),
		test_case(a_reader_is_warned_of_if_it_is_traced),
		test_case(calls_of_write_are_counted_from_the_beginning_on),
		test_case(what_a_process_did_under_another_name_is_not_counted),
	};

	message_set_program("sendread");
	return run_all("readers", tests);
}
