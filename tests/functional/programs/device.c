// SPDX-License-Identifier: GPL-2.0
/* Sessions as a program other than sendread sees them: read(), poll(), filters, records. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "net.h"
#include "tracer.h"

/* What a child process does. */
struct task {
	const char *comm;
	int sends;
};

static void send_as(void *arg)
{
	const struct task *task = arg;
	struct address to = udp_sink("127.0.0.1");
	int fd = connected_socket(SOCK_DGRAM, &to);

	prctl(PR_SET_NAME, task->comm);
	for (int i = 0; i < task->sends; i++)
		must(send(fd, task->comm, strlen(task->comm), 0), "send");
}

static void do_sends(const char *comm, int sends)
{
	struct task task = { comm, sends };

	in_child(send_as, &task);
}

/* Count the records of senders named @comm. */
static int count_of(const struct records *records, const char *comm)
{
	int number = 0;

	for (size_t i = 0; i < records->number; i++) {
		const struct sendtrace_event *event = as_event(records->record[i]);

		number += event && strcmp(event->comm, comm) == 0;
	}
	return number;
}

static void read_rules(void)
{
	struct records records = { 0 };
	struct tracer tracer;
	char room[8192];
	long got;

	tracer_begin(&tracer, "reads", false);
	check_errno(read(tracer.fd, room, sizeof(room)), EAGAIN,
		    "read with nothing there");
	do_sends("reads", 3);
	check_equal(read(tracer.fd, room, 0), 0, "read into 0 bytes");
	check_errno(syscall(SYS_read, tracer.fd, NULL, sizeof(room)), EFAULT,
		    "read into NULL");
	got = read(tracer.fd, room, sizeof(struct sendtrace_event) + 100);
	check(got > 0, "read into room for one record: %ld", got);
	records_add(&records, room, got > 0 ? got : 0);
	check_equal(records.number, 1, "records in room for one");
	tracer_stop(&tracer);
	got = read(tracer.fd, room, sizeof(room));
	records_add(&records, room, got > 0 ? got : 0);
	check_equal(count_of(&records, "reads"), 3, "records after STOP");
	check_sequence(&records);
	check_equal(read(tracer.fd, room, sizeof(room)), 0, "read after STOP, all read");
}

/* A buffer smaller than a record gets it in pieces; nothing is missing. */
static void read_pieces(void)
{
	struct records records = { 0 };
	struct tracer tracer;
	size_t filled = 0;
	char room[8192];
	ssize_t got;

	tracer_begin(&tracer, "pieces", false);
	do_sends("pieces", 5);
	while (filled + 37 <= sizeof(room) &&
	       (got = read(tracer.fd, room + filled, 37)) > 0) {
		check(got <= 37, "read of %zd bytes into 37", got);
		filled += got;
	}
	records_add(&records, room, filled);
	check_equal(count_of(&records, "pieces"), 5, "records read in pieces");
	check_sequence(&records);
	check_records(&records);
}

static void never_configured(void)
{
	struct records records = { 0 };
	struct sendtrace_stats stats;
	struct tracer tracer;
	char room[8192];

	tracer_open(&tracer);
	stats = tracer_stats(&tracer);
	check_equal(stats.hits, 0, "hits before the start");
	check_errno(read(tracer.fd, room, sizeof(room)), EAGAIN,
		    "the first read of a session that was never configured");
	do_sends("whoever", 5);
	tracer_read(&tracer, &records);
	check_equal(count_of(&records, "whoever"), 5, "records");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_START), EALREADY, "START after that");
	check_errno(ioctl(tracer.fd, SENDTRACE_IOC_CONFIG, &tracer.config), EBUSY,
		    "CONFIG after that");
}

static int poll_now(const struct tracer *tracer)
{
	struct pollfd pollfd = { .fd = tracer->fd, .events = POLLIN };

	must(poll(&pollfd, 1, 0), "poll");
	return pollfd.revents;
}

