// SPDX-License-Identifier: GPL-2.0
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "event.h"
#include "fixture.h"
#include "session_fixture.h"

struct st_test_late st_test_late;

/* ---- Sessions ------------------------------------------------------------------------ */

void st_test_stop(struct st_session *session)
{
	mutex_lock(&session->lock);
	if (session->running)
		st_session_stop(session);
	mutex_unlock(&session->lock);
}

static void end_session(struct kunit_resource *resource)
{
	st_test_stop(resource->data);
	st_session_destroy(resource->data);
	memset(&st_test_late, 0, sizeof(st_test_late));
}

void st_test_set_tracer(struct st_session *session, struct pid *tracer)
{
	put_pid(session->tracer);
	session->tracer = get_pid(tracer);
}

struct st_session *st_test_session(struct kunit *test, u32 ring_size, u32 snaplen)
{
	struct sendtrace_config config = { .ring_size = ring_size, .snaplen = snaplen };
	struct st_session *session = st_session_create();
	int err;

	KUNIT_ASSERT_NOT_NULL(test, session);
	st_test_at_end(test, end_session, session);
	KUNIT_ASSERT_EQ(test, set_cpus_allowed_ptr(current, cpumask_of(0)), 0);
	err = st_session_complete_config(&config);
	mutex_lock(&session->lock);
	err = err ?: st_session_configure(session, &config);
	err = err ?: st_session_prepare(session);
	if (!err)
		st_session_start(session);
	mutex_unlock(&session->lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	st_test_set_tracer(session, NULL);
	return session;
}

struct st_ring *st_test_painted(struct st_session *session, u8 paint)
{
	memset(session->rings[0]->data, paint, session->ring_size);
	return session->rings[0];
}

const struct st_counters *st_test_counted(const struct st_session *session)
{
	return &session->rings[0]->count;
}

const void *st_test_oldest(struct st_session *session)
{
	return st_ring_peek(session->rings[0]);
}

const void *st_test_record(struct kunit *test, struct st_session *session)
{
	const void *rec = st_test_oldest(session);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	return rec;
}

void st_test_done(struct st_session *session)
{
	const struct sendtrace_record *rec = st_test_oldest(session);

	if (rec)
		st_ring_release(session->rings[0], rec);
}

/* ---- Calls ----------------------------------------------------------------------------- */

struct st_call st_test_call(const void __user *buf, size_t len)
{
	static const struct st_hook hook;
	struct st_call call = {
		.hook = &hook,
		.account = ST_SHARE_NONE,
		.enter_time = ktime_get_ns(),
		.type = SENDTRACE_RECORD_SEND,
		.wanted = st_running_mask,
		.caller.pid = task_tgid_nr(current),
		.len = len,
		.payload.buf = buf,
		.fd = -1,
	};

	st_name_read(&call.caller.comm, current->comm);
	st_name_read(&call.caller.process, current->group_leader->comm);
	st_name_end(&call.caller.comm);
	st_name_end(&call.caller.process);
	return call;
}

/* As the filter in front of a hook asks (entry.c). */
bool st_test_asks(const struct st_hook *hook)
{
	enum st_answer answer = ST_UNSURE;

	if (hook->help)
		answer = st_asks_receiver(st_source_set_of(current));
	if (answer == ST_UNSURE)
		answer = st_event_asks_quickly(hook);

	return answer == ST_UNSURE ? st_event_asks(hook) : answer == ST_WANTED;
}

bool st_test_begin(struct st_call *call, const struct st_hook *hook, struct pt_regs *regs)
{
	bool begins;

	preempt_disable();
	current->flags &= ~PF_KTHREAD;
	begins = st_test_asks(hook);
	this_cpu_write(st_asked.hook, hook);
	begins = begins && st_event_begin(call, regs);
	current->flags |= PF_KTHREAD;
	preempt_enable();
	return begins;
}

void st_test_enter(int nr)
{
	struct pt_regs *regs = task_pt_regs(current);

#ifdef CONFIG_X86_64
	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
#else
	regs->syscallno = nr;
	regs->orig_x0 = regs->regs[0];
#endif
}

void __user *st_test_payload(struct kunit *test, size_t len)
{
	void __user *at = st_test_user_pages(test, len);
	u8 *payload = kvmalloc(len, GFP_KERNEL);
	unsigned long left;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	for (i = 0; i < len; i++)
		payload[i] = st_test_byte(i);
	left = copy_to_user(at, payload, len);
	kvfree(payload);
	KUNIT_ASSERT_EQ(test, left, 0);
	return at;
}

bool st_test_is_payload(const void *at, size_t offset, size_t len)
{
	const u8 *bytes = at;
	size_t i;

	for (i = 0; i < len; i++)
		if (bytes[i] != st_test_byte(offset + i))
			return false;
	return true;
}

/* ---- In place of pool.c ------------------------------------------------------------------ */

struct st_deferred *st_pool_get(void)
{
	return st_test_late.none_left ? NULL : &st_test_late.deferred;
}

struct iovec *st_pool_room(struct st_deferred *deferred, u32 nr)
{
	if (nr <= ST_POOL_FEW)
		return deferred->few;
	return st_test_late.no_room ? NULL : st_test_late.many;
}

void st_pool_put(struct st_deferred *deferred)
{
	st_test_late.put_back = true;
}

bool st_pool_queue(struct st_deferred *deferred)
{
	st_test_late.queued = !st_test_late.exiting;
	return st_test_late.queued;
}

bool st_pool_is_waiting(void)
{
	return st_test_late.waiting;
}

bool st_test_run_late(void)
{
	bool queued = st_test_late.queued;

	st_test_late.queued = false;
	if (queued)
		st_test_late.deferred.finish(&st_test_late.deferred);
	return queued;
}
