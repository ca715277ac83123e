// SPDX-License-Identifier: GPL-2.0
/* A receive, from the entry of the kernel's function to its record. */
#include "../../kmod/receive.c"

#include <linux/bvec.h>
#include <linux/sched/task_stack.h>
#include <linux/unistd.h>

#include "fixture.h"
#include "session_fixture.h"
#include "socket_fixture.h"

#define RING (64 * PAGE_SIZE)
#define ROOM 1000

/* ---- The system call that the thread is in, on the debug kernel's x86 -------------------- */

/* A case runs in a thread of its own. If it is aborted, another thread cleans up behind it. */
struct before {
	const struct task_struct *thread;
	struct pt_regs regs;
};

static int receive_test_init(struct kunit *test)
{
	struct before *before = kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);

	if (!before)
		return -ENOMEM;
	before->thread = current;
	before->regs = *task_pt_regs(current);
	test->priv = before;
	return 0;
}

static void receive_test_exit(struct kunit *test)
{
	const struct before *before = test->priv;

	if (!before || before->thread != current)
		return;
	*task_pt_regs(current) = before->regs;
	current->flags &= ~PF_IO_WORKER;
}

static void enter(unsigned int nr, int fd, unsigned long second, unsigned long third,
		  unsigned long fourth)
{
	struct pt_regs *regs = task_pt_regs(current);

	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
	regs->di = fd;
	regs->si = second;
	regs->dx = third;
	regs->r10 = fourth;
}

static void set_arguments(struct pt_regs *regs, const void *sock, const void *second,
			  unsigned long third, unsigned long fourth, unsigned long fifth,
			  unsigned long sixth)
{
	regs->di = (unsigned long)sock;
	regs->si = (unsigned long)second;
	regs->dx = third;
	regs->cx = fourth;
	regs->r8 = fifth;
	regs->r9 = sixth;
}

/* ---- A call ------------------------------------------------------------------------------ */

/* What a case is about: a socket of a process, a message with room in the process's memory. */
struct fixture {
	struct st_session *session;
	struct socket *sock;
	int fd;
	void __user *buf;
	struct iovec iov;
	struct msghdr msg;
	struct pt_regs regs;
	struct st_call call;
};

#define HOOK(name_, begins_, ends_)                \
	static const struct st_hook name_ = {      \
		.calls = SENDTRACE_CALLS_ALL,      \
		.size = sizeof(struct st_receive), \
		.returns_int = true,               \
		.begin = begins_,                  \
		.end = ends_,                      \
	}

HOOK(recv_hook, st_recv_begins, st_receive_ends);
HOOK(recvmmsg_hook, st_recvmmsg_begins, st_receive_ends_unnamed);
HOOK(splice_hook, st_splice_read_begins, st_receive_ends);

static struct fixture *fixture_of(struct kunit *test, int family, int type)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->session = st_test_session(test, RING, 0);
	st_test_choose(f->session, SENDTRACE_CALLS_ALL);
	f->fd = st_test_family_descriptor(test, family, type, &f->sock);
	f->sock->sk->sk_kern_sock = 0;
	st_test_use_user_memory(test);
	f->buf = st_test_payload(test, ROOM);
	f->iov = (struct iovec){ f->buf, ROOM };
	iov_iter_init(&f->msg.msg_iter, READ, &f->iov, 1, ROOM);
	enter(__NR_recvfrom, f->fd, 0, 0, 0);
	return f;
}

/* sock_recvmsg() */
static bool recv_begins(struct fixture *f, int flags)
{
	set_arguments(&f->regs, f->sock, &f->msg, flags, 0, 0, 0);
	return st_test_begin(&f->call, &recv_hook, &f->regs);
}

static void recv_ends(struct fixture *f, long ret)
{
	preempt_disable();
	f->call.hook->end(&f->call, ret);
	preempt_enable();
}

/* Returns the event of a call that begins with @flags and returns @ret. */
static const struct sendtrace_event *received(struct kunit *test, struct fixture *f,
					      int flags, long ret)
{
	KUNIT_ASSERT_TRUE(test, recv_begins(f, flags));
	recv_ends(f, ret);
	return st_test_record(test, f->session);
}

