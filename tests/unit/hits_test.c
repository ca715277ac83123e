// SPDX-License-Identifier: GPL-2.0
/* What is printed of the counters of each probe. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hits.h"

static char path[] = "/tmp/hits.XXXXXX";
static int stats;

static void write_stats(const char *text)
{
	assert_int_equal(ftruncate(stats, 0), 0);
	assert_int_equal(pwrite(stats, text, strlen(text), 0), strlen(text));
}

static int begin(void **state)
{
	(void)state;
	strcpy(strchr(path, '.'), ".XXXXXX");
	stats = mkstemp(path);
	return stats < 0;
}

static int end(void **state)
{
	(void)state;
	close(stats);
	return unlink(path);
}

/* Return: what is printed at the begin and at the end; in between @after is in the file. */
static const char *hits(const char *file, const char *after)
{
	int messages = memfd_create("messages", 0), stderr_was = dup(STDERR_FILENO);
	static char text[4096];
	ssize_t size;

	dup2(messages, STDERR_FILENO);
	hits_begin(file);
	write_stats(after);
	hits_end();
	hits_end();
	dup2(stderr_was, STDERR_FILENO);
	close(stderr_was);
	size = pread(messages, text, sizeof(text) - 1, 0);
	close(messages);
	assert_true(size >= 0);
	text[size] = '\0';
	return text;
}

static void each_probe_that_was_hit_or_missed_calls_is_printed(void **state)
{
	(void)state;
	write_stats("running 1\nhits 7\nhits_sendto 10\nmissed_sendto 2\nhits_write 5\n"
		    "hits_recv 5\nmissed_recv 3\ncpu0.hits_sendto 10\n");
	assert_string_equal(hits(path,
				 "hits 70\nhits_sendto 1000000000010\nmissed_sendto "
				 "2\nhits_write 5\nhits_recv 6\nmissed_recv 8\n"
				 "missed_close 9\nhits_new 1\ncpu0.hits_write 99\n"),
			    "probe sendto: 1000000000000 hits\n"
			    "probe recv: 1 hit, 5 missed\n"
			    "probe close: 0 hits, 9 missed\n"
			    "probe new: 1 hit\n");
}

static void a_module_without_such_counters_prints_nothing(void **state)
{
	(void)state;
	write_stats("running 1\nhits 7\n");
	assert_string_equal(hits(path, "running 1\nhits 9\n"), "");
}

static void counters_that_cannot_be_read_are_a_message(void **state)
{
	(void)state;
	assert_string_equal(hits("/nonexistent/stats", ""),
			    "sendtrace: hits of each way are not known: cannot read "
			    "'/nonexistent/stats': No such file or directory\n");
	assert_non_null(strstr(hits("/tmp", ""), "cannot read '/tmp': Is a directory"));
}

/* More probes than there is room for, names that are too long, and no end of line. */
static void a_file_of_another_kind_does_no_harm(void **state)
{
	static char text[80000];
	unsigned int i;

	(void)state;
	write_stats("");
	for (i = 0; i < 1000; i++)
		sprintf(text + strlen(text), "hits_%u 1\nhits_%u%040u 1\n", i, i, i);
	assert_non_null(strstr(hits(path, text), "probe 7: 1 hit\n"));
}

#define hits_case(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		hits_case(each_probe_that_was_hit_or_missed_calls_is_printed),
		hits_case(a_module_without_such_counters_prints_nothing),
		hits_case(counters_that_cannot_be_read_are_a_message),
		hits_case(a_file_of_another_kind_does_no_harm),
	};

	return run_all("hits", tests);
}
