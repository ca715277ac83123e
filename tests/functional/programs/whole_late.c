// SPDX-License-Identifier: GPL-2.0
/* Senders that are held up while a long payload is being copied. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "whole_blocked.h"

#define SELF "/proc/self/exe"

enum {
	SENDERS_MAX = 16,
	INLINE_MAX = 16384,
};

static int held;

/*
 * When this returns, the send has returned, but the copy of its payload has not ended: it
 * waits for the page.
 */
static void hold_sender(struct blocked *blocked, int cpu)
{
	size_t len = (BLOCKED_LEN / BLOCKED_PAGE + 1) * BLOCKED_PAGE;
	char *bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	char *page = bytes + BLOCKED_PASSED * BLOCKED_PAGE;

	blocked_fill(bytes, BLOCKED_LEN);
	blocked_init(blocked, bytes, BLOCKED_LEN);
	blocked->cpu = cpu;
	held = hold_pages(bytes, len);
	blocked_begin(blocked);
	must(madvise(page, BLOCKED_PAGE, MADV_DONTNEED), "MADV_DONTNEED");
	blocked_drain(blocked);
	wait_held(held, page);
}

static void let_go(struct blocked *blocked)
{
	size_t at = BLOCKED_PASSED * BLOCKED_PAGE;

	release_page(held, blocked->bytes + at, blocked->copy + at);
	blocked_end(blocked);
}

/* Returns when the send has ended. */
static void send_cut(struct blocked *blocked)
{
	char *bytes = malloc(BLOCKED_LEN);

	blocked_fill(bytes, BLOCKED_LEN);
	blocked_init(blocked, bytes, BLOCKED_LEN);
	blocked->cap = INLINE_MAX;
	blocked->why = "no_work";
	blocked_begin(blocked);
	blocked_drain(blocked);
	blocked_end(blocked);
}

/* Held up until the gate opens; an argument names the sender's CPU. */
static void whole(void)
{
	struct blocked blocked;

	hold_sender(&blocked, case_args[0] ? atoi(case_args[0]) : -1);
	gate();
	let_go(&blocked);
}

/*
 * Held up until the gate opens: as many senders as the first argument says, of the user that the
 * second one names. One more is not held up, because its payload is cut instead.
 */
static void many(void)
{
	static struct blocked blocked[SENDERS_MAX];
	int helds[SENDERS_MAX], number = atoi(case_args[0]);
	struct blocked cut;

	become_user(atoi(case_args[1]));
	for (int i = 0; i < number && i < SENDERS_MAX; i++) {
		hold_sender(&blocked[i], -1);
		helds[i] = held;
	}
	send_cut(&cut);
	gate();
	for (int i = 0; i < number && i < SENDERS_MAX; i++) {
		held = helds[i];
		let_go(&blocked[i]);
	}
}

/* No session sees it any more. */
static void unseen(void)
{
	struct blocked blocked;

	hold_sender(&blocked, -1);
	blocked.quiet = true;
	gate();
	let_go(&blocked);
}

/* The page never arrives: only what precedes it is shown. */
static void expect_part(struct blocked *blocked)
{
	blocked->cap = BLOCKED_PASSED * BLOCKED_PAGE;
	blocked->why = "fault";
	blocked_expect(blocked);
}

/* Killed at its gate. */
static void killed(void)
{
	struct blocked blocked;

	hold_sender(&blocked, -1);
	expect_part(&blocked);
	gate();
	check(false, "killed at the gate");
}

static void leave(void)
{
	struct blocked blocked;

	hold_sender(&blocked, -1);
	expect_part(&blocked);
	fflush(stdout);
	_exit(check_failed() ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Another thread's exec() ends the sender and unmaps its memory. */
static void replaced(void)
{
	struct blocked blocked;

	hold_sender(&blocked, -1);
	expect_part(&blocked);
	if (check_failed())
		exit(EXIT_FAILURE);
	execl(SELF, "whole_late", "after_exec", NULL);
	die("exec of " SELF);
}

static void after_exec(void)
{
	struct address to = udp_sink("127.0.0.1");

	prctl(PR_SET_NAME, "whole_late");
	send_text(connected_socket(SOCK_DGRAM, &to), "after exec");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "whole", whole },	      { "many", many },
		{ "unseen", unseen },	      { "killed", killed },
		{ "leave", leave },	      { "replaced", replaced },
		{ "after_exec", after_exec }, {},
	};

	return run_cases(argc, argv, cases);
}
