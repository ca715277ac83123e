// SPDX-License-Identifier: GPL-2.0
/*
 * What a child's calls should show, and what a tracer sees of them: it compares all events that
 * came, so it would also find one too many.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "life_events.h"
#include "tracer.h"

enum {
	MOST = 64
};

/* Shared by parent and child. */
struct all_wanted {
	unsigned int number;
	struct wanted wanted[MOST];
};

static struct all_wanted *shared;

static const struct address anything = { .len = -1 };

struct wanted *want(int type, int call, int fd, long ret)
{
	struct wanted *wanted = &shared->wanted[shared->number++];

	if (shared->number == MOST)
		die("too many calls");
	*wanted = (struct wanted){ .type = type, .call = call, .fd = fd, .ret = ret };
	wanted->local = anything;
	wanted->peer = anything;
	return wanted;
}

struct wanted *last_wanted(void)
{
	return &shared->wanted[shared->number - 1];
}

/* ---- What the tracer does ---------------------------------------------------------- */

static int earlier(const void *left, const void *right)
{
	const struct sendtrace_record *a = *(void *const *)left;
	const struct sendtrace_record *b = *(void *const *)right;

	return a->time < b->time ? -1 : a->time > b->time;
}

static void compare_address(const struct address *want, const void *got, size_t len,
			    const char *what, unsigned int nth)
{
	if (want->len == (socklen_t)-1)
		return;
	if (check_equal(len, want->len, "the length of the %s address of event %u", what,
			nth))
		check(!memcmp(got, &want->sa, len), "the %s address of event %u", what,
		      nth);
}

static void compare(const struct wanted *want, const struct sendtrace_event *got,
		    unsigned int nth)
{
	check_equal(got->rec.type, want->type, "the type of event %u", nth);
	check_equal(got->call, want->call, "the call of event %u", nth);
	check_equal(got->fd, want->fd, "the descriptor of event %u", nth);
	check_equal(got->ret, want->ret, "what the call of event %u returned", nth);
	check_equal(got->flags, want->flags, "the flags of event %u", nth);
	check_equal(got->event_flags, want->event_flags, "event_flags of event %u", nth);
	check_equal(got->peer_pid, want->peer_pid, "the peer's process in event %u", nth);
	check_equal(got->cap_len + got->why, 0, "cap_len + why of event %u", nth);
	compare_address(&want->local, event_local(got), got->local_len, "local", nth);
	compare_address(&want->peer, event_peer(got), got->peer_len, "peer's", nth);
}

static bool can_be_missing(const struct wanted *want, bool before)
{
	return want->maybe || (want->maybe_behind && before);
}

static bool looks_like(const struct wanted *want, const struct sendtrace_event *got)
{
	return got->rec.type == want->type && got->call == want->call &&
	       got->ret == want->ret;
}

/* The next wanted event, from @nth on, but for those that are missing and may be. */
static unsigned int pass_missing(unsigned int nth, bool before,
				 const struct sendtrace_event *got)
{
	for (; nth < shared->number; nth++, before = false) {
		const struct wanted *want = &shared->wanted[nth];

		if (!can_be_missing(want, before) || (got && looks_like(want, got)))
			break;
	}
	return nth;
}

static void compare_all(const struct records *records)
{
	unsigned int nth = 0;
	bool before = false;

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *got = as_event(records->record[i]);

		if (!got)
			continue;
		nth = pass_missing(nth, before, got);
		before = nth < shared->number;
		if (before)
			compare(&shared->wanted[nth], got, nth);
		else
			check(false,
			      "one event too many: type %u, call %u, fd %d, ret %lld",
			      got->rec.type, got->call, got->fd, (long long)got->ret);
		nth += before;
	}
	nth = pass_missing(nth, before, NULL);
	check_equal(nth, shared->number, "events");
}

static void begin(struct tracer *tracer)
{
	tracer_open(tracer);
	tracer->config.calls = SENDTRACE_CALLS_ALL;
	must(ioctl(tracer->fd, SENDTRACE_IOC_CONFIG, &tracer->config), "CONFIG");
	tracer_filter(tracer, "living");
	tracer_start(tracer);
}

void traced(void (*calls)(void))
{
	struct records records = {};
	struct tracer tracer;
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	begin(&tracer);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_NAME, "living");
		calls();
		_exit(check_failed());
	}
	end_child(pid);
	/* What io_uring's threads still have to do. */
	usleep(300000);
	tracer_read(&tracer, &records);
	qsort(records.record, records.number, sizeof(records.record[0]), earlier);
	compare_all(&records);
	tracer_close(&tracer);
}