static void poll_rules_of(bool mapped)
{
	struct records records = { 0 };
	struct tracer tracer;

	tracer_begin(&tracer, "polls", mapped);
	check_equal(poll_now(&tracer), 0, "poll with nothing there");
	do_sends("others", 2);
	check_equal(poll_now(&tracer), 0, "poll after sends that were filtered");
	do_sends("polls", 1);
	check_equal(poll_now(&tracer), POLLIN, "poll with a record there");
	tracer_read(&tracer, &records);
	check_equal(poll_now(&tracer), 0, "poll when all was read");
	do_sends("polls", 1);
	tracer_stop(&tracer);
	check_equal(poll_now(&tracer), POLLIN | POLLHUP, "poll after STOP, not all read");
	tracer_read(&tracer, &records);
	check_equal(poll_now(&tracer), POLLHUP, "poll after STOP, all read");
	check_equal(records.number, 2, "records");
	tracer_close(&tracer);
}

static void poll_rules(void)
{
	poll_rules_of(false);
	poll_rules_of(true);
}

/* On architectures without poll(), the C library uses this call. */
#ifndef SYS_poll
#define SYS_poll SYS_ppoll
#endif

/* A sleeping poll() is woken by a lone event, and a sleeping read() by STOP. */
static void *send_when_polled(void *arg)
{
	wait_blocked(*(pid_t *)arg, SYS_poll);
	do_sends("wakes", 1);
	return NULL;
}

static void woken_by_event(void)
{
	struct pollfd pollfd = { .events = POLLIN };
	pid_t self = syscall(SYS_gettid);
	struct tracer tracer;
	pthread_t sender;

	for (int mapped = 0; mapped < 2; mapped++) {
		tracer_begin(&tracer, "wakes", mapped);
		pollfd.fd = tracer.fd;
		pthread_create(&sender, NULL, send_when_polled, &self);
		check_equal(poll(&pollfd, 1, 60000), 1, "poll that waits for an event");
		check_equal(pollfd.revents, POLLIN, "what it says");
		pthread_join(sender, NULL);
		tracer_close(&tracer);
	}
}

struct stopper {
	struct tracer *tracer;
	pid_t tid;
};

static void *stop_when_read(void *arg)
{
	struct stopper *stopper = arg;

	wait_blocked(stopper->tid, SYS_read);
	tracer_stop(stopper->tracer);
	return NULL;
}

static void woken_by_stop(void)
{
	struct tracer tracer;
	struct stopper stopper = { &tracer, syscall(SYS_gettid) };
	pthread_t other;
	char room[8192];

	tracer_begin(&tracer, "nobody", false);
	must(fcntl(tracer.fd, F_SETFL, O_RDWR), "F_SETFL");
	pthread_create(&other, NULL, stop_when_read, &stopper);
	check_equal(read(tracer.fd, room, sizeof(room)), 0, "a read that STOP ends");
	pthread_join(other, NULL);
}

static void filter_exchanged(void)
{
	static const char *const turns[] = { "alpha", "beta", NULL, "gamma" };
	struct tracer tracer;

	tracer_begin(&tracer, "alpha", true);
	for (int i = 0; i < 4; i++) {
		struct records records = { 0 };

		tracer_filter(&tracer, turns[i]);
		do_sends("alpha", 3);
		do_sends("beta", 5);
		tracer_read(&tracer, &records);
		check_equal(count_of(&records, "alpha"), !turns[i] || i == 0 ? 3 : 0,
			    "records of alpha, turn %d", i);
		check_equal(count_of(&records, "beta"), !turns[i] || i == 1 ? 5 : 0,
			    "records of beta, turn %d", i);
	}
	check_equal(tracer_stats(&tracer).hits, 4 * 8, "hits");
}

static void restart(void)
{
	struct records records = { 0 };
	struct tracer tracer;

	tracer_begin(&tracer, "again", true);
	do_sends("again", 2);
	tracer_stop(&tracer);
	do_sends("again", 3);
	tracer_start(&tracer);
	do_sends("again", 4);
	tracer_read(&tracer, &records);
	check_equal(count_of(&records, "again"), 6, "records of both runs");
	check_sequence(&records);
	check_equal(tracer_stats(&tracer).captured, 6, "captured in both runs");
}

