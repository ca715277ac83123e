// SPDX-License-Identifier: GPL-2.0
/* What sendread prints when a trace begins, of losses while it runs, and when it ends. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "left_out.h"
#include "message.h"
#include "options.h"
#include "report.h"
#include "session.h"

enum {
	TEXT_MAX = 4096
};

static const char unseen[] =
	"sendread: some calls are not seen: this kernel lacks a function "
	"to probe, 'dmesg' names it\n";

static struct sendtrace_info info;

static const struct sendtrace_info *fake_info(const struct source *source)
{
	(void)source;
	return &info;
}

static unsigned int fake_rings(const struct source *source)
{
	(void)source;
	return 2;
}

static struct sendtrace_stats stats;

static int fake_stats(struct source *source, struct sendtrace_stats *to)
{
	(void)source;
	*to = stats;
	return 0;
}

static const struct source_ops fake_ops = {
	.info = fake_info,
	.rings = fake_rings,
	.stats = fake_stats,
};
static struct source source = { .ops = &fake_ops };
static struct sendtrace trace = { .source = &source };

static int messages, saved_stderr;

static void catch_messages(void)
{
	messages = memfd_create("messages", 0);
	saved_stderr = dup(STDERR_FILENO);
	assert_true(messages >= 0 && saved_stderr >= 0);
	dup2(messages, STDERR_FILENO);
}

/* Return: what was printed since catch_messages(). */
static const char *caught(void)
{
	static char text[TEXT_MAX];
	ssize_t size;

	dup2(saved_stderr, STDERR_FILENO);
	size = pread(messages, text, sizeof(text) - 1, 0);
	close(saved_stderr);
	close(messages);
	assert_true(size >= 0);
	text[size] = '\0';
	return text;
}

/* Returns what a session of @events on a kernel that misses @missing prints at its start. */
static const char *started(uint32_t events, uint32_t missing, bool quiet)
{
	struct sendtrace_config config = { .events = events, .ring_size = 4096 };
	struct options options = { .quiet = quiet };

	info.events_missing = missing;
	catch_messages();
	report_started(&options, &trace, &config);
	return caught();
}

static void calls_that_are_not_seen_are_warned_of(void **state)
{
	const char *text = started(SENDTRACE_EVENTS_SEND, SENDTRACE_EVENTS_SEND, false);

	(void)state;
	assert_memory_equal(text, unseen, strlen(unseen));
	assert_non_null(strstr(text, "listening: "));
	assert_null(strstr(text + 1, unseen));
	text = started(SENDTRACE_EVENTS_ALL, SENDTRACE_EVENTS_ACCEPT, false);
	assert_non_null(strstr(text, unseen));
}

static void quiet_suppresses_that_warning(void **state)
{
	(void)state;
	assert_string_equal(started(SENDTRACE_EVENTS_SEND, SENDTRACE_EVENTS_SEND, true),
			    "");
}

static void events_that_are_not_recorded_cause_no_warning(void **state)
{
	(void)state;
	assert_null(strstr(started(SENDTRACE_EVENTS_SEND, SENDTRACE_EVENTS_ACCEPT, false),
			   "not seen"));
	assert_null(strstr(started(SENDTRACE_EVENTS_ALL, 0, false), "not seen"));
}

#define BIT(call) SENDTRACE_CALL_BIT(SENDTRACE_CALL_##call)

/* The same of a module that knows calls. */
static const char *started_with(uint64_t calls, uint64_t missing, bool quiet,
				bool verbose)
{
	struct sendtrace_config config = { .calls = calls, .ring_size = 4096 };
	struct options options = { .quiet = quiet, .verbose = verbose };

	info.events_missing = SENDTRACE_EVENTS_ALL;
	info.calls_missing = missing;
	catch_messages();
	report_started(&options, &trace, &config);
	return caught();
}

static void ways_that_are_missing_are_warned_of_by_name(void **state)
{
	uint64_t calls = BIT(SENDTO) | BIT(WRITE) | BIT(IO_URING_SEND) |
			 BIT(IO_URING_RECV);
	uint64_t missing = BIT(WRITE) | BIT(IO_URING_RECV) | BIT(CONNECT);

	(void)state;
	assert_non_null(strstr(started_with(calls, missing, false, false),
			       "sendread: not seen are the calls of write, io_uring "
			       "(recv): this kernel lacks a function to probe, 'dmesg' "
			       "names it\n"));
	assert_string_equal(started_with(calls, missing, true, false), "");
	assert_null(strstr(started_with(BIT(SENDTO), missing, false, false), "not seen"));
}

