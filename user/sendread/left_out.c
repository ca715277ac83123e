// SPDX-License-Identifier: GPL-2.0
/* Leaves out the events of the processes that read our output. */
#include "left_out.h"

#include "clock.h"
#include "message.h"
#include "scout.h"

enum {
	/* A pipeline is complete soon after it was started; later changes are rare. */
	FIRST_PAUSE_MS = 100,
	LAST_PAUSE_MS = 10000
};

struct left_out left_out;

void left_out_begin(const struct readers *readers)
{
	left_out = (struct left_out){
		.on = true,
		.looked = clock_ms(),
		.pause = FIRST_PAUSE_MS,
		.readers = *readers,
	};
}

/* Only while events come of others: whoever sends nothing makes no line. */
static void look_again(void)
{
	int64_t now = clock_ms();

	scout_take_readers(&left_out.readers);
	if (now < left_out.looked + left_out.pause)
		return;
	scout_ask_readers();
	left_out.looked = now;
	left_out.pause *= 2;
	if (left_out.pause > LAST_PAUSE_MS)
		left_out.pause = LAST_PAUSE_MS;
}

bool left_out_count(uint32_t pid)
{
	bool has = readers_have(&left_out.readers, pid);

	if (!has) {
		look_again();
		has = readers_have(&left_out.readers, pid);
	}
	left_out.number += has;
	return has;
}

void left_out_say(void)
{
	if (left_out.number)
		message_plain("%llu event%s left out: of processes that read these lines",
			      (unsigned long long)left_out.number,
			      left_out.number == 1 ? "" : "s");
}
