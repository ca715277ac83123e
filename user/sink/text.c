// SPDX-License-Identifier: GPL-2.0
/* A line of text for each event. */
#include "text.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "decimal.h"
#include "escape.h"
#include "fields.h"
#include "sums.h"

/* A payload of any length, in pieces that fit the buffer. */
static void put_payload(struct out *out, const unsigned char *payload, size_t size)
{
	size_t widest, room, piece;

	while (size > 0) {
		widest = size * ESCAPE_WIDEST + ESCAPE_SLACK;
		out_reserve(out, widest < OUT_CAPACITY / 4 ? widest : OUT_CAPACITY / 4);
		room = (out_room(out) - ESCAPE_SLACK) / ESCAPE_WIDEST;
		piece = size < room ? size : room;
		out_commit(out, escape(out->buffer + out->used, payload, piece));
		payload += piece;
		size -= piece;
	}
}

/* The same for a payload that came in fragments. Return: bytes; fewer after a read error. */
static uint64_t put_fragments(struct out *out, const struct sendtrace_item *item)
{
	unsigned char piece[OUT_CAPACITY / 4 / ESCAPE_WIDEST];
	uint64_t done = 0;
	ssize_t got;

	while ((got = sendtrace_payload_read(item, done, piece, sizeof(piece))) > 0) {
		put_payload(out, piece, (size_t)got);
		done += (uint64_t)got;
	}
	return done;
}

static inline uint64_t widest_line(uint64_t payload)
{
	return payload * ESCAPE_WIDEST + ESCAPE_SLACK + 2 * FIELDS_WIDEST;
}

/* A line goes into one write(), unless its widest form does not fit the buffer. */
static inline char *begin_line(struct out *out, uint64_t payload)
{
	uint64_t widest = widest_line(payload);

	return out_reserve(out, widest < OUT_CAPACITY ? widest : OUT_CAPACITY);
}

/* @captured: bytes that are there; on return those that were written. */
static inline char *put_message(char *to, struct out *out,
				const struct sendtrace_item *item, uint64_t *captured)
{
	const unsigned char *payload = sendtrace_payload(item);

	/* The usual case: in one piece, and begin_line() has made room for it. */
	if (payload && widest_line(*captured) <= OUT_CAPACITY)
		return escape(to, payload, (size_t)*captured);
	out_commit(out, to);
	if (payload)
		put_payload(out, payload, (size_t)*captured);
	else
		*captured = put_fragments(out, item);
	return out_reserve(out, FIELDS_WIDEST);
}

static __attribute__((noinline)) char *
put_cut(char *to, const struct sendtrace_item *item, uint64_t captured)
{
	unsigned int why = sendtrace_why(item);

	to = field_number(to, " cap=", captured);
	/* A newer module's manual has a word for it. */
	if (why == SENDTRACE_WHY_UNKNOWN)
		return field_number(to, " why=", item->event.why);
	return field_text(field_text(to, " why="), sendtrace_why_name(why));
}

/*
 * What was sent or received; @texts: kept from earlier lines of the same kind. Always inline: most
 * lines show what was sent.
 */
static inline __attribute__((always_inline)) void
put_payload_line(struct text *text, struct kept_texts *texts,
		 const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;
	uint64_t captured = sendtrace_payload_size(item);
	struct kept *kept = kept_of(texts, event);
	struct out *out = &text->out;
	char *to = begin_line(out, captured);

	to = field_text(kept_put_caller(to, kept, event), " msg=");
	to = put_message(to, out, item, &captured);
	to = field_number(to, " len=", event->len);
	to = kept_put_call(to, kept, item);
	to = field_ret(to, event->ret);
	to = fields_put_call_name(to, text->calls, event);
	if (captured < sendtrace_sent(event))
		to = put_cut(to, item, captured);
	*to++ = '\n';
	out_commit(out, to);
}

