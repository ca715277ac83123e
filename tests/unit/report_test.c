// SPDX-License-Identifier: GPL-2.0
/* What sendread prints when a trace begins, for a device that says what it cannot see. */
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

static const struct source_ops fake_ops = { .info = fake_info, .rings = fake_rings };
static struct source source = { .ops = &fake_ops };
static struct sendtrace trace = { .source = &source };

/* Returns what a session of @events on a kernel that misses @missing prints at its start. */
static const char *started(uint32_t events, uint32_t missing, bool quiet)
{
	static char text[TEXT_MAX];
	struct sendtrace_config config = { .events = events, .ring_size = 4096 };
	struct options options = { .quiet = quiet };
	int file = memfd_create("messages", 0), saved = dup(STDERR_FILENO);
	ssize_t size;

	assert_true(file >= 0 && saved >= 0);
	info.events_missing = missing;
	dup2(file, STDERR_FILENO);
	report_started(&options, &trace, &config);
	dup2(saved, STDERR_FILENO);
	size = pread(file, text, sizeof(text) - 1, 0);
	close(saved);
	close(file);
	assert_true(size >= 0);
	text[size] = '\0';
	return text;
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

static void quiet_does_not_suppress_that_warning(void **state)
{
	(void)state;
	assert_string_equal(started(SENDTRACE_EVENTS_SEND, SENDTRACE_EVENTS_SEND, true),
			    unseen);
}

static void events_that_are_not_recorded_cause_no_warning(void **state)
{
	(void)state;
	assert_string_equal(started(SENDTRACE_EVENTS_SEND, SENDTRACE_EVENTS_ACCEPT, true),
			    "");
	assert_string_equal(started(SENDTRACE_EVENTS_ALL, 0, true), "");
	assert_null(strstr(started(SENDTRACE_EVENTS_ALL, 0, false), "not seen"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(calls_that_are_not_seen_are_warned_of),
		test_case(quiet_does_not_suppress_that_warning),
		test_case(events_that_are_not_recorded_cause_no_warning),
	};

	message_set_program("sendread");
	return run_all("report", tests);
}
