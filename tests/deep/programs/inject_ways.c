// SPDX-License-Identifier: GPL-2.0
/*
 * Faults in calls of every way, and in what the module does of them: its copies of addresses, of
 * payloads at the return and later, and of arrays. Whatever fails, the records say what the
 * caller was told; and no byte is missing that was sent or received, since a failed copy is
 * repeated before the thread continues.
 *
 * A child makes the calls. It has the traced name only while it makes one, so its other calls are
 * nobody's. After each call it waits until the parent has looked at its records.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "inject.h"
#include "inject_table.h"

enum {
	RING_SIZE = 1 << 20,
};

struct result {
	long ret;
	bool hit;
	bool last;
};

/* The results of all attempts of one subject. */
struct outcome {
	int places;
	int failed;
	int absorbed;
	int without_event;
};

static int results[2], turns[2];

/* ---- The child ------------------------------------------------------------------------- */

static void tell(const struct result *result)
{
	char turn;

	must(write(results[1], result, sizeof(*result)), "telling the parent");
	must(read(turns[0], &turn, 1), "waiting for the parent");
}

static bool attempt(struct subject *subject, unsigned int nth)
{
	struct result result;

	subject_prepare(subject);
	prctl(PR_SET_NAME, "injected");
	fault_set(nth);
	result.ret = subject_make(subject);
	if (result.ret < 0)
		result.ret = -errno;
	result.hit = fault_end();
	prctl(PR_SET_NAME, "helper");
	subject_clean(subject);
	result.last = !result.hit || nth == NTH_MAX;
	tell(&result);
	return !result.last;
}

static void attempt_all(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "helper");
	fault_open();
	subjects_open();
	for (int i = 0; i < subjects; i++) {
		unsigned int nth = 1;

		while (attempt(&subject[i], nth))
			nth++;
	}
}

/* ---- The parent -------------------------------------------------------------------------- */

static bool is_async(const struct sendtrace_event *event)
{
	return event->call == SENDTRACE_CALL_IO_URING_SEND ||
	       event->call == SENDTRACE_CALL_IO_URING_RECV;
}

/* Bytes @from on of the subject's text; all that should be there, unless nobody can repeat. */
static void check_payload(const struct subject *subject, const struct records *records,
			  const struct sendtrace_event *event, size_t from)
{
	size_t len = event->frag_len + event->cap_len;
	char *bytes = joined_payload(records, event);

	check(len <= LONG_TEXT - from && memcmp(bytes, subject_text() + from, len) == 0,
	      "%s: the bytes from %zu on are those of the caller", subject->name, from);
	free(bytes);
	if (event->ret < 0 || event->why == SENDTRACE_WHY_NOT_COPIED ||
	    (is_async(event) && event->why != SENDTRACE_WHY_COMPLETE))
		return;
	check_equal(event->why, SENDTRACE_WHY_COMPLETE, "%s: why", subject->name);
	check_equal(len, event->ret, "%s: bytes shown", subject->name);
}

struct seen {
	size_t bytes;
	int events;
	int failed;
	long last_error;
};

static struct seen look_at(const struct subject *subject, const struct records *records)
{
	struct seen seen = { 0 };

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *event = as_event(records->record[i]);

		if (!event || event->rec.type != subject->type)
			continue;
		seen.events++;
		if (event->ret < 0) {
			seen.failed++;
			seen.last_error = event->ret;
		}
		if (subject->way)
			check_payload(subject, records, event, seen.bytes);
		if (subject->way && event->ret > 0)
			seen.bytes += event->ret;
	}
	return seen;
}

/*
 * What the caller was told, and what was recorded. A call that fails before it comes to the
 * socket, or after it has left it (the sender's name cannot be written), has no event, or a good
 * one.
 */
static void compare(const struct subject *subject, const struct result *result,
		    const struct seen *seen, struct outcome *outcome)
{
	if (result->ret < 0) {
		outcome->failed++;
		outcome->without_event += !seen->events;
		check(seen->events <= 1, "%s failed: expected at most one event, got %d",
		      subject->name, seen->events);
		if (seen->failed)
			check_equal(seen->last_error, result->ret, "%s: the errno",
				    subject->name);
		else if (seen->events)
			check_equal(result->ret, -EFAULT, "%s failed after its event",
				    subject->name);
		return;
	}
	outcome->absorbed += result->hit;
	check(seen->events - seen->failed >= 1, "%s has an event", subject->name);
	if (!subject->way)
		return;
	check_equal(seen->bytes, result->ret, "%s: bytes of all events", subject->name);
	check(seen->failed == 0 || subject->way->pages, "%s: no event of a failure",
	      subject->name);
}

/* Returns false if this was the subject's last attempt. */
static bool judge(struct tracer *tracer, const struct subject *subject,
		  struct outcome *outcome)
{
	struct records records = { 0 };
	struct result result;
	struct seen seen;

	if (read(results[0], &result, sizeof(result)) != sizeof(result))
		die("the child ended at %s", subject->name);
	tracer_read(tracer, &records);
	check_records(&records);
	seen = look_at(subject, &records);
	compare(subject, &result, &seen, outcome);
	records_free(&records);
	outcome->places += result.hit;
	if (!result.hit)
		check_equal(result.ret, subject->success, "%s without a fault",
			    subject->name);
	must(write(turns[1], "", 1), "letting the child go on");
	return !result.last;
}

static void report(const struct subject *subject, const struct outcome *outcome)
{
	printf("%s: %d points, %d calls failed, %d of them before or behind the socket, %d succeeded all the same\n",
	       subject->name, outcome->places, outcome->failed, outcome->without_event,
	       outcome->absorbed);
	check(outcome->places >= subject->places, "expected at least %d points in %s",
	      subject->places, subject->name);
	check(outcome->absorbed >= subject->copies,
	      "expected %d failed copies of the module's at least in %s", subject->copies,
	      subject->name);
}

void inject_ways(void)
{
	struct tracer tracer;
	pid_t child;

	must(pipe(results), "pipe");
	must(pipe(turns), "pipe");
	subjects_choose();
	tracer_open(&tracer);
	tracer_config_calls(&tracer, RING_SIZE, SENDTRACE_CALLS_ALL);
	tracer_filter(&tracer, "injected");
	tracer_map(&tracer);
	tracer_start(&tracer);
	child = start_child(attempt_all, NULL);
	close(results[1]);
	for (int i = 0; i < subjects; i++) {
		struct outcome outcome = { 0 };

		while (judge(&tracer, &subject[i], &outcome))
			;
		report(&subject[i], &outcome);
	}
	end_child(child);
	check_equal(tracer_stats(&tracer).lost[0], 0, "lost");
	tracer_close(&tracer);
}