static void own_sends(void)
{
	struct task task = { "itself", 4 };
	struct records records = { 0 };
	struct tracer tracer;

	tracer_begin(&tracer, NULL, true);
	send_as(&task);
	tracer_read(&tracer, &records);
	check_equal(count_of(&records, "itself"), 0, "records of the tracer itself");
	check_equal(tracer_stats(&tracer).filtered, 4, "filtered");
	do_sends("child", 2);
	tracer_read(&tracer, &records);
	check_equal(count_of(&records, "child"), 2, "records of its child");
}

static void start_only(void *tracer)
{
	tracer_start(tracer);
}

/* Like start_child(), with a pid that is free. */
static pid_t start_child_as(pid_t pid, void (*fn)(void *arg), void *arg)
{
	struct clone_args how = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	pid_t child = must(syscall(SYS_clone3, &how, sizeof(how)), "clone3");

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn(arg);
		_exit(EXIT_SUCCESS);
	}
	return child;
}

/* The tracer has ended, its session has not, and its pid is another process's now. */
static void reused_pid(void)
{
	struct task task = { "heir", 3 };
	struct records records = { 0 };
	struct tracer tracer;
	pid_t pid;

	tracer_open(&tracer);
	tracer_config(&tracer, 0, 0, 0);
	tracer_filter(&tracer, "heir");
	pid = start_child(start_only, &tracer);
	end_child(pid);
	end_child(start_child_as(pid, send_as, &task));
	tracer_read(&tracer, &records);
	check_equal(count_of(&records, "heir"), 3, "records of the tracer's pid");
	check_equal(event_at(&records, 0)->pid, pid, "the pid");
}

static void two_sessions(void)
{
	struct records one = { 0 }, two = { 0 };
	struct tracer first, second;

	tracer_begin(&first, "alpha", true);
	tracer_begin(&second, "beta", false);
	do_sends("alpha", 7);
	do_sends("beta", 11);
	tracer_read(&first, &one);
	tracer_read(&second, &two);
	check_equal(one.number, 7, "records of the first session");
	check_equal(two.number, 11, "records of the second session");
	tracer_close(&first);
	do_sends("beta", 3);
	tracer_read(&second, &two);
	check_equal(count_of(&two, "beta"), 14, "records after the first was closed");
	check_sequence(&two);
}

static void session_stats(void)
{
	struct sendtrace_stats stats;
	struct tracer tracer;

	tracer_begin(&tracer, "stats", true);
	do_sends("stats", 13);
	do_sends("unseen", 17);
	stats = tracer_stats(&tracer);
	check_equal(stats.hits, 30, "hits");
	check_equal(stats.filtered, 17, "filtered");
	check_equal(stats.captured, 13, "captured");
	check_equal(stats.bytes, 13 * strlen("stats"), "bytes");
	check_equal(stats.cut + stats.faults + stats.missed, 0, "cut + faults + missed");
	for (int i = 0; i < SENDTRACE_LOST_REASONS; i++)
		check_equal(stats.lost[i], 0, "lost[%d]", i);
	check_equal(stats.blind, 0, "blind");
	for (size_t i = 0; i < COUNT_OF(stats.reserved); i++)
		check_equal(stats.reserved[i], 0, "reserved[%zu]", i);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "read_rules", read_rules },
		{ "read_pieces", read_pieces },
		{ "never_configured", never_configured },
		{ "poll_rules", poll_rules },
		{ "woken_by_event", woken_by_event },
		{ "woken_by_stop", woken_by_stop },
		{ "filter_exchanged", filter_exchanged },
		{ "restart", restart },
		{ "own_sends", own_sends },
		{ "reused_pid", reused_pid },
		{ "two_sessions", two_sessions },
		{ "session_stats", session_stats },
		{},
	};

	return run_cases(argc, argv, cases);
}