static const void *payload_of(const struct sendtrace_event *event)
{
	return (void *)event + event->rec.header_size + st_padded(event->local_len) +
	       st_padded(event->peer_len);
}

/* ---- What is recorded -------------------------------------------------------------------- */

static void a_receive_shows_what_it_brought(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	const struct sendtrace_event *event = received(test, f, 0, 40);

	KUNIT_EXPECT_EQ(test, event->rec.type, SENDTRACE_RECORD_RECV);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_RECVFROM);
	KUNIT_EXPECT_EQ(test, event->fd, f->fd);
	KUNIT_EXPECT_EQ(test, event->len, ROOM);
	KUNIT_EXPECT_EQ(test, event->ret, 40);
	KUNIT_EXPECT_EQ(test, event->flags, 0);
	KUNIT_EXPECT_EQ(test, event->cap_len, 40);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_EQ(test, event->inode, SOCK_INODE(f->sock)->i_ino);
	KUNIT_EXPECT_EQ(test, event->pid, task_tgid_nr(current));
	KUNIT_EXPECT_TRUE(test, st_test_is_payload(payload_of(event), 0, 40));
}

/* The upper half of the register of an int is undefined. */
static void an_errno_is_an_int(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);

	KUNIT_EXPECT_EQ(test, received(test, f, 0, 0xfffffffbL)->ret, -EIO);
}

static void of_what_failed_no_byte_is_shown(struct kunit *test)
{
	static const int errors[] = { EFAULT, ERESTARTSYS, EINTR, ECONNREFUSED };
	struct fixture *f = fixture_of(test, AF_INET, SOCK_STREAM);
	const struct sendtrace_event *event;
	int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		event = received(test, f, 0, -errors[i]);
		KUNIT_EXPECT_EQ(test, event->ret, -errors[i]);
		KUNIT_EXPECT_EQ(test, event->len, ROOM);
		KUNIT_EXPECT_EQ(test, event->cap_len, 0);
		KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
		st_test_done(f->session);
	}
}

static void what_would_block_or_is_pending_is_no_event(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);

	KUNIT_ASSERT_TRUE(test, recv_begins(f, 0));
	recv_ends(f, -EAGAIN);
	KUNIT_ASSERT_TRUE(test, recv_begins(f, 0));
	recv_ends(f, -EIOCBQUEUED);
	KUNIT_EXPECT_NULL(test, st_test_oldest(f->session));
	KUNIT_EXPECT_EQ(test, st_test_counted(f->session)->filtered, 2);
	KUNIT_EXPECT_EQ(test, st_test_counted(f->session)->hits, 2);
}

static void the_end_of_a_stream_is_nothing_received(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_STREAM);
	const struct sendtrace_event *event = received(test, f, 0, 0);

	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
}

static void an_error_queue_is_not_received_from(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);

	KUNIT_EXPECT_FALSE(test, recv_begins(f, MSG_ERRQUEUE));
	KUNIT_EXPECT_NULL(test, st_test_oldest(f->session));
}

static void a_session_that_does_not_ask_for_the_call_has_no_event(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);

	st_test_choose(f->session, SENDTRACE_CALL_BIT(SENDTRACE_CALL_READ));
	KUNIT_EXPECT_FALSE(test, recv_begins(f, 0));
	KUNIT_EXPECT_EQ(test, st_test_counted(f->session)->filtered, 1);
	enter(__NR_recvmsg, f->fd, 0, 0, 0);
	st_test_choose(f->session, SENDTRACE_CALL_BIT(SENDTRACE_CALL_RECVMSG));
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->call, SENDTRACE_CALL_RECVMSG);
}

/* ---- Truncated --------------------------------------------------------------------------- */

static void of_a_longer_datagram_the_buffer_is_shown(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	const struct sendtrace_event *event;

	f->msg.msg_flags = MSG_TRUNC;
	event = received(test, f, MSG_TRUNC, ROOM + 500);
	KUNIT_EXPECT_EQ(test, event->ret, ROOM + 500);
	KUNIT_EXPECT_EQ(test, event->cap_len, ROOM);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_COMPLETE);
	KUNIT_EXPECT_EQ(test, event->flags, MSG_TRUNC);
}

