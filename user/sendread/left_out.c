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

/* Can be added to a time. */
#define NEVER_MS (INT64_MAX / 2)

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

static void stop_looking(void)
{
	left_out.pause = NEVER_MS;
	message("the process sendread-helper has ended: processes that begin to read these lines "
		"from now on are not left out");
}

/* Only while events of others come: without them, no line causes another one. */
static void ask_again(void)
{
	int64_t now = clock_ms();

	if (now < left_out.looked + left_out.pause)
		return;
	left_out.asked = scout_ask_readers();
	left_out.looked = now;
	left_out.pause *= 2;
	if (left_out.pause > LAST_PAUSE_MS)
		left_out.pause = LAST_PAUSE_MS;
	if (!left_out.asked)
		stop_looking();
}

/* Return: whether the readers are others now. */
static bool take_answer(void)
{
	struct readers readers;
	int got = scout_take_readers(&readers);

	left_out.asked = got == 0;
	if (got < 0)
		stop_looking();
	/* Those that it may not look at could be the ones that are known. */
	if (got <= 0 || readers.denied)
		return false;
	left_out.readers = readers;
	return true;
}

bool left_out_count(uint32_t pid)
{
	bool has = readers_have(&left_out.readers, pid);

	/* A system call for each event only while there may be an answer. */
	if (!has && !left_out.asked)
		ask_again();
	else if (!has && take_answer())
		has = readers_have(&left_out.readers, pid);
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
