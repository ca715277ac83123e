// SPDX-License-Identifier: GPL-2.0
/*
 * What the helper does about events. tls_helper.c is compiled here, so that this test can send it
 * any number of them, and see which processes it looks at.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "sendtrace_tls.h"
#include "tls_process.h"
#include "watch.h"

static bool next_event(struct watch *watch, struct watch_event *event);
static void refreshed(struct watch *watch);
static void traced(struct tls_processes *processes, pid_t pid, uint64_t time);
static int traced_all(struct tls_processes *processes);
static int filter_set(struct sendtrace *trace, const struct sendtrace_filter *filter);

#define watch_next	      next_event
#define watch_refresh	      refreshed
#define tls_process_trace     traced
#define tls_process_trace_all traced_all
#define sendtrace_set_filter  filter_set
#include "../../user/sendread/tls_helper.c"
#undef watch_next
#undef watch_refresh
#undef tls_process_trace
#undef tls_process_trace_all
#undef sendtrace_set_filter

static struct work work;
static struct options options;

/* Events that come, and what was done. */
static struct {
	struct watch_event event;
	unsigned int events;
	bool other_pids;
	unsigned int refreshes, traces, all, filters;
	pid_t first_pid;
	uint64_t first_time;
	int filter_error;
} seen;

static bool next_event(struct watch *watch, struct watch_event *event)
{
	assert_non_null(watch);
	if (!seen.events)
		return false;
	seen.events--;
	*event = seen.event;
	if (seen.other_pids)
		seen.event.pid++;
	seen.event.time++;
	return true;
}

static void refreshed(struct watch *watch)
{
	assert_non_null(watch);
	seen.refreshes++;
}

static void traced(struct tls_processes *processes, pid_t pid, uint64_t time)
{
	assert_ptr_equal(processes, &work.processes);
	if (!seen.traces++) {
		seen.first_pid = pid;
		seen.first_time = time;
	}
}

static int traced_all(struct tls_processes *processes)
{
	assert_ptr_equal(processes, &work.processes);
	seen.all++;
	return 0;
}

static int filter_set(struct sendtrace *trace, const struct sendtrace_filter *filter)
{
	assert_null(trace);
	assert_ptr_equal(filter, &options.filter);
	seen.filters++;
	return seen.filter_error;
}

/* For processes called "wanted". */
static int start_work(void **state)
{
	(void)state;
	memset(&work, 0, sizeof(work));
	memset(&seen, 0, sizeof(seen));
	memset(&options, 0, sizeof(options));
	options.filter.nr_patterns = 1;
	strcpy(options.filter.patterns[0], "wanted");
	work.options = &options;
	work.processes.options = &options;
	work.watch = (struct watch *)&seen; /* not looked at */
	work.next_refresh = INT64_MAX;
	return 0;
}

static void maps(pid_t pid, unsigned int times)
{
	seen.event =
		(struct watch_event){ .kind = WATCH_MAPPED, .pid = pid, .time = 100 };
	seen.events = times;
}

static void is_named(pid_t pid, const char *name, bool is_exec)
{
	seen.event = (struct watch_event){
		.kind = WATCH_NAMED, .pid = pid, .is_exec = is_exec, .time = 100
	};
	strcpy(seen.event.name, name);
	seen.events = 1;
}

/* ---- What is mapped -------------------------------------------------------------------- */

static void a_process_is_looked_at_once_for_all_that_it_has_mapped(void **state)
{
	(void)state;
	maps(4711, 50);
	assert_int_equal(do_what_is_due(&work), REFRESH_MS);
	assert_int_equal(seen.traces, 1);
	assert_int_equal(seen.first_pid, 4711);
	/* As late as the first is. */
	assert_int_equal(seen.first_time, 100);
	assert_int_equal(seen.all, 0);
	do_what_is_due(&work);
	assert_int_equal(seen.traces, 1);
}

static void of_too_many_processes_all_are_looked_at(void **state)
{
	(void)state;
	seen.other_pids = true;
	maps(1000, DIRTY_MAX);
	do_what_is_due(&work);
	assert_int_equal(seen.traces, DIRTY_MAX);
	assert_int_equal(seen.all, 0);
	maps(1000, DIRTY_MAX + 1);
	do_what_is_due(&work);
	assert_int_equal(seen.traces, 2 * DIRTY_MAX);
	assert_int_equal(seen.all, 1);
	do_what_is_due(&work);
	assert_int_equal(seen.all, 1);
}

static void after_a_loss_all_are_looked_at(void **state)
{
	(void)state;
	seen.event.kind = WATCH_LOST;
	seen.events = 1;
	do_what_is_due(&work);
	assert_int_equal(seen.all, 1);
	assert_int_equal(seen.traces, 0);
}

static void processes_that_are_not_listed_do_not_matter(void **state)
{
	(void)state;
	options.filter.nr_pids = 1;
	options.filter.pids[0] = 4711;
	maps(4712, 1);
	do_what_is_due(&work);
	assert_int_equal(seen.traces, 0);
	maps(4711, 1);
	do_what_is_due(&work);
	assert_int_equal(seen.traces, 1);
}

/* However fast they come, something is done about them, and the rest is not forgotten. */
static void events_that_keep_coming_do_not_hold_it_up(void **state)
{
	(void)state;
	maps(4711, 10 * EVENTS_MAX);
	assert_int_equal(do_what_is_due(&work), 0);
	assert_int_equal(seen.events, 9 * EVENTS_MAX);
	assert_int_equal(seen.traces, 1);
}

