// SPDX-License-Identifier: GPL-2.0
/* The helper's work: look at all processes, trace what they have, and wait for more. */
#include "tls_helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apart.h"
#include "cache.h"
#include "clock.h"
#include "message.h"
#include "options.h"
#include "pattern.h"
#include "process.h"
#include "rights.h"
#include "sendtrace_tls.h"
#include "standard.h"
#include "tls_process.h"
#include "watch.h"

/* The same number on every architecture; the C library of Debian 11 has no name for it. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum {
	REFRESH_MS = 1000,
	/* Asking the module's filter again stops all forks on the host for a moment. */
	REFILTER_MS = 100,
	REFILTER_SHARE = 20,
	DIRTY_MAX = 256,
	/* Before something is done about them, however fast more come. */
	EVENTS_MAX = 4096,
};

/**
 * struct work - the state of the helper
 * @processes: those that are looked at
 * @options: as struct tls_helper
 * @trace: likewise
 * @watch: NULL if this kernel does not tell what processes map: then all are looked at each second
 * @dirty: processes that mapped something, and when
 * @nr_dirty: how many
 * @look_at_all: there were more of them, or some are not known
 * @renamed: processes that have a name which matches now, and had none when the module asked
 * @nr_renamed: how many; there may be more
 * @next_refilter: not before, in milliseconds of clock_ms()
 * @next_refresh: likewise
 * @has_complained: that a filter cannot be set again
 */
struct work {
	struct tls_processes processes;
	const struct options *options;
	struct sendtrace *trace;
	struct watch *watch;
	struct {
		pid_t pid;
		uint64_t time;
	} dirty[DIRTY_MAX];
	unsigned int nr_dirty;
	bool look_at_all;
	pid_t renamed[DIRTY_MAX];
	unsigned int nr_renamed;
	int64_t next_refilter;
	int64_t next_refresh;
	bool has_complained;
};

/* ---- What is inherited ----------------------------------------------------------------- */

/*
 * Besides the session and standard error only the two pipes are left, as 0 and 1. Return: whether
 * nothing else is open.
 */
static bool keep_descriptors(const struct tls_helper *helper)
{
	unsigned int session = (unsigned int)sendtrace_fd(helper->trace);

	/* main() has seen to it that these are above 2. */
	return dup2(helper->orders, STDIN_FILENO) >= 0 &&
	       dup2(helper->answers, STDOUT_FILENO) >= 0 &&
	       (session == 3 ||
		syscall(SYS_close_range, STDERR_FILENO + 1, session - 1, 0) == 0) &&
	       syscall(SYS_close_range, session + 1, ~0U, 0) == 0;
}

/* A signal to the process group is meant for sendread, whose end ends this process as well. */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGINT,	SIGTERM, SIGHUP,  SIGQUIT,
				       SIGALRM, SIGUSR1, SIGPIPE, SIGTTOU };
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
}

/* A ring for each CPU is open. */
static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int give_up_the_rest(const struct tls_helper *helper)
{
	static const cap_value_t kept[] = { TLS_HELPER_RIGHTS };
	int err;

	ignore_signals();
	prctl(PR_SET_NAME, "sendread-tls", 0, 0, 0);
	if (!keep_descriptors(helper))
		return -EMFILE;
	allow_descriptors();
	err = rights_keep(kept, sizeof(kept) / sizeof(kept[0]));
	/* Whatever it is waiting for then. Another uid resets it. */
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		err = -errno;
	/* An end before that is seen when it answers. */
	return err;
}

/* ---- Answers --------------------------------------------------------------------------- */

static void answer(enum tls_answer what)
{
	const char byte = (char)what;

	if (write(STDOUT_FILENO, &byte, 1) != 1)
		_exit(0);
}

__attribute__((noreturn)) static void end_failed(void)
{
	answer(TLS_ANSWER_FAILED);
	_exit(1);
}

/* Return: whether to go on: there was an order, or none yet; the other end is still open. */
static bool take_order(void)
{
	char order;

	return read(STDIN_FILENO, &order, 1) == 1;
}

/* ---- Events ---------------------------------------------------------------------------- */

static void add_dirty(struct work *work, pid_t pid, uint64_t time)
{
	unsigned int i;

	for (i = 0; i < work->nr_dirty; i++)
		if (work->dirty[i].pid == pid)
			return;
	if (work->nr_dirty == DIRTY_MAX) {
		work->look_at_all = true;
		return;
	}
	work->dirty[work->nr_dirty].pid = pid;
	work->dirty[work->nr_dirty++].time = time;
}

/*
 * The module has asked for the name when a file was mapped. A program that is executed has its new
 * name before it maps anything; a thread that gets another name later has not.
 */
static void take_name(struct work *work, const struct watch_event *event)
{
	bool matches = pattern_any_matches(&work->options->filter, event->name);

	if (event->is_exec) {
		tls_process_note(&work->processes, event->pid, matches);
		return;
	}
	if (!matches || tls_process_is_known(&work->processes, event->pid))
		return;
	if (work->nr_renamed < DIRTY_MAX)
		work->renamed[work->nr_renamed++] = event->pid;
	add_dirty(work, event->pid, event->time);
}

