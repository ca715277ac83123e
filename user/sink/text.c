// SPDX-License-Identifier: GPL-2.0
/* A line of text for each event. */
#include "text.h"

#include <stdlib.h>

#include "escape.h"
#include "fields.h"

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

static inline void put_send(struct text *text, const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;
	uint64_t captured = sendtrace_payload_size(item);
	struct kept *kept = kept_of(&text->kept, event);
	struct out *out = &text->out;
	char *to = begin_line(out, captured);

	to = field_text(kept_put_caller(to, kept, event), " msg=");
	to = put_message(to, out, item, &captured);
	to = field_number(to, " len=", event->len);
	to = kept_put_call(to, kept, item);
	to = field_ret(to, event->ret);
	if (captured < sendtrace_sent(event))
		to = put_cut(to, item, captured);
	*to++ = '\n';
	out_commit(out, to);
}

static __attribute__((noinline)) void put_accept(struct out *out,
						 const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;
	char *to = fields_caller(field_text(begin_line(out, 0), "accept "), event);

	if (event->ret >= 0)
		to = field_signed(to, " newfd=", event->ret);
	else
		to = field_text(to, " newfd=-");
	to = fields_peer(to, event, item->peer);
	to = field_ret(to, event->ret);
	*to++ = '\n';
	out_commit(out, to);
}

static int text_record(struct sink *sink, const struct sendtrace_item *item)
{
	struct text *text = (struct text *)sink;

	if (item->rec.type == SENDTRACE_RECORD_SEND)
		put_send(text, item);
	else
		put_accept(&text->out, item);
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
	return &text->sink;
}
