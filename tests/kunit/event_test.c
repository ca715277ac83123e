// SPDX-License-Identifier: GPL-2.0
/* From the call to the record, without deferred work. */
#include "../../kmod/event.c"

#include <net/sock.h>

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING	(16 * PAGE_SIZE)
#define SENDS	SENDTRACE_CALL_BIT(SENDTRACE_CALL_SENDTO)
#define ACCEPTS SENDTRACE_CALL_BIT(SENDTRACE_CALL_ACCEPT)

static unsigned long wanted(u64 calls)
{
	const struct st_hook hook = { .calls = calls };
	unsigned long mask;

	preempt_disable();
	current->flags &= ~PF_KTHREAD;
	mask = st_test_asks(&hook) ? this_cpu_read(st_asked.wanted) : 0;
	st_event_asked();
	current->flags |= PF_KTHREAD;
	preempt_enable();
	return mask;
}

static void sent(struct st_call *call, int ret)
{
	preempt_disable();
	st_sendto_ends(call, ret);
	preempt_enable();
}

static bool reads_no_arguments(struct st_call *call, struct pt_regs *regs)
{
	return true;
}

/* As at the entry, but for the arguments, which the case has set. */
static bool began(struct st_call *call)
{
	static const struct st_hook hook = {
		.calls = SENDS,
		.size = sizeof(struct st_call),
		.begin = reads_no_arguments,
	};

	return st_test_begin(call, &hook, NULL);
}

/* A call with a payload of @len bytes in user memory. */
static struct st_call call_of(struct kunit *test, size_t len)
{
	st_test_use_user_memory(test);
	return st_test_call(st_test_payload(test, len), len);
}

/* ---- Who wants it ------------------------------------------------------------------------- */

static void without_sessions_no_call_is_wanted(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, wanted(SENDS), 0);
}

