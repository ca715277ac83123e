// SPDX-License-Identifier: GPL-2.0
/* Keeps the text of lines: the part that is only called when a text is not kept yet. */
#include "kept.h"

#include "fields.h"

char *kept_keep_caller(char *to, struct kept *kept, const struct sendtrace_event *event)
{
	char *end = fields_caller(to, event);
	size_t size = (size_t)(end - to);

	if (size > sizeof(kept->caller))
		return end;
	kept->pid = event->pid;
	kept->tid = event->tid;
	kept->fd = event->fd;
	memcpy(kept->comm, event->comm, sizeof(kept->comm));
	memcpy(kept->caller, to, size);
	kept->caller_size = (uint32_t)size;
	return end;
}

/*
 * The text is made of the copy, so that the two match: the record itself lies in memory that
 * others may change. The name of an interface may change, so it is not kept.
 */
char *kept_keep_call(char *to, struct kept *kept, const struct sendtrace_item *item)
{
	const struct sendtrace_event *event = &item->event;
	char *end;
	size_t size;

	kept->call_size = 0;
	if (event->peer_len > sizeof(kept->peer) ||
	    event->event_flags & SENDTRACE_EVENT_PEER_INIT_NET)
		return fields_call(to, event, item->peer);
	memcpy(kept->peer, item->peer, event->peer_len);
	end = fields_call(to, event, kept->peer);
	size = (size_t)(end - to);
	if (size > sizeof(kept->call))
		return end;
	kept->flags = event->flags;
	kept->addr_len = event->addr_len;
	kept->peer_pid = event->peer_pid;
	kept->event_flags = event->event_flags;
	kept->family = event->family;
	kept->peer_len = event->peer_len;
	memcpy(kept->call, to, size);
	kept->call_size = (uint32_t)size;
	return end;
}
