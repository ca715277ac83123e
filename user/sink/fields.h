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

/* " family=" and the peer: dest= or src=, port=, path=, peer_pid=, dest_is= or src_is=. */
char *fields_peer(char *to, const struct sendtrace_event *event,
		  const unsigned char *peer);

/* The local address of event->local_len bytes: local=, lport=, lpath=. */
char *fields_local(char *to, const struct sendtrace_event *event,
		   const unsigned char *local);

/* " call=", and " cmsg=" where there is ancillary data. */
char *fields_call_name(char *to, const struct sendtrace_event *event);

/**
 * struct call_text - what fields_call_name() writes where there is no ancillary data
 * @text: copied as a whole: that is quicker than the exact size
 * @size: bytes of it
 */
struct call_text {
	char text[31];
	unsigned char size;
};

void fields_prepare(struct call_text texts[SENDTRACE_CALLS]);

/* As fields_call_name(), with texts that fields_prepare() has made. */
static inline char *fields_put_call_name(char *to, const struct call_text *texts,
					 const struct sendtrace_event *event)
{
	/* Both in one number: mostly there is no ancillary data. */
	uint32_t call = event->call | (uint32_t)event->nr_cmsgs << 16;

	if (__builtin_expect(call >= SENDTRACE_CALLS, 0))
		return fields_call_name(to, event);
	memcpy(to, &texts[call], sizeof(texts[call]));
	return to + texts[call].size;
}

#endif /* _SINK_FIELDS_H */