static void a_running_session_wants_the_events_it_chose(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_choose(session, SENDS);
	KUNIT_EXPECT_EQ(test, wanted(SENDS), BIT(session->slot));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	KUNIT_EXPECT_EQ(test, wanted(ACCEPTS), 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
}

static void a_session_that_was_stopped_wants_nothing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_stop(session);
	KUNIT_EXPECT_EQ(test, wanted(SENDS), 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
}

static void the_tracers_own_calls_are_filtered(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	st_test_set_tracer(session, task_tgid(current));
	KUNIT_EXPECT_EQ(test, wanted(SENDS), 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
}

static void set_filter(struct kunit *test, struct st_session *session, const char *name)
{
	struct sendtrace_filter *form = kunit_kzalloc(test, sizeof(*form), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, form);
	form->nr_patterns = 1;
	strscpy(form->patterns[0], name, sizeof(form->patterns[0]));
	mutex_lock(&session->lock);
	st_session_set_rules(session, st_rules_create(form));
	mutex_unlock(&session->lock);
}

static void each_session_decides_by_its_own_filter(struct kunit *test)
{
	struct st_session *mine = st_test_session(test, RING, 0);
	struct st_session *others = st_test_session(test, RING, 0);
	struct st_session *all = st_test_session(test, RING, 0);

	set_filter(test, mine, current->comm);
	set_filter(test, others, "mysqld");
	KUNIT_EXPECT_EQ(test, wanted(SENDS), BIT(mine->slot) | BIT(all->slot));
	KUNIT_EXPECT_EQ(test, st_test_counted(mine)->filtered, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(others)->filtered, 1);
}

/* ---- Hooks of several calls --------------------------------------------------------------- */

static bool refined(struct st_call *call, u16 id)
{
	bool left;

	call->id = id;
	preempt_disable();
	left = st_event_refine(&call->entry);
	preempt_enable();
	return left;
}

static void sessions_that_do_not_record_such_a_call_are_left_out(struct kunit *test)
{
	struct st_session *sends = st_test_session(test, RING, 0);
	struct st_session *accepts = st_test_session(test, RING, 0);
	struct st_session *both = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	st_test_choose(sends, SENDS);
	st_test_choose(accepts, ACCEPTS);
	st_test_choose(both, SENDS | ACCEPTS);
	KUNIT_EXPECT_TRUE(test, refined(&call, SENDTRACE_CALL_ACCEPT));
	KUNIT_EXPECT_EQ(test, call.wanted, BIT(accepts->slot) | BIT(both->slot));
	KUNIT_EXPECT_EQ(test, st_test_counted(sends)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(sends)->filtered, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(accepts)->hits, 0);
	KUNIT_EXPECT_FALSE(test, refined(&call, SENDTRACE_CALL_CLOSE));
	KUNIT_EXPECT_EQ(test, call.wanted, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(sends)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(accepts)->filtered, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(both)->filtered, 1);
}

static void only_sessions_that_wanted_the_call_are_asked_again(struct kunit *test)
{
	struct st_session *one = st_test_session(test, RING, 0);
	struct st_session *other = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	call.wanted = BIT(one->slot);
	KUNIT_EXPECT_TRUE(test, refined(&call, SENDTRACE_CALL_SENDTO));
	KUNIT_EXPECT_EQ(test, call.wanted, BIT(one->slot));
	KUNIT_EXPECT_EQ(test, st_test_counted(other)->hits, 0);
}

static void a_session_that_stops_meanwhile_is_left_out(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	st_test_stop(session);
	KUNIT_EXPECT_FALSE(test, refined(&call, SENDTRACE_CALL_SENDTO));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
}

static void passed(struct st_call *call)
{
	preempt_disable();
	st_event_pass(&call->entry);
	preempt_enable();
}

static void a_call_that_is_no_event_is_counted_as_blocked(struct kunit *test)
{
	struct st_session *one = st_test_session(test, RING, 0);
	struct st_session *other = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	call.wanted = BIT(one->slot);
	passed(&call);
	KUNIT_EXPECT_EQ(test, call.wanted, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->filtered, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->blocked, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(other)->hits, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(other)->blocked, 0);
	passed(&call);
	KUNIT_EXPECT_EQ(test, st_test_counted(one)->blocked, 1);
}

static void a_session_that_did_not_see_it_begin_counts_nothing(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	call.enter_time = session->since - 1;
	passed(&call);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->blocked, 0);
	call = st_test_call(NULL, 0);
	st_test_stop(session);
	passed(&call);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
}

static void a_call_that_none_records_is_filtered_but_not_blocked(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);

	preempt_disable();
	st_event_drop(&call.entry);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, call.wanted, 0);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->filtered, 1);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->blocked, 0);
}

/* ---- Who is asked --------------------------------------------------------------------------- */

static const struct st_hook any_hook = { .calls = SENDTRACE_CALLS_ALL };

static bool asks(u32 flags)
{
	bool asked_for;

	preempt_disable();
	current->flags ^= flags;
	asked_for = st_test_asks(&any_hook);
	current->flags ^= flags;
	preempt_enable();
	return asked_for;
}

static void kernel_threads_are_refused_and_not_counted(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	KUNIT_EXPECT_FALSE(test, asks(0));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	KUNIT_EXPECT_TRUE(test, asks(PF_KTHREAD));
	KUNIT_EXPECT_TRUE(test, asks(PF_KTHREAD | PF_IO_WORKER));
}

static void interrupts_are_refused_and_not_counted(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);

	preempt_count_add(HARDIRQ_OFFSET);
	KUNIT_EXPECT_FALSE(test, asks(PF_KTHREAD));
	preempt_count_sub(HARDIRQ_OFFSET);
	preempt_count_add(SOFTIRQ_OFFSET);
	KUNIT_EXPECT_FALSE(test, asks(PF_KTHREAD));
	preempt_count_sub(SOFTIRQ_OFFSET);
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	/* A process that has them off is in a task all the same. */
	local_bh_disable();
	KUNIT_EXPECT_TRUE(test, asks(PF_KTHREAD));
	local_bh_enable();
}

