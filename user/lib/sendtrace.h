/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDTRACE_LIB_H
#define _SENDTRACE_LIB_H

/*
 * The client library: a session of /dev/sendtrace, or a record stream that was saved.
 * Functions return 0 or a negative errno if nothing else is said, and print nothing.
 *
 *	reader_open, reader_configure, reader_filter, reader_map (or not), reader_start,
 *	reader_next ..., reader_stop, reader_next ... until -ENODATA, reader_free
 *
 *	reader_open_stream, reader_next ... until -ENODATA, reader_free
 */
#include <stdint.h>
#include <linux/sendtrace.h>

#include "decode.h"

struct reader;

/* -ENOTTY: not the device, or one of a module whose INFO is another. */
int reader_open(struct reader **reader, const char *path);

/* Records that another has read. @fd is closed by reader_free(). */
int reader_open_stream(struct reader **reader, int fd);

void reader_free(struct reader *reader);

/* To poll() for POLLIN. */
int reader_fd(const struct reader *reader);

/* Of a session: versions and limits. */
const struct sendtrace_info *reader_info(const struct reader *reader);

/* @config says on return what is in force. */
int reader_configure(struct reader *reader, struct sendtrace_config *config);
int reader_filter(struct reader *reader, const struct sendtrace_filter *filter);

/* Without it, before the start, reader_next() uses read(). */
int reader_map(struct reader *reader);

int reader_start(struct reader *reader);
int reader_stop(struct reader *reader);
int reader_stats(struct reader *reader, struct sendtrace_stats *stats);

_Bool reader_is_mapped(const struct reader *reader);

/* Rings that there are: those mapped, else one for each CPU number. */
uint32_t reader_rings(const struct reader *reader);

/**
 * reader_next - the next record in the order of time
 * @reader: reader
 * @record: the record, to be used until the next call
 *
 * Return: 1, 0 if there is nothing now, -ENODATA after the last one, -EBADMSG for what
 * is no record (reader_fault() tells), or another errno.
 */
int reader_next(struct reader *reader, struct record *record);

/* What was wrong at -EBADMSG. */
const struct fault *reader_fault(const struct reader *reader);

/**
 * reader_untold - find out whether the last record came out of sequence
 * @reader: reader
 * @expected: the sequence number that it should have had
 *
 * Return: 1 if events are missing that no record told, 0.
 */
int reader_untold(const struct reader *reader, uint64_t *expected);

#endif /* _SENDTRACE_LIB_H */
