// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes are looked at, and what is done about what was found. tls_process.c is compiled
 * here with a search and a module that this test answers.
 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "cache.h"
#include "find.h"
#include "tls_library.h"

static int found_by(pid_t pid, struct tls_cache *cache, struct tls_found *found,
		    const char **why);
static enum tls_named named_by(struct sendtrace *trace, const struct options *options,
			       const struct tls_library *library,
			       const struct tls_mapping *mapping);
static void freed(struct tls_found *found);

#define tls_find	 found_by
#define tls_found_free	 freed
#define tls_library_name named_by
#include "../../user/sendread/tls_process.c"
#undef tls_find
#undef tls_found_free
#undef tls_library_name

enum {
	CHILDREN = 3,
};

static pid_t children[CHILDREN];
static struct options options;
static struct tls_processes processes;

/* What is found in each child, and what the module says of it. */
static struct {
	int errors[CHILDREN];
	const char *why;
	size_t libraries;
	bool changed;
	enum tls_named named[CHILDREN];
	unsigned int searches, names, held;
	struct tls_mapping mapping;
} world;

static unsigned int nth_of(pid_t pid)
{
	unsigned int nth;

	for (nth = 0; nth < CHILDREN && children[nth] != pid; nth++)
		;
	if (nth == CHILDREN)
		fail_msg("process %d was not asked for", (int)pid);
	return nth;
}

static int found_by(pid_t pid, struct tls_cache *cache, struct tls_found *found,
		    const char **why)
{
	static struct tls_library libraries[4];
	int error = world.errors[nth_of(pid)];

	assert_null(cache);
	*found = (struct tls_found){ .libraries = libraries,
				     .number = world.libraries,
				     .changed = world.changed };
	world.searches++;
	world.held += !error;
	*why = world.why;
	return error;
}

static void freed(struct tls_found *found)
{
	(void)found;
	world.held--;
}

static enum tls_named named_by(struct sendtrace *trace, const struct options *asked,
			       const struct tls_library *library,
			       const struct tls_mapping *mapping)
{
	assert_null(trace);
	assert_ptr_equal(asked, &options);
	assert_non_null(library);
	world.mapping = *mapping;
	world.names++;
	return world.named[nth_of(mapping->pid)];
}

static int start_world(void **state)
{
	unsigned int i;

	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&processes, 0, sizeof(processes));
	memset(&options, 0, sizeof(options));
	world.why = "it is said why";
	world.libraries = 1;
	processes.options = &options;
	for (i = 0; i < CHILDREN; i++)
		options.filter.pids[i] = (uint32_t)children[i];
	options.filter.nr_pids = CHILDREN;
	return 0;
}

static int result;

static void look(void *arg)
{
	(void)arg;
	result = tls_process_look(&processes);
}

static void trace_all(void *arg)
{
	(void)arg;
	result = tls_process_trace_all(&processes);
}

static void trace_first(void *arg)
{
	(void)arg;
	tls_process_trace(&processes, children[0], 99);
}

/* ---- Looking --------------------------------------------------------------------------- */

static void only_processes_that_were_asked_for_are_looked_at(void **state)
{
	(void)state;
	assert_string_equal(said_by(look, NULL), "");
	assert_int_equal(result, 0);
	assert_int_equal(world.searches, CHILDREN);
	assert_int_equal(world.names, 0);
	options.filter.nr_pids = 1;
	look(NULL);
	assert_int_equal(world.searches, CHILDREN + 1);
	strcpy(options.filter.patterns[0], "nobody");
	options.filter.nr_patterns = 1;
	look(NULL);
	assert_int_equal(world.searches, CHILDREN + 1);
	strcpy(options.filter.patterns[0], "ch?ld");
	look(NULL);
	assert_int_equal(world.searches, CHILDREN + 2);
	assert_int_equal(world.held, 0);
}

static void one_that_ends_or_cannot_be_looked_at_does_not_end_the_search(void **state)
{
	char expected[128];

	(void)state;
	world.errors[0] = -ESRCH;
	world.errors[1] = -EACCES;
	world.errors[2] = -EFBIG;
	said_by(look, NULL);
	assert_int_equal(result, 0);
	assert_int_equal(world.searches, CHILDREN);
	/* Once, whatever a process does. */
	assert_string_equal(said_by(trace_all, NULL), "");
	assert_int_equal(result, 0);
	assert_int_equal(processes.nr_without, 0);
	world.errors[2] = 0;
	start_world(NULL);
	world.errors[0] = -EACCES;
	snprintf(expected, sizeof(expected),
		 "sendread: cannot look for TLS libraries in process %d: it is said why: "
		 "Permission denied\n",
		 (int)children[0]);
	assert_string_equal(said_by(trace_first, NULL), expected);
	assert_string_equal(said_by(trace_first, NULL), "");
}

static void what_is_wrong_for_all_ends_it_with_a_message(void **state)
{
	(void)state;
	world.errors[0] = world.errors[1] = world.errors[2] = -EPERM;
	assert_non_null(strstr(said_by(look, NULL),
			       ": it is said why: Operation not permitted\n"));
	assert_int_equal(result, -EIO);
	assert_int_equal(world.searches, 1);
	assert_string_equal(said_by(trace_all, NULL), "");
	assert_int_equal(result, -EIO);
	start_world(NULL);
	world.errors[0] = world.errors[1] = world.errors[2] = -ENOPKG;
	assert_string_equal(
		said_by(look, NULL),
		"sendread: it is said why: install libcapstone4 or libcapstone5 "
		"(Debian, Ubuntu) or capstone (Fedora), of the version that sendread "
		"was built with\n");
}