/* ---- What is recorded ------------------------------------------------------------------------ */

static void a_send_is_recorded_as_it_was_made(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 11);
	const struct sendtrace_event *event;

	call.fd = 1000000;
	call.flags = MSG_NOSIGNAL;
	call.addr_len = 16;
	sent(&call, 11);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_SEND);
	KUNIT_EXPECT_EQ(test, event->rec.header_size, sizeof(*event));
	KUNIT_EXPECT_EQ(test, event->fd, 1000000);
	KUNIT_EXPECT_EQ(test, event->flags, MSG_NOSIGNAL);
	KUNIT_EXPECT_EQ(test, event->addr_len, 16);
	KUNIT_EXPECT_EQ(test, event->len, 11);
	KUNIT_EXPECT_EQ(test, event->ret, 11);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_EQ(test, event->reserved, 0);
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(event + 1, 0, 11));
}

static void the_caller_is_recorded(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 1);
	const struct sendtrace_event *event;

	sent(&call, 1);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->pid, task_tgid_nr(current));
	KUNIT_EXPECT_EQ(test, event->tid, task_pid_nr(current));
	KUNIT_EXPECT_EQ(test, event->uid, 0);
	KUNIT_EXPECT_EQ(test, memcmp(event->comm, current->comm, TASK_COMM_LEN), 0);
	KUNIT_EXPECT_EQ(
		test, memcmp(event->process, current->group_leader->comm, TASK_COMM_LEN),
		0);
}

static void a_call_ends_after_it_began(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 1);
	const struct sendtrace_event *event;
	u64 before = ktime_get_ns();

	KUNIT_EXPECT_TRUE(test, began(&call));
	sent(&call, 1);
	event = st_test_record(test, session);
	KUNIT_EXPECT_GE(test, event->enter_time, before);
	KUNIT_EXPECT_GE(test, event->exit_time, event->enter_time);
	KUNIT_EXPECT_EQ(test, event->rec.time, event->exit_time);
	KUNIT_EXPECT_LE(test, event->exit_time, ktime_get_ns());
}

static void a_short_send_has_the_bytes_that_were_sent(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100);
	const struct sendtrace_event *event;

	sent(&call, 60);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->len, 100);
	KUNIT_EXPECT_EQ(test, event->ret, 60);
	KUNIT_EXPECT_EQ(test, event->cap_len, 60);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static void a_payload_is_never_longer_than_the_buffer(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 100);
	const struct sendtrace_event *event;

	call.len = 10;
	sent(&call, 100);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->ret, 100);
	KUNIT_EXPECT_EQ(test, event->cap_len, 10);
}

static void a_send_of_nothing_is_complete(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = st_test_call(NULL, 0);
	const struct sendtrace_event *event;

	sent(&call, 0);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_EQ(test, event->rec.size, sizeof(*event));
}

static void a_payload_is_cut_at_the_snap_length(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 50);
	struct st_call call = call_of(test, 51);
	const struct sendtrace_event *event;

	sent(&call, 50);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 50);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	st_test_done(session);
	sent(&call, 51);
	event = st_test_record(test, session);
	KUNIT_EXPECT_EQ(test, event->cap_len, 50);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_SNAPLEN);
}

static void each_session_has_its_own_record_by_its_own_limits(struct kunit *test)
{
	struct st_session *little = st_test_session(test, RING, 10);
	struct st_session *much = st_test_session(test, RING, 100);
	struct st_call call = call_of(test, 60);
	const struct sendtrace_event *event;

	sent(&call, 60);
	event = st_test_record(test, little);
	KUNIT_EXPECT_EQ(test, event->cap_len, 10);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_SNAPLEN);
	event = st_test_record(test, much);
	KUNIT_EXPECT_EQ(test, event->cap_len, 60);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static void only_sessions_that_wanted_the_call_record_it(struct kunit *test)
{
	struct st_session *one = st_test_session(test, RING, 0);
	struct st_session *other = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);

	call.wanted = BIT(other->slot);
	sent(&call, 8);
	KUNIT_EXPECT_NULL(test, st_test_oldest(one));
	KUNIT_EXPECT_NOT_NULL(test, st_test_oldest(other));
}

