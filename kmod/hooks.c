// SPDX-License-Identifier: GPL-2.0
/*
 * The table of hooks.
 *
 * __sys_sendto() is where every send() and sendto() comes through, including those of
 * 32-bit programs and of socketcall(); __sys_accept4() likewise (net/socket.c,
 * net/compat.c).
 */
#include "event.h"
#include "hooks.h"
#include "share.h"

ST_SHARE_DEFINE(sends);
ST_SHARE_DEFINE(accepts);

const struct st_hook st_hooks[ST_HOOKS] = {
	[ST_HOOK_SEND] = {
		.name = "send",
		.symbols = { "__sys_sendto" },
		.events = SENDTRACE_EVENTS_SEND,
		.share = &sends,
		.begin = st_event_send_begins,
		.end = st_event_sent,
	},
	[ST_HOOK_ACCEPT] = {
		.name = "accept",
		.symbols = { "__sys_accept4" },
		.events = SENDTRACE_EVENTS_ACCEPT,
		.share = &accepts,
		.begin = st_event_accept_begins,
		.end = st_event_accepted,
	},
};