static void what_a_stream_throws_away_is_not_copied(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_STREAM);
	const struct sendtrace_event *event = received(test, f, MSG_TRUNC, 40);

	KUNIT_EXPECT_EQ(test, event->ret, 40);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_NOT_COPIED);
}

static void an_unix_stream_throws_nothing_away(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_UNIX, SOCK_STREAM);

	KUNIT_EXPECT_EQ(test, received(test, f, MSG_TRUNC, 40)->cap_len, 40);
}

/* ---- Flags --------------------------------------------------------------------------------- */

static void the_flags_are_those_of_the_caller_and_those_returned(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	const struct sendtrace_event *event;
	struct kiocb iocb = {};

	enter(__NR_recvfrom, f->fd, 0, 0, MSG_PEEK);
	f->msg.msg_flags = MSG_CMSG_CLOEXEC | MSG_TRUNC | MSG_CTRUNC | MSG_EOR;
	KUNIT_EXPECT_EQ(test, received(test, f, MSG_PEEK | MSG_DONTWAIT, 1)->flags,
			MSG_PEEK | MSG_TRUNC | MSG_CTRUNC | MSG_EOR);
	st_test_done(f->session);
	f->msg.msg_flags = MSG_DONTWAIT;
	enter(__NR_read, f->fd, 0, 0, MSG_PEEK);
	f->msg.msg_iocb = &iocb;
	event = received(test, f, MSG_DONTWAIT, 1);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_READ);
	KUNIT_EXPECT_EQ(test, event->flags, 0);
}

/* ---- Whose memory -------------------------------------------------------------------------- */

static void the_kernels_own_memory_and_sockets_are_not_traced(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	struct kvec vec = { f, 10 };
	struct bio_vec bvec = { .bv_page = ZERO_PAGE(0), .bv_len = 10 };

	f->sock->sk->sk_kern_sock = 1;
	KUNIT_EXPECT_FALSE(test, recv_begins(f, 0));
	f->sock->sk->sk_kern_sock = 0;
	iov_iter_kvec(&f->msg.msg_iter, READ, &vec, 1, 10);
	KUNIT_EXPECT_FALSE(test, recv_begins(f, 0));
	iov_iter_bvec(&f->msg.msg_iter, READ, &bvec, 1, 10);
	KUNIT_EXPECT_FALSE(test, recv_begins(f, 0));
	KUNIT_EXPECT_EQ(test, st_test_counted(f->session)->hits, 0);
}

static void pages_of_a_worker_of_io_uring_are_copied(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	struct bio_vec bvec = { .bv_page = ZERO_PAGE(0), .bv_len = 10 };
	const struct sendtrace_event *event;

	iov_iter_bvec(&f->msg.msg_iter, READ, &bvec, 1, 10);
	current->flags |= PF_IO_WORKER;
	event = received(test, f, MSG_DONTWAIT | MSG_PEEK, 10);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_IO_URING_RECV);
	KUNIT_EXPECT_EQ(test, event->fd, -1);
	KUNIT_EXPECT_EQ(test, event->flags, MSG_PEEK);
	KUNIT_EXPECT_EQ(test, event->cap_len, 10);
}

static void an_asynchronous_read_is_not_of_the_call_that_is_made(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	struct kiocb iocb = {};

	enter(__NR_read, f->fd, 0, 0, 0);
	f->msg.msg_iocb = &iocb;
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->call, SENDTRACE_CALL_READ);
	st_test_done(f->session);
	iocb.ki_complete = (void *)1;
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->call,
			SENDTRACE_CALL_IO_URING_RECV);
	st_test_done(f->session);
	f->msg.msg_iocb = NULL;
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->call,
			SENDTRACE_CALL_IO_URING_RECV);
}

/* ---- Splice -------------------------------------------------------------------------------- */