static void verbose_names_the_ways_that_are_seen_and_those_that_are_not(void **state)
{
	const char *text;

	(void)state;
	text = started_with(BIT(SENDTO) | BIT(WRITE) | BIT(READ), BIT(WRITE), true, true);
	assert_non_null(strstr(text, "sendread: records of sendto, read\n"));
	assert_non_null(strstr(text, "not seen are the calls of write:"));
	text = started_with(SENDTRACE_CALLS_ALL, 0, false, true);
	assert_non_null(strstr(text, "records of sendto, sendmsg, "));
	assert_non_null(strstr(text, ", connect, shutdown, close\n"));
	assert_null(strstr(text, "not seen"));
	/* An older module has set config.calls to 0. */
	info.calls_missing = 0;
	info.events_missing = 0;
	text = started_with(0, 0, false, true);
	assert_non_null(strstr(text, "records of nothing\n"));
}

static void sockets_that_were_forgotten_are_in_the_summary(void **state)
{
	struct tally one = { .forgotten = 1 }, many = { .forgotten = 7 };
	const char *text;

	(void)state;
	catch_messages();
	report_summary(&one, &trace);
	report_summary(&many, &trace);
	text = caught();
	assert_non_null(strstr(text, "\n1 socket forgotten: too many were open"));
	assert_non_null(strstr(text, "\n7 sockets forgotten: too many were open"));
}

/* ---- Losses ----------------------------------------------------------------------- */

static struct tally tally;

static int reset(void **state)
{
	(void)state;
	memset(&tally, 0, sizeof(tally));
	memset(&stats, 0, sizeof(stats));
	return 0;
}

static void counters_say(uint64_t lost, uint64_t missed)
{
	stats.lost[SENDTRACE_LOST_RING_FULL] = lost;
	stats.missed = missed;
	report_counters(&tally, &stats);
}

static void record_says(uint32_t cpu, uint64_t lost)
{
	const struct sendtrace_item item = {
		.lost = { .rec = { .type = SENDTRACE_RECORD_LOST, .cpu = cpu },
			  .count = lost,
			  .reasons[SENDTRACE_LOST_RING_FULL] = lost },
	};

	report_gap(&tally, &item);
}

static void gap_says(uint64_t missing)
{
	const struct sendtrace_item item = { .missing = missing };

	report_gap(&tally, &item);
}

/* Return: what is printed of all that is pending. */
static const char *pending(void)
{
	catch_messages();
	assert_int_equal(report_pending(&tally, true), -1);
	return caught();
}

static const char *at_the_end(uint64_t count)
{
	report_end(&tally, &stats, count);
	return pending();
}

static const char *summary(void)
{
	catch_messages();
	report_summary(&tally, &trace);
	return caught();
}

static void every_summary_says_what_was_left_out(void **state)
{
	const char *said;

	(void)state;
	left_out.number = 3;
	said = strstr(summary(), "3 events left out");
	assert_non_null(said);
	assert_null(strstr(said + 1, "3 events left out"));
	left_out.number = 0;
	assert_null(strstr(summary(), "left out"));
}

static void a_loss_that_a_record_reports_in_time_is_said_with_its_cpu(void **state)
{
	(void)state;
	counters_say(17, 0);
	assert_string_equal(pending(), "");
	record_says(3, 17);
	assert_string_equal(pending(), "sendread: cpu 3: 17 events lost: ring full\n");
	counters_say(17, 0);
	assert_string_equal(pending(), "");
	assert_string_equal(at_the_end(0), "");
}

static void a_loss_that_no_record_reports_is_said_once(void **state)
{
	(void)state;
	counters_say(17, 0);
	counters_say(20, 0);
	assert_string_equal(pending(), "sendread: 17 events lost: ring full\n");
	/* The record comes after all, with three more. */
	record_says(3, 20);
	assert_string_equal(pending(), "sendread: cpu 3: 3 events lost: ring full\n");
	counters_say(20, 0);
	assert_string_equal(pending(), "");
	assert_non_null(strstr(summary(), "\n20 events lost: ring full\n"));
}

static void a_loss_after_the_last_record_is_said_at_the_end(void **state)
{
	(void)state;
	record_says(0, 6);
	assert_string_equal(pending(), "sendread: cpu 0: 6 events lost: ring full\n");
	stats.lost[SENDTRACE_LOST_RING_FULL] = 187;
	assert_string_equal(at_the_end(0),
			    "sendread: at the end: 181 events lost: ring full\n");
	assert_string_equal(summary(), "0 events captured\n187 events lost: ring full\n");
}