static __attribute__((noinline)) void put_receive(struct text *text,
						  const struct sendtrace_item *item)
{
	put_payload_line(text, &text->received, item);
}

/* ---- Calls without a payload ----------------------------------------------------- */

/* How a connection was closed; another number is that of a wrong argument. */
static char *put_how(char *to, uint32_t how)
{
	static const char *const names[] = { "rd", "wr", "rdwr" };

	if (how > SHUT_RDWR)
		return field_signed(to, " how=", (int32_t)how);
	return field_text(field_text(to, " how="), names[how]);
}

static char *put_seconds(char *to, const char *key, uint64_t ns)
{
	uint64_t ms = ns / 1000000;

	to = field_number(to, key, ms / 1000);
	*to++ = '.';
	return decimal_put_group(to, decimal_groups[ms % 1000], 3);
}

static char *put_sums(char *to, const struct sums *all,
		      const struct sendtrace_event *event)
{
	uint64_t end = event->exit_time;
	struct socket_sums sums;

	sums_of(all, event, &sums);
	to = put_seconds(to, sums.whole ? " lived=" : " seen=",
			 end > sums.since ? end - sums.since : 0);
	to = field_number(to, " sent=", sums.sent);
	return field_number(to, " received=", sums.received);
}

static const char *word_of(uint16_t type)
{
	switch (type) {
	case SENDTRACE_RECORD_ACCEPT:
		return "accept ";
	case SENDTRACE_RECORD_CONNECT:
		return "connect ";
	case SENDTRACE_RECORD_SHUTDOWN:
		return "shutdown ";
	default:
		return "close ";
	}
}

static char *put_new_fd(char *to, int64_t ret)
{
	return ret >= 0 ? field_signed(to, " newfd=", ret) : field_text(to, " newfd=-");
}

static __attribute__((noinline)) void put_other(struct text *text,
						const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;
	struct out *out = &text->out;
	uint16_t type = item->rec.type;
	char *to = begin_line(out, 0);

	to = fields_caller(field_text(to, word_of(type)), event);
	if (type == SENDTRACE_RECORD_ACCEPT)
		to = put_new_fd(to, event->ret);
	if (type == SENDTRACE_RECORD_SHUTDOWN)
		to = put_how(to, event->flags);
	to = fields_peer(to, event, item->peer);
	if (type == SENDTRACE_RECORD_CONNECT)
		to = fields_local(to, event, item->local);
	to = field_ret(to, event->ret);
	to = fields_call_name(to, event);
	if (type == SENDTRACE_RECORD_CLOSE)
		to = put_sums(to, text->sink.sums, event);
	*to++ = '\n';
	out_commit(out, to);
}

/* ---- The sink -------------------------------------------------------------------- */

static int text_record(struct sink *sink, const struct sendtrace_item *item)
{
	struct text *text = (struct text *)sink;

	if (item->rec.type == SENDTRACE_RECORD_SEND)
		put_payload_line(text, &text->kept, item);
	else if (item->rec.type == SENDTRACE_RECORD_RECV)
		put_receive(text, item);
	else
		put_other(text, item);
	return text->out.error;
}

static int text_flush(struct sink *sink)
{
	return out_flush(&((struct text *)sink)->out);
}

static uint64_t text_unwritten(const struct sink *sink)
{
	return ((const struct text *)sink)->out.unwritten;
}

static void text_free(struct sink *sink)
{
	free(sink);
}

static const struct sink_ops text_ops = {
	.record = text_record,
	.flush = text_flush,
	.unwritten = text_unwritten,
	.free = text_free,
};

struct sink *text_new(int fd, const volatile sig_atomic_t *patience)
{
	struct text *text = calloc(1, sizeof(*text));

	if (!text)
		return NULL;
	text->sink.ops = &text_ops;
	text->out.fd = fd;
	text->out.patience = patience;
	fields_prepare(text->calls);
	return &text->sink;
}
