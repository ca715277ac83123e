/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SINK_FIELDS_H
#define _SINK_FIELDS_H

/*
 * The keys of a line and their values. Each function writes at @to, where there must be room
 * for FIELDS_WIDEST bytes, and returns the end of what it wrote; no NUL.
 */
#include <stdint.h>
#include <string.h>

#include "decimal.h"
#include "sendtrace.h"

enum {
	FIELDS_WIDEST =
		2048, /* all of a line but the payload, the widest of everything */
};

static inline char *field_text(char *to, const char *text)
{
	size_t size = strlen(text);

	memcpy(to, text, size);
	return to + size;
}

static inline char *field_number(char *to, const char *key, uint64_t value)
{
	return decimal_put(field_text(to, key), value);
}

static inline char *field_signed(char *to, const char *key, int64_t value)
{
	return decimal_put_signed(field_text(to, key), value);
}

/* " ret=" and the name of an errno, or its number where it has no name. */
char *field_errno(char *to, int64_t ret);

/* " ret=" and bytes, a descriptor, or an errno. */
static inline char *field_ret(char *to, int64_t ret)
{
	return ret < 0 ? field_errno(to, ret) : field_signed(to, " ret=", ret);
}

/* Who made the call, from pid= to fd=. */
char *fields_caller(char *to, const struct sendtrace_event *event);

/* What was called, from flg= to the peer; @peer has event->peer_len bytes. */
char *fields_call(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer);

/* " family=" and the peer: dest=, port=, path=, peer_pid=, dest_is=. */
char *fields_peer(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer);

#endif /* _SINK_FIELDS_H */