static void calls_missed_are_said_once(void **state)
{
	const char *text;

	(void)state;
	counters_say(0, 4);
	text = pending();
	assert_memory_equal(text, "sendread: 4 calls missed: ", 26);
	counters_say(0, 4);
	assert_string_equal(pending(), "");
	stats.missed = 5;
	text = at_the_end(0);
	assert_memory_equal(text, "sendread: 1 call missed: ", 25);
	text = summary();
	assert_non_null(strstr(text, "\n5 calls missed: "));
}

static void events_that_may_stand_too_early_are_in_the_summary(void **state)
{
	(void)state;
	assert_null(strstr(summary(), "perhaps before an earlier one"));
	stats.early = 1;
	assert_non_null(strstr(summary(),
			       "\n1 event perhaps before an earlier one of the same "
			       "call: "));
	stats.early = 7;
	assert_non_null(strstr(summary(), "\n7 events perhaps before an earlier one"));
}

static void losses_are_said_at_most_once_a_second(void **state)
{
	(void)state;
	catch_messages();
	counters_say(0, 4);
	assert_int_equal(report_pending(&tally, false), -1);
	assert_true(tally.said > 0);
	/* However busy this machine is: the second has just begun. */
	tally.said += 60000;
	counters_say(0, 9);
	assert_true(report_pending(&tally, false) > 0);
	assert_null(strstr(caught(), "5 calls"));
}

static void a_gap_is_explained_only_by_losses_that_no_record_reports(void **state)
{
	(void)state;
	record_says(0, 6);
	gap_says(5);
	counters_say(6, 0);
	at_the_end(0);
	assert_int_equal(tally.unreported, 5);
	stats.lost[SENDTRACE_LOST_RING_FULL] = 9;
	at_the_end(0);
	assert_int_equal(tally.unreported, 2);
	assert_string_equal(summary(), "0 events captured\n9 events lost: ring full\n"
				       "2 events lost: unexplained sequence gap\n");
}

static void what_was_captured_is_printed_or_said_not_to_be(void **state)
{
	(void)state;
	stats.captured = 100;
	tally.printed = 70;
	at_the_end(0);
	assert_string_equal(
		summary(), "100 events captured\n30 events not printed\n0 events lost\n");
	/* With -c 80, 20 are not wanted. */
	at_the_end(80);
	assert_int_equal(tally.unprinted, 10);
	tally.skipped = 25;
	at_the_end(0);
	assert_int_equal(tally.unprinted, 5);
	at_the_end(70);
	assert_string_equal(summary(), "70 events captured\n0 events lost\n");
}

static void events_of_unknown_types_are_not_missing(void **state)
{
	(void)state;
	stats.captured = 10;
	tally.printed = 4;
	tally.skipped = 1;
	tally.unknown = 5;
	at_the_end(0);
	assert_int_equal(tally.unprinted, 0);
	/* Records of unknown types need not be events. */
	tally.unknown = 50;
	at_the_end(0);
	assert_int_equal(tally.unprinted, 0);
}

#define loss_case(function) cmocka_unit_test_setup(function, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(every_summary_says_what_was_left_out),
		test_case(calls_that_are_not_seen_are_warned_of),
		test_case(quiet_suppresses_that_warning),
		test_case(ways_that_are_missing_are_warned_of_by_name),
		test_case(verbose_names_the_ways_that_are_seen_and_those_that_are_not),
		test_case(sockets_that_were_forgotten_are_in_the_summary),
		test_case(events_that_are_not_recorded_cause_no_warning),
		loss_case(a_loss_that_a_record_reports_in_time_is_said_with_its_cpu),
		loss_case(a_loss_that_no_record_reports_is_said_once),
		loss_case(a_loss_after_the_last_record_is_said_at_the_end),
		loss_case(calls_missed_are_said_once),
		loss_case(events_that_may_stand_too_early_are_in_the_summary),
		loss_case(losses_are_said_at_most_once_a_second),
		loss_case(a_gap_is_explained_only_by_losses_that_no_record_reports),
		loss_case(what_was_captured_is_printed_or_said_not_to_be),
		loss_case(events_of_unknown_types_are_not_missing),
	};

	message_set_program("sendread");
	return run_all("report", tests);
}