static void take_event(struct work *work, const struct watch_event *event)
{
	if (event->kind == WATCH_LOST)
		work->look_at_all = true;
	else if (!process_is_listed(event->pid, &work->options->filter))
		return;
	else if (event->kind == WATCH_NAMED)
		take_name(work, event);
	else
		add_dirty(work, event->pid, event->time);
}

/* A thread with the name may have ended meanwhile: then the next one is a reason to ask again. */
static void note_renamed(struct work *work, const bool had[DIRTY_MAX])
{
	const struct sendtrace_filter *filter = &work->options->filter;
	unsigned int i;

	for (i = 0; i < work->nr_renamed; i++)
		if (had[i] && process_has_match(work->renamed[i], filter))
			tls_process_note(&work->processes, work->renamed[i], true);
	work->nr_renamed = 0;
}

static void refilter(struct work *work)
{
	const struct sendtrace_filter *filter = &work->options->filter;
	int64_t began = clock_ms(), took;
	bool had[DIRTY_MAX];
	unsigned int i;
	int err;

	for (i = 0; i < work->nr_renamed; i++)
		had[i] = process_has_match(work->renamed[i], filter);
	err = sendtrace_set_filter(work->trace, filter);
	if (err && !work->has_complained)
		message("processes whose names have changed are not traced: %s",
			strerror(-err));
	work->has_complained |= err != 0;
	if (err)
		memset(had, 0, sizeof(had));
	note_renamed(work, had);
	took = (clock_ms() - began) * REFILTER_SHARE;
	work->next_refilter = clock_ms() + (took > REFILTER_MS ? took : REFILTER_MS);
}

static void trace_dirty(struct work *work)
{
	unsigned int i;

	for (i = 0; i < work->nr_dirty; i++)
		tls_process_trace(&work->processes, work->dirty[i].pid,
				  work->dirty[i].time);
	if (work->look_at_all)
		tls_process_trace_all(&work->processes);
	work->nr_dirty = 0;
	work->look_at_all = false;
}

/* Return: whether there may be more. */
static bool take_events(struct work *work)
{
	struct watch_event event;
	unsigned int taken;

	for (taken = 0; taken < EVENTS_MAX; taken++) {
		if (!watch_next(work->watch, &event))
			return false;
		take_event(work, &event);
	}
	return true;
}

/* Also while events keep coming. */
static void refresh(struct work *work)
{
	if (clock_ms() < work->next_refresh)
		return;
	work->next_refresh = clock_ms() + REFRESH_MS;
	if (work->watch)
		watch_refresh(work->watch);
	else
		work->look_at_all = true;
}

/* Return: milliseconds until something is due. */
static int do_what_is_due(struct work *work)
{
	int64_t left = work->next_refilter - clock_ms();
	bool more;

	refresh(work);
	more = work->watch && take_events(work);
	if (work->nr_renamed && left <= 0)
		refilter(work);
	trace_dirty(work);
	if (more)
		return 0;
	return work->nr_renamed && left < REFRESH_MS ? (int)left : REFRESH_MS;
}

static void wait_for_more(struct work *work)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = work->watch ? watch_fd(work->watch) : -1, .events = POLLIN },
	};
	int timeout = do_what_is_due(work);
	int ready = poll(fds, 2, timeout);

	if (ready > 0 && fds[0].revents && !take_order())
		_exit(0);
}

/* ---- The whole ------------------------------------------------------------------------- */

/* Names matter only if some do not match. */
static bool needs_names(const struct sendtrace_filter *filter)
{
	return !pattern_any_matches(filter, "");
}

static int begin(struct work *work)
{
	int err;

	work->processes.cache = tls_cache_new(tls_apart_read);
	if (!work->processes.cache) {
		message("no memory to look for TLS libraries");
		return -ENOMEM;
	}
	/* Before all processes are looked at, so that none is missed. */
	err = watch_open(&work->watch, needs_names(&work->options->filter));
	if (err && !work->options->quiet)
		message("the kernel does not tell what processes map (perf_event_open: %s): new "
			"TLS libraries are found within a second, not immediately",
			strerror(-err));
	tls_standard_map();
	return tls_process_look(&work->processes);
}

void tls_helper_work(const struct tls_helper *helper)
{
	static struct work work;

	work.options = helper->options;
	work.trace = helper->trace;
	work.processes.options = helper->options;
	work.processes.trace = helper->trace;
	work.processes.self = getpid();
	if (give_up_the_rest(helper)) {
		message("the process that finds TLS libraries cannot give up the rights that it "
			"does not need");
		_exit(1);
	}
	if (begin(&work))
		end_failed();
	answer(TLS_ANSWER_LOOKED);
	if (!take_order())
		_exit(0);
	if (tls_process_trace_all(&work.processes))
		end_failed();
	if (!work.options->quiet)
		tls_process_say_without(&work.processes);
	answer(TLS_ANSWER_TRACES);
	for (;;)
		wait_for_more(&work);
}
