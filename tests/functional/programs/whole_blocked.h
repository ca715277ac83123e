/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A send that sleeps after the kernel has copied a part of its memory: until it continues,
 * that part can be unmapped, and only the tracer will read it again.
 */
#ifndef WHOLE_BLOCKED_H
#define WHOLE_BLOCKED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "expect.h"
#include "net.h"

enum {
	BLOCKED_PAGE = 4096,
	/* Longer than what a socket accepts before it blocks. */
	BLOCKED_LEN = 300 * 1024 + 17,
	/* A page that a sleeping send of BLOCKED_LEN has passed, in the first fragment. */
	BLOCKED_PASSED = 10,
};

/**
 * struct blocked - the send and its expected line
 * @bytes: what it sends, at the beginning of a page
 * @len: how much; at least BLOCKED_LEN, unless @small
 * @copy: the same bytes, in memory that stays mapped
 * @small: use a socket that accepts little more than a page
 * @cpu: the CPU that the sender runs on, or -1
 * @cap: bytes that the tracer is expected to get, if @why is set
 * @why: the reason, or NULL
 * @quiet: no line is expected
 */
struct blocked {
	char *bytes;
	size_t len;
	const char *copy;
	bool small;
	int cpu;
	size_t cap;
	const char *why;
	bool quiet;

	struct pair ends;
	struct where where;
	struct sent sent;
	pthread_t thread;
	pid_t tid;
};

/* Bytes of which no two pages are the same, printable. */
void blocked_fill(char *bytes, size_t len);

/* Set @bytes (filled), @copy, @len and defaults. */
void blocked_init(struct blocked *blocked, char *bytes, size_t len);

/* Start it in a thread; returns when it sleeps. */
void blocked_begin(struct blocked *blocked);

/* Receive everything at the far end, so that the send can end. */
void blocked_drain(struct blocked *blocked);

/* Print the expected line. */
void blocked_expect(struct blocked *blocked);

/* Wait until it has returned; print its line. */
void blocked_end(struct blocked *blocked);

/* Make accesses to missing pages wait; return the userfaultfd. */
int hold_pages(char *bytes, size_t len);

/* Wait until the missing page at @page is accessed. */
void wait_held(int held, const char *page);

/* Provide the page with its bytes. */
void release_page(int held, char *page, const char *copy);

#endif /* WHOLE_BLOCKED_H */
