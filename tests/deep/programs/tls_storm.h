/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TLS_STORM_H
#define TLS_STORM_H

#include <stdbool.h>
#include <stddef.h>

#include "tls_library.h"

enum {
	TALK_MAX = 20000
};

/**
 * struct talk - a TLS session with ourselves
 * @near: writes
 * @far: reads
 * @number: of messages so far
 */
struct talk {
	SSL near;
	SSL far;
	unsigned int number;
};

void talk_open(struct talk *talk);
void talk_close(struct talk *talk);

/* Write @size bytes and read them; check each result. */
void talk_once(struct talk *talk, size_t size);

/* Random names of functions, sessions that come and go, and calls of our own. */
void storm_fuzz(void);

#endif /* TLS_STORM_H */