static bool splice_begins(struct fixture *f)
{
	set_arguments(&f->regs, f->sock->file, NULL, 0, 5000, 0, 0);
	return st_test_begin(&f->call, &splice_hook, &f->regs);
}

static void expect_spliced(struct kunit *test, struct fixture *f, u64 len)
{
	const struct sendtrace_event *event = st_test_record(test, f->session);

	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_SPLICE_READ);
	KUNIT_EXPECT_EQ(test, event->fd, f->fd);
	KUNIT_EXPECT_EQ(test, event->len, len);
	KUNIT_EXPECT_EQ(test, event->ret, 100);
	KUNIT_EXPECT_EQ(test, event->cap_len, 0);
	KUNIT_EXPECT_EQ(test, event->why, SENDTRACE_WHY_NOT_COPIED);
}

static void a_socket_that_can_splice_is_seen_there(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_STREAM);

	enter(__NR_splice, f->fd, 0, 0, 0);
	KUNIT_ASSERT_TRUE(test, splice_begins(f));
	recv_ends(f, 100);
	expect_spliced(test, f, 5000);
}

/* Its receive, which the kernel makes of it, is the event. */
static void a_socket_that_cannot_splice_is_seen_once(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	struct bio_vec bvec = { .bv_page = ZERO_PAGE(0), .bv_len = PAGE_SIZE };

	enter(__NR_splice, f->fd, 0, 0, 0);
	KUNIT_EXPECT_FALSE(test, splice_begins(f));
	iov_iter_bvec(&f->msg.msg_iter, READ, &bvec, 1, 300);
	KUNIT_ASSERT_TRUE(test, recv_begins(f, 0));
	recv_ends(f, 100);
	expect_spliced(test, f, 300);
}

/* ---- recvmmsg() ---------------------------------------------------------------------------- */

static bool recvmmsg_begins(struct fixture *f, unsigned long uaddr, int nosec)
{
	set_arguments(&f->regs, f->sock, &f->msg, 0, uaddr, 0,
		      0xdeadbeef00000000UL | nosec);
	return st_recvmmsg_concerns(&f->regs) &&
	       st_test_begin(&f->call, &recvmmsg_hook, &f->regs);
}

/* The name is on the stack of a function that has returned: it is never read. */
static void later_messages_of_recvmmsg_are_seen_without_their_name(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	const struct sendtrace_event *event;

	enter(__NR_recvmmsg, f->fd, 0, 0, MSG_WAITFORONE);
	f->msg.msg_name = (void *)8;
	f->msg.msg_namelen = 16;
	KUNIT_EXPECT_FALSE(test, recvmmsg_begins(f, 1, 0));
	KUNIT_ASSERT_TRUE(test, recvmmsg_begins(f, 1, 1));
	recv_ends(f, 30);
	event = st_test_record(test, f->session);
	KUNIT_EXPECT_EQ(test, event->call, SENDTRACE_CALL_RECVMMSG);
	KUNIT_EXPECT_EQ(test, event->flags, MSG_WAITFORONE);
	KUNIT_EXPECT_EQ(test, event->addr_len, 16);
	KUNIT_EXPECT_EQ(test, event->peer_len, 0);
	KUNIT_EXPECT_EQ(test, event->cap_len, 30);
	st_test_done(f->session);
	KUNIT_ASSERT_TRUE(test, recvmmsg_begins(f, 0, 1));
	recv_ends(f, 30);
	event = st_test_record(test, f->session);
	KUNIT_EXPECT_EQ(test, event->addr_len, 0);
}

/* ---- Names and ancillary data --------------------------------------------------------------- */

