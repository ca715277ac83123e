/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_SOURCE_H
#define _SENDTRACE_SOURCE_H

/*
 * Where records come from: the device (live.c) or a saved stream (saved.c). All that differs
 * between the two is here; nobody else asks which one it is.
 */
#include "sendtrace.h"

struct source;

/**
 * struct source_ops - what a source can do
 * @hint: what may be wrong where a record makes no sense, or ""
 * @place: say where the record is that @source->next returned last
 * @poll_before: as sendtrace_poll_before()
 * @free: release everything
 * @info: versions and limits
 * @fd, @configure, @filter, @tls, @map, @rings, @start, @stop, @stats, @poll_after: as the
 *	functions of sendtrace.h
 *
 * Those from @info on are NULL where there is nothing to ask or to do.
 */
struct source_ops {
	const char *hint;
	void (*place)(const struct source *source, struct sendtrace_fault *fault);
	void (*poll_before)(struct source *source, struct pollfd *fd, int *timeout);
	void (*free)(struct source *source);
	const struct sendtrace_info *(*info)(const struct source *source);
	int (*fd)(const struct source *source);
	int (*configure)(struct source *source, struct sendtrace_config *config);
	int (*filter)(struct source *source, const struct sendtrace_filter *filter);
	int (*tls)(struct source *source, const struct sendtrace_tls *function);
	int (*map)(struct source *source);
	unsigned int (*rings)(const struct source *source);
	int (*start)(struct source *source);
	int (*stop)(struct source *source);
	int (*stats)(struct source *source, struct sendtrace_stats *stats);
	int (*poll_after)(struct source *source, const struct pollfd *fd);
};

/**
 * struct source - the part that all sources have
 * @ops: what it can do
 * @next: the next record: its first byte, valid until the next call, and its header as
 *	decode_frame() found it. Return: as sendtrace_next(). Not in the table, since the
 *	device's changes when it is started or mapped
 * @busy: records came since poll_before()
 */
struct source {
	const struct source_ops *ops;
	int (*next)(struct source *source, const void **from,
		    const struct sendtrace_record **rec, struct sendtrace_fault *fault);
	_Bool busy;
};

/* The device at @path, and @fd, which is closed by @free unless this fails. */
int live_open(struct source **source, const char *path);
int saved_open(struct source **source, int fd);

#endif /* _SENDTRACE_SOURCE_H */