static void a_session_that_started_after_the_call_is_skipped(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);

	call.enter_time = session->since - 1;
	sent(&call, 8);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
	KUNIT_EXPECT_EQ(test, st_test_counted(session)->hits, 0);
	call.enter_time = session->since;
	sent(&call, 8);
	KUNIT_EXPECT_NOT_NULL(test, st_test_oldest(session));
}

static void a_session_that_was_stopped_meanwhile_is_skipped(struct kunit *test)
{
	struct st_session *session = st_test_session(test, RING, 0);
	struct st_call call = call_of(test, 8);

	st_test_stop(session);
	sent(&call, 8);
	KUNIT_EXPECT_NULL(test, st_test_oldest(session));
}

static void every_hit_is_filtered_captured_or_lost(struct kunit *test)
{
	struct st_session *session = st_test_session(test, PAGE_SIZE, 0);
	const struct st_counters *count = st_test_counted(session);
	struct st_call call = call_of(test, 100);
	int i;

	for (i = 0; i < 101; i++) {
		st_test_set_tracer(session, i % 3 ? NULL : task_tgid(current));
		call.wanted = wanted(SENDS);
		sent(&call, i);
	}
	KUNIT_EXPECT_EQ(test, count->hits, 101);
	KUNIT_EXPECT_EQ(test, count->filtered, 34);
	KUNIT_EXPECT_GT(test, count->captured, 0);
	KUNIT_EXPECT_GT(test, count->lost[SENDTRACE_LOST_RING_FULL], 0);
	KUNIT_EXPECT_EQ(test, count->hits,
			count->filtered + count->captured +
				count->lost[SENDTRACE_LOST_RING_FULL]);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(without_sessions_no_call_is_wanted),
	KUNIT_CASE(a_running_session_wants_the_events_it_chose),
	KUNIT_CASE(a_session_that_was_stopped_wants_nothing),
	KUNIT_CASE(the_tracers_own_calls_are_filtered),
	KUNIT_CASE(each_session_decides_by_its_own_filter),
	KUNIT_CASE(sessions_that_do_not_record_such_a_call_are_left_out),
	KUNIT_CASE(only_sessions_that_wanted_the_call_are_asked_again),
	KUNIT_CASE(a_session_that_stops_meanwhile_is_left_out),
	KUNIT_CASE(a_call_that_is_no_event_is_counted_as_blocked),
	KUNIT_CASE(a_session_that_did_not_see_it_begin_counts_nothing),
	KUNIT_CASE(a_call_that_none_records_is_filtered_but_not_blocked),
	KUNIT_CASE(kernel_threads_are_refused_and_not_counted),
	KUNIT_CASE(interrupts_are_refused_and_not_counted),
	KUNIT_CASE(a_send_is_recorded_as_it_was_made),
	KUNIT_CASE(the_caller_is_recorded),
	KUNIT_CASE(a_call_ends_after_it_began),
	KUNIT_CASE(a_short_send_has_the_bytes_that_were_sent),
	KUNIT_CASE(a_payload_is_never_longer_than_the_buffer),
	KUNIT_CASE(a_send_of_nothing_is_complete),
	KUNIT_CASE(a_payload_is_cut_at_the_snap_length),
	KUNIT_CASE(each_session_has_its_own_record_by_its_own_limits),
	KUNIT_CASE(only_sessions_that_wanted_the_call_record_it),
	KUNIT_CASE(a_session_that_started_after_the_call_is_skipped),
	KUNIT_CASE(a_session_that_was_stopped_meanwhile_is_skipped),
	KUNIT_CASE(every_hit_is_filtered_captured_or_lost),
	{}
};

static struct kunit_suite event_suite = {
	.name = "sendtrace_event",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.test_cases = event_cases,
};
kunit_test_suite(event_suite);