static void a_name_is_shown_and_its_length_where_it_was_asked_for(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_INET, SOCK_DGRAM);
	struct user_msghdr __user *asks = st_test_user_pages(test, PAGE_SIZE);
	struct user_msghdr given = { .msg_name = (void __user *)8 };
	struct st_addr name = st_test_loopback();
	const struct sendtrace_event *event;

	name.in.sin_port = 1;
	f->msg.msg_name = &name.any;
	f->msg.msg_namelen = name.len;
	event = received(test, f, 0, 1);
	KUNIT_EXPECT_EQ(test, event->addr_len, name.len);
	KUNIT_EXPECT_EQ(test, event->peer_len, name.len);
	st_test_done(f->session);
	KUNIT_ASSERT_EQ(test, copy_to_user(asks, &given, sizeof(given)), 0);
	enter(__NR_recvmsg, f->fd, (unsigned long)asks, 0, 0);
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->addr_len, name.len);
	st_test_done(f->session);
	given.msg_name = NULL;
	KUNIT_ASSERT_EQ(test, copy_to_user(asks, &given, sizeof(given)), 0);
	event = received(test, f, 0, 1);
	KUNIT_EXPECT_EQ(test, event->addr_len, 0);
	KUNIT_EXPECT_EQ(test, event->peer_len, name.len);
}

static void ancillary_data_is_read_as_far_as_the_kernel_wrote_it(struct kunit *test)
{
	struct fixture *f = fixture_of(test, AF_UNIX, SOCK_STREAM);
	u8 __user *control = st_test_user_pages(test, PAGE_SIZE);
	struct cmsghdr header = {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(2 * sizeof(int)),
	};
	const struct sendtrace_event *event;
	size_t space = CMSG_SPACE(2 * sizeof(int));

	KUNIT_ASSERT_EQ(test, copy_to_user(control, &header, sizeof(header)), 0);
	KUNIT_ASSERT_EQ(test, copy_to_user(control + space, &header, sizeof(header)), 0);
	f->msg.msg_control_user = control;
	KUNIT_ASSERT_TRUE(test, recv_begins(f, 0));
	f->msg.msg_control_user = control + space;
	recv_ends(f, 1);
	event = st_test_record(test, f->session);
	KUNIT_EXPECT_EQ(test, event->nr_cmsgs, 1);
	KUNIT_EXPECT_EQ(test, event->cmsgs[0].type, SCM_RIGHTS);
	KUNIT_EXPECT_EQ(test, event->cmsgs[0].len, 2 * sizeof(int));
	st_test_done(f->session);
	f->msg.msg_control_user = control;
	KUNIT_EXPECT_EQ(test, received(test, f, 0, 1)->nr_cmsgs, 0);
}

static struct kunit_case receive_cases[] = {
	KUNIT_CASE(a_receive_shows_what_it_brought),
	KUNIT_CASE(an_errno_is_an_int),
	KUNIT_CASE(of_what_failed_no_byte_is_shown),
	KUNIT_CASE(what_would_block_or_is_pending_is_no_event),
	KUNIT_CASE(the_end_of_a_stream_is_nothing_received),
	KUNIT_CASE(an_error_queue_is_not_received_from),
	KUNIT_CASE(a_session_that_does_not_ask_for_the_call_has_no_event),
	KUNIT_CASE(of_a_longer_datagram_the_buffer_is_shown),
	KUNIT_CASE(what_a_stream_throws_away_is_not_copied),
	KUNIT_CASE(an_unix_stream_throws_nothing_away),
	KUNIT_CASE(the_flags_are_those_of_the_caller_and_those_returned),
	KUNIT_CASE(the_kernels_own_memory_and_sockets_are_not_traced),
	KUNIT_CASE(pages_of_a_worker_of_io_uring_are_copied),
	KUNIT_CASE(an_asynchronous_read_is_not_of_the_call_that_is_made),
	KUNIT_CASE(a_socket_that_can_splice_is_seen_there),
	KUNIT_CASE(a_socket_that_cannot_splice_is_seen_once),
	KUNIT_CASE(later_messages_of_recvmmsg_are_seen_without_their_name),
	KUNIT_CASE(a_name_is_shown_and_its_length_where_it_was_asked_for),
	KUNIT_CASE(ancillary_data_is_read_as_far_as_the_kernel_wrote_it),
	{}
};

static struct kunit_suite receive_suite = {
	.name = "sendtrace_receive",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
	.init = receive_test_init,
	.exit = receive_test_exit,
	.test_cases = receive_cases,
};
kunit_test_suite(receive_suite);