/* ---- Tracing --------------------------------------------------------------------------- */

static void a_process_that_changes_is_looked_at_again_but_not_for_ever(void **state)
{
	(void)state;
	world.named[0] = TLS_CHANGED;
	trace_first(NULL);
	assert_int_equal(world.searches, TRIES);
	world.named[0] = TLS_NAMED;
	world.changed = true;
	trace_first(NULL);
	assert_int_equal(world.searches, 2 * TRIES);
	assert_int_equal(world.held, 0);
}

static void what_is_found_after_the_begin_is_late(void **state)
{
	(void)state;
	trace_all(NULL);
	assert_int_equal(result, 0);
	assert_false(world.mapping.is_late);
	assert_int_equal(world.mapping.time, 0);
	trace_first(NULL);
	assert_true(world.mapping.is_late);
	assert_int_equal(world.mapping.time, 99);
	assert_int_equal(world.mapping.pid, children[0]);
}

static void one_that_fails_for_good_ends_it(void **state)
{
	(void)state;
	world.named[0] = world.named[1] = world.named[2] = TLS_FAILED;
	trace_all(NULL);
	assert_int_equal(result, -EIO);
	assert_int_equal(world.names, 1);
	assert_int_equal(world.held, 0);
}

static void say_without(void *arg)
{
	(void)arg;
	tls_process_say_without(&processes);
}

static void those_without_a_library_are_named(void **state)
{
	char expected[128];

	(void)state;
	world.named[0] = world.named[2] = TLS_NOT_NAMED;
	trace_all(NULL);
	assert_int_equal(processes.nr_without, 2);
	snprintf(
		expected, sizeof(expected),
		"sendread: PID %d ('child'), %d ('child') map no TLS library that can be "
		"traced\n",
		(int)processes.without[0], (int)processes.without[1]);
	assert_string_equal(said_by(say_without, NULL), expected);
	world.named[2] = TLS_NAMED;
	trace_all(NULL);
	snprintf(expected, sizeof(expected),
		 "sendread: PID %d ('child') maps no TLS library that can be traced\n",
		 (int)children[0]);
	assert_string_equal(said_by(say_without, NULL), expected);
	processes.nr_without = TLS_WITHOUT + 5;
	assert_non_null(
		strstr(said_by(say_without, NULL), " and 5 more map no TLS library"));
	/* Of everyone, most have none. */
	options.filter.nr_pids = 0;
	options.filter.nr_patterns = 1;
	strcpy(options.filter.patterns[0], ".");
	assert_string_equal(said_by(say_without, NULL), "");
}

/* ---- Known processes --------------------------------------------------------------------- */

static void a_process_is_known_by_its_id_and_its_start(void **state)
{
	unsigned int row = (unsigned int)children[0] % TLS_KNOWN;

	(void)state;
	assert_false(tls_process_is_known(&processes, children[0]));
	tls_process_note(&processes, children[0], true);
	assert_true(tls_process_is_known(&processes, children[0]));
	assert_false(tls_process_is_known(&processes, children[1]));
	/* Another process has got its id. */
	processes.known[row].started++;
	assert_false(tls_process_is_known(&processes, children[0]));
	tls_process_note(&processes, children[0], true);
	assert_true(tls_process_is_known(&processes, children[0]));
	/* One that has the same row does not take it away unless it is known. */
	tls_process_note(&processes, children[0] + TLS_KNOWN, false);
	assert_true(tls_process_is_known(&processes, children[0]));
	tls_process_note(&processes, children[0], false);
	assert_false(tls_process_is_known(&processes, children[0]));
}

/* They live as long as this program. */
static int start_children(void **state)
{
	int ready[2];
	unsigned int i;
	char byte;

	(void)state;
	if (pipe(ready))
		return -1;
	for (i = 0; i < CHILDREN; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			prctl(PR_SET_NAME, "child", 0, 0, 0);
			if (write(ready[1], "r", 1) == 1)
				pause();
			_exit(1);
		}
	}
	for (i = 0; i < CHILDREN; i++)
		if (read(ready[0], &byte, 1) != 1)
			return -1;
	return 0;
}

static int end_children(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < CHILDREN; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	return 0;
}

#define process_case(function) cmocka_unit_test_setup(function, start_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_case(only_processes_that_were_asked_for_are_looked_at),
		process_case(
			one_that_ends_or_cannot_be_looked_at_does_not_end_the_search),
		process_case(what_is_wrong_for_all_ends_it_with_a_message),
		process_case(a_process_that_changes_is_looked_at_again_but_not_for_ever),
		process_case(what_is_found_after_the_begin_is_late),
		process_case(one_that_fails_for_good_ends_it),
		process_case(those_without_a_library_are_named),
		process_case(a_process_is_known_by_its_id_and_its_start),
	};

	message_set_program("sendread");
	alarm(TEST_SECONDS);
	return cmocka_run_group_tests_name("tls_process", tests, start_children,
					   end_children);
}
