// SPDX-License-Identifier: GPL-2.0
/* Why less of a payload is there than was sent: the reason and its word. */
#include "sendtrace.h"

static const char *const names[SENDTRACE_WHYS] = {
	[SENDTRACE_WHY_SNAPLEN] = "snaplen",
	[SENDTRACE_WHY_INLINE_BOUND] = "inline_bound",
	[SENDTRACE_WHY_RING_SIZE] = "ring_size",
	[SENDTRACE_WHY_RING_FULL] = "ring_full",
	[SENDTRACE_WHY_FAULT] = "fault",
	[SENDTRACE_WHY_NO_WORK] = "no_work",
	[SENDTRACE_WHY_AGAIN] = "again",
	[SENDTRACE_WHY_FAILED] = "failed",
	[SENDTRACE_WHY_ASYNC] = "async",
	[SENDTRACE_WHY_NOT_COPIED] = "not_copied",
	[SENDTRACE_WHY_UNJOINED] = "unjoined",
};

/* A saved stream can hold any number, the library's own among them. */
static int is_modules(unsigned int why)
{
	return why < SENDTRACE_WHY_UNKNOWN && names[why];
}

unsigned int sendtrace_why(const struct sendtrace_item *item)
{
	if (sendtrace_is_unjoined(item) || sendtrace_is_unread(item))
		return SENDTRACE_WHY_UNJOINED;
	return is_modules(item->event.why) ? item->event.why : SENDTRACE_WHY_UNKNOWN;
}

const char *sendtrace_why_name(unsigned int why)
{
	return why < SENDTRACE_WHYS && names[why] ? names[why] : "unknown";
}
