/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _TLS_WATCH_H
#define _TLS_WATCH_H

/*
 * Which processes map code, and which get another name, on all CPUs: side-band records of perf
 * events (perf_event_open(2)). Needs CAP_SYS_ADMIN or CAP_PERFMON.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct watch;

enum watch_kind {
	WATCH_MAPPED, /* a process maps a file to execute it */
	WATCH_NAMED, /* a thread has another name */
	WATCH_LOST, /* records were lost, or CPUs came: look at all processes */
};

struct watch_event {
	enum watch_kind kind;
	bool is_exec; /* WATCH_NAMED: because a new program was executed */
	pid_t pid; /* the process, in the PID namespace of who called watch_open() */
	uint64_t time; /* CLOCK_MONOTONIC, nanoseconds */
	char name[16]; /* WATCH_NAMED: the new one */
};

/* @names: whether WATCH_NAMED is wanted. Return: 0, or what perf_event_open() failed with. */
int watch_open(struct watch **watch, bool names);

/* Readable when there may be events: for poll(). */
int watch_fd(const struct watch *watch);

/* Call each second: CPUs come and go. */
void watch_refresh(struct watch *watch);

/* Return: whether there was one. */
bool watch_next(struct watch *watch, struct watch_event *event);

#endif /* _TLS_WATCH_H */