static void once_a_second_it_looks_for_other_cpus_whatever_comes(void **state)
{
	(void)state;
	work.next_refresh = 0;
	maps(4711, 10 * EVENTS_MAX);
	do_what_is_due(&work);
	assert_int_equal(seen.refreshes, 1);
	do_what_is_due(&work);
	assert_int_equal(seen.refreshes, 1);
	assert_int_equal(seen.all, 0);
	work.next_refresh = clock_ms();
	do_what_is_due(&work);
	assert_int_equal(seen.refreshes, 2);
}

static void without_events_all_are_looked_at_once_a_second(void **state)
{
	(void)state;
	work.watch = NULL;
	work.next_refresh = 0;
	assert_int_equal(do_what_is_due(&work), REFRESH_MS);
	assert_int_equal(seen.all, 1);
	do_what_is_due(&work);
	assert_int_equal(seen.all, 1);
}

/* ---- Names ----------------------------------------------------------------------------- */

static void a_name_that_matches_makes_the_module_ask_again(void **state)
{
	(void)state;
	is_named(getpid(), "other", false);
	do_what_is_due(&work);
	assert_int_equal(seen.filters + seen.traces, 0);
	is_named(getpid(), "wanted", false);
	do_what_is_due(&work);
	assert_int_equal(seen.filters, 1);
	assert_int_equal(seen.traces, 1);
	/* Not at once: all forks on the host stop for a moment. */
	is_named(getpid(), "wanted", false);
	assert_in_range(do_what_is_due(&work), 1, REFRESH_MS);
	assert_int_equal(seen.filters, 1);
	assert_int_equal(work.nr_renamed, 1);
	work.next_refilter = clock_ms();
	do_what_is_due(&work);
	assert_int_equal(seen.filters, 2);
	assert_int_equal(work.nr_renamed, 0);
}

/* It has its name before it maps anything. */
static void a_program_that_is_executed_needs_no_question(void **state)
{
	(void)state;
	is_named(getpid(), "wanted", true);
	do_what_is_due(&work);
	assert_int_equal(seen.filters, 0);
	assert_true(tls_process_is_known(&work.processes, getpid()));
	/* Nor does a thread of it. */
	is_named(getpid(), "wanted", false);
	do_what_is_due(&work);
	assert_int_equal(seen.filters, 0);
	is_named(getpid(), "other", true);
	do_what_is_due(&work);
	assert_false(tls_process_is_known(&work.processes, getpid()));
}

static void many_names_are_one_question(void **state)
{
	(void)state;
	seen.other_pids = true;
	is_named(1000000, "wanted", false);
	seen.events = 3 * DIRTY_MAX;
	do_what_is_due(&work);
	assert_int_equal(seen.filters, 1);
	assert_int_equal(seen.all, 1);
}

static void do_it(void *arg)
{
	(void)arg;
	do_what_is_due(&work);
}

static void a_question_that_fails_is_told_once(void **state)
{
	(void)state;
	prctl(PR_SET_NAME, "wanted", 0, 0, 0);
	seen.filter_error = -ENOMEM;
	is_named(getpid(), "wanted", false);
	assert_string_equal(
		said_by(do_it, NULL),
		"sendread: processes whose names have changed are not traced: "
		"Cannot allocate memory\n");
	assert_false(tls_process_is_known(&work.processes, getpid()));
	work.next_refilter = 0;
	is_named(getpid(), "wanted", false);
	assert_string_equal(said_by(do_it, NULL), "");
	assert_int_equal(seen.filters, 2);
	seen.filter_error = 0;
	work.next_refilter = 0;
	is_named(getpid(), "wanted", false);
	do_what_is_due(&work);
	assert_true(tls_process_is_known(&work.processes, getpid()));
}

static void names_matter_only_if_some_do_not_match(void **state)
{
	struct sendtrace_filter filter = { .nr_patterns = 1, .patterns = { "." } };

	(void)state;
	assert_false(needs_names(&filter));
	strcpy(filter.patterns[0], "*");
	assert_false(needs_names(&filter));
	strcpy(filter.patterns[0], "server");
	assert_true(needs_names(&filter));
	filter.nr_patterns = 0;
	filter.nr_pids = 1;
	assert_false(needs_names(&filter));
}

/* ---- Its end --------------------------------------------------------------------------- */

/* Nobody has the other end of its orders any more. */
static void wait_in_vain(void)
{
	int ends[2];

	if (pipe(ends) || dup2(ends[0], STDIN_FILENO) < 0)
		_exit(2);
	close(ends[1]);
	work.watch = NULL;
	work.next_refresh = INT64_MAX;
	for (;;)
		wait_for_more(&work);
}

static void it_ends_with_the_pipe_of_its_orders(void **state)
{
	(void)state;
	assert_int_equal(in_child(wait_in_vain), 0);
}

#define helper_case(function) cmocka_unit_test_setup(function, start_work)

int main(void)
{
	const struct CMUnitTest tests[] = {
		helper_case(a_process_is_looked_at_once_for_all_that_it_has_mapped),
		helper_case(of_too_many_processes_all_are_looked_at),
		helper_case(after_a_loss_all_are_looked_at),
		helper_case(processes_that_are_not_listed_do_not_matter),
		helper_case(events_that_keep_coming_do_not_hold_it_up),
		helper_case(once_a_second_it_looks_for_other_cpus_whatever_comes),
		helper_case(without_events_all_are_looked_at_once_a_second),
		helper_case(a_name_that_matches_makes_the_module_ask_again),
		helper_case(a_program_that_is_executed_needs_no_question),
		helper_case(many_names_are_one_question),
		helper_case(a_question_that_fails_is_told_once),
		helper_case(names_matter_only_if_some_do_not_match),
		helper_case(it_ends_with_the_pipe_of_its_orders),
	};

	message_set_program("sendread");
	return run_all("tls_helper", tests);
}
