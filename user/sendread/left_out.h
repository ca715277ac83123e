/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SENDREAD_LEFT_OUT_H
#define _SENDREAD_LEFT_OUT_H

/*
 * Whose events are not printed though the filter asks for them: those of processes that read our
 * output (--not-readers). One set for the program.
 */
#include <stdbool.h>
#include <stdint.h>

#include "readers.h"

/**
 * struct left_out - who is left out
 * @on: whether anybody is at all
 * @asked: the scout was asked and has not answered
 * @number: events that were left out
 * @looked: when we asked for the readers last, in milliseconds of clock_ms()
 * @pause: milliseconds from then to the next time
 * @readers: who they are
 */
struct left_out {
	bool on;
	bool asked;
	uint64_t number;
	int64_t looked;
	int64_t pause;
	struct readers readers;
};

extern struct left_out left_out;

/* Leave out @readers, and from time to time ask the scout for those of that time. */
void left_out_begin(const struct readers *readers);

/* The part of left_out_has() that is for --not-readers only. */
bool left_out_count(uint32_t pid);

/* Whether an event of process @pid is to be left out; then it is counted. */
static inline bool left_out_has(uint32_t pid)
{
	return left_out.on && left_out_count(pid);
}

/* A line for the summary, if any were left out. */
void left_out_say(void);

#endif /* _SENDREAD_LEFT_OUT_H */
