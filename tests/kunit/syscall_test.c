// SPDX-License-Identifier: GPL-2.0
/* Which system call a thread is in, by its registers, and when these are not believed. */
#include "compat.h"

/* The debug kernel has no io_uring. */
static bool uses_io_uring = true;
#undef st_uses_io_uring
#define st_uses_io_uring(task) uses_io_uring

#include "../../kmod/syscall.c"

#include <linux/mman.h>
#include <linux/unistd.h>

#include "fixture.h"
#include "socket_fixture.h"
#include "syscall_numbers.h"

#ifdef CONFIG_X86_64
/* ---- Registers ------------------------------------------------------------------------ */

static unsigned long said_before;

/* What the register has that the caller finds the result in: this, until the call returns. */
#define IN_THE_CALL (-ENOSYS)
static long result = IN_THE_CALL;

static int syscall_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct pt_regs), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;
	memcpy(test->priv, task_pt_regs(current), sizeof(struct pt_regs));
	said_before = current_thread_info()->status;
	return 0;
}

static void as_before(struct kunit *test)
{
	memcpy(task_pt_regs(current), test->priv, sizeof(struct pt_regs));
	current_thread_info()->status = said_before;
	current->flags &= ~PF_IO_WORKER;
}

/* What is found out of a thread that has entered the kernel with these registers. */
static struct st_entry found(struct kunit *test, struct socket *sock, unsigned int nr,
			     const unsigned long args[3], enum st_direction direction)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct st_entry is = { .sock = sock, .flags = ~0 };

	preempt_disable();
	regs->orig_ax = nr;
	regs->ax = result;
	if (current_thread_info()->status & TS_COMPAT) {
		regs->bx = args[0];
		regs->cx = args[1];
	} else {
		regs->di = args[0];
		regs->si = args[1];
	}
	regs->dx = args[2];
	st_syscall_of(&is, direction);
	preempt_enable();
	as_before(test);
	return is;
}

#define ARGS(...) ((const unsigned long[3]){ __VA_ARGS__ })

static void expect_call(struct kunit *test, struct st_entry is, u16 id, int fd)
{
	KUNIT_EXPECT_EQ(test, is.id, id);
	KUNIT_EXPECT_EQ(test, is.fd, fd);
}

/* The upper half of the register of an int argument is undefined. */
#define GARBAGE 0xdeadbeef00000000UL

static void a_call_is_known_by_its_number_and_has_its_descriptor(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	expect_call(test, found(test, sock, __NR_write, ARGS(GARBAGE | fd), ST_SENDS),
		    SENDTRACE_CALL_WRITE, fd);
	expect_call(test, found(test, sock, __NR_read, ARGS(fd), ST_RECEIVES),
		    SENDTRACE_CALL_READ, fd);
}

static void splice_sends_to_one_argument_and_receives_from_another(struct kunit *test)
{
	struct socket *from, *to;
	int in = st_test_descriptor(test, SOCK_STREAM, &from);
	int out = st_test_descriptor(test, SOCK_STREAM, &to);

	expect_call(test, found(test, to, __NR_splice, ARGS(in, 0, out), ST_SENDS),
		    SENDTRACE_CALL_SPLICE_WRITE, out);
	expect_call(test, found(test, from, __NR_splice, ARGS(in, 0, out), ST_RECEIVES),
		    SENDTRACE_CALL_SPLICE_READ, in);
	expect_call(test, found(test, from, __NR_splice, ARGS(in, 0, out), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
}

static void io_submit_has_no_descriptor(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	expect_call(test, found(test, sock, __NR_io_submit, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_IO_SUBMIT_WRITE, -1);
	expect_call(test, found(test, sock, __NR_io_submit, ARGS(fd), ST_RECEIVES),
		    SENDTRACE_CALL_IO_SUBMIT_READ, -1);
}

static void x32_programs_use_both_tables(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	expect_call(test,
		    found(test, sock, __X32_SYSCALL_BIT + __NR_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_WRITE, fd);
	expect_call(test,
		    found(test, sock, __X32_SYSCALL_BIT + __NR_x32_writev, ARGS(fd),
			  ST_SENDS),
		    SENDTRACE_CALL_WRITEV, fd);
}

static void a_32_bit_programs_numbers_are_its_own(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	current_thread_info()->status |= TS_COMPAT;
	expect_call(test, found(test, sock, __NR_ia32_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_WRITE, fd);
	current_thread_info()->status |= TS_COMPAT;
	expect_call(test, found(test, sock, __NR_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
}

static void unmap_page(struct kunit_resource *resource)
{
	vm_munmap((unsigned long)resource->data, PAGE_SIZE);
}

/* Where a 32-bit pointer can point. */
static u32 low_page(struct kunit *test)
{
	unsigned long at;

	st_test_use_user_memory(test);
	at = vm_mmap(NULL, 0x20000000, PAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(at));
	st_test_at_end(test, unmap_page, (void *)at);
	KUNIT_ASSERT_LE(test, at, U32_MAX);
	return at;
}

static struct st_entry found_in_socketcall(struct kunit *test, struct socket *sock,
					   u32 call, u32 at, enum st_direction way)
{
	current_thread_info()->status |= TS_COMPAT;
	return found(test, sock, SOCKETCALL, ARGS(call, at), way);
}

static void the_arguments_of_socketcall_are_in_memory(struct kunit *test)
{
	struct socket *sock;
	u32 fd = st_test_descriptor(test, SOCK_STREAM, &sock), at = low_page(test);

	KUNIT_ASSERT_EQ(test, copy_to_user(compat_ptr(at), &fd, sizeof(fd)), 0);
	expect_call(test, found_in_socketcall(test, sock, SYS_SENDMSG, at, ST_SENDS),
		    SENDTRACE_CALL_SENDMSG, fd);
	expect_call(test, found_in_socketcall(test, sock, SYS_RECV, at, ST_RECEIVES),
		    SENDTRACE_CALL_RECVFROM, fd);
	expect_call(test, found_in_socketcall(test, sock, SYS_BIND, at, ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
	expect_call(test, found_in_socketcall(test, sock, 1000, at, ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
}

static void arguments_that_cannot_be_read_tell_nothing(struct kunit *test)
{
	struct socket *sock;
	u32 at = low_page(test);

	st_test_descriptor(test, SOCK_STREAM, &sock);
	/* The page was never touched. */
	expect_call(test, found_in_socketcall(test, sock, SYS_SENDMSG, at, ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
	expect_call(test, found_in_socketcall(test, sock, SYS_SENDMSG, 0, ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
}

/* ---- Registers of another call ------------------------------------------------------------- */

static void a_descriptor_of_another_socket_is_not_believed(struct kunit *test)
{
	struct socket *sock, *other;
	int fd;

	st_test_descriptor(test, SOCK_STREAM, &sock);
	fd = st_test_descriptor(test, SOCK_STREAM, &other);
	expect_call(test, found(test, sock, __NR_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
	expect_call(test, found(test, sock, __NR_read, ARGS(fd), ST_RECEIVES),
		    SENDTRACE_CALL_IO_URING_RECV, -1);
	expect_call(test, found(test, sock, __NR_write, ARGS(1000000), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
}

/* Nobody else works for such a thread: another thread has moved the descriptor. */
static void without_io_uring_any_descriptor_is_believed(struct kunit *test)
{
	struct socket *sock, *other;
	int fd;

	st_test_descriptor(test, SOCK_STREAM, &sock);
	fd = st_test_descriptor(test, SOCK_STREAM, &other);
	uses_io_uring = false;
	expect_call(test, found(test, sock, __NR_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_WRITE, fd);
	expect_call(test, found(test, sock, __NR_getpid, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
	uses_io_uring = true;
}

/* At its end io_uring works for the thread, perhaps on the same socket. */
static void a_call_that_has_returned_is_not_believed(struct kunit *test)
{
	static const long results[] = { 5, 0, -EAGAIN, -ERESTARTSYS, -EIO };
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock), i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		result = results[i];
		expect_call(test, found(test, sock, __NR_recvfrom, ARGS(fd), ST_RECEIVES),
			    SENDTRACE_CALL_IO_URING_RECV, -1);
		expect_call(test, found(test, sock, __NR_write, ARGS(fd), ST_SENDS),
			    SENDTRACE_CALL_IO_URING_SEND, -1);
		expect_call(test, found(test, sock, __NR_io_submit, ARGS(fd), ST_SENDS),
			    SENDTRACE_CALL_IO_URING_SEND, -1);
		current_thread_info()->status |= TS_COMPAT;
		expect_call(test, found(test, sock, __NR_ia32_write, ARGS(fd), ST_SENDS),
			    SENDTRACE_CALL_IO_URING_SEND, -1);
	}
	result = IN_THE_CALL;
	expect_call(test, found(test, sock, __NR_recvfrom, ARGS(fd), ST_RECEIVES),
		    SENDTRACE_CALL_RECVFROM, fd);
}

static void a_call_that_does_not_come_here_is_not_believed(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);
	static const unsigned int others[] = {
		__NR_getpid, __NR_io_uring_enter, __NR_read,  1000,
		0x3fffffff,  0x40000fff,	  0xffffffff,
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		expect_call(test, found(test, sock, others[i], ARGS(fd), ST_SENDS),
			    SENDTRACE_CALL_IO_URING_SEND, -1);
}

static void a_worker_of_io_uring_is_in_no_call(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);

	current->flags |= PF_IO_WORKER;
	expect_call(test, found(test, sock, __NR_write, ARGS(fd), ST_SENDS),
		    SENDTRACE_CALL_IO_URING_SEND, -1);
	current->flags |= PF_IO_WORKER;
	expect_call(test, found(test, sock, __NR_read, ARGS(fd), ST_RECEIVES),
		    SENDTRACE_CALL_IO_URING_RECV, -1);
}

/* ---- Calls that neither send nor receive --------------------------------------------------- */

static struct st_entry other(struct kunit *test, unsigned int nr, int fd)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct st_syscall is;

	regs->orig_ax = nr;
	regs->di = fd;
	is = st_syscall_other();
	as_before(test);
	return (struct st_entry){ .id = is.id, .fd = is.fd };
}

static void calls_that_open_and_close_have_their_descriptor(struct kunit *test)
{
	expect_call(test, other(test, __NR_accept, 5), SENDTRACE_CALL_ACCEPT, 5);
	expect_call(test, other(test, __NR_accept4, 5), SENDTRACE_CALL_ACCEPT, 5);
	expect_call(test, other(test, __NR_connect, 5), SENDTRACE_CALL_CONNECT, 5);
	expect_call(test, other(test, __NR_shutdown, 5), SENDTRACE_CALL_SHUTDOWN, 5);
	expect_call(test, other(test, __NR_close, 5), SENDTRACE_CALL_CLOSE, 5);
}

static void those_of_socketcall_have_it_in_memory(struct kunit *test)
{
	u32 fd = 5, at = low_page(test);

	KUNIT_ASSERT_EQ(test, copy_to_user(compat_ptr(at), &fd, sizeof(fd)), 0);
	current_thread_info()->status |= TS_COMPAT;
	task_pt_regs(current)->bx = SYS_CONNECT;
	task_pt_regs(current)->cx = at;
	expect_call(test, other(test, SOCKETCALL, 0), SENDTRACE_CALL_CONNECT, 5);
}

static void in_any_other_call_there_is_none(struct kunit *test)
{
	expect_call(test, other(test, __NR_write, 5), SENDTRACE_CALL_UNKNOWN, -1);
	expect_call(test, other(test, __NR_exit_group, 5), SENDTRACE_CALL_UNKNOWN, -1);
	current->flags |= PF_IO_WORKER;
	expect_call(test, other(test, __NR_close, 5), SENDTRACE_CALL_UNKNOWN, -1);
}

/* Where the caller's message begins with the pointer to room for an address. */
static void a_message_asks_for_an_address_if_it_has_room_for_one(struct kunit *test)
{
	void __user *message;
	unsigned long name = 0;

	st_test_use_user_memory(test);
	message = st_test_user_pages(test, PAGE_SIZE);
	task_pt_regs(current)->si = (unsigned long)message;
	task_pt_regs(current)->orig_ax = __NR_recvmsg;
	KUNIT_EXPECT_FALSE(test, st_syscall_asks_name()); /* not resident */
	KUNIT_ASSERT_EQ(test, copy_to_user(message, &name, sizeof(name)), 0);
	KUNIT_EXPECT_FALSE(test, st_syscall_asks_name());
	name = 1;
	KUNIT_ASSERT_EQ(test, copy_to_user(message, &name, sizeof(name)), 0);
	KUNIT_EXPECT_TRUE(test, st_syscall_asks_name());
	as_before(test);
}

/* Their pointers have half the length: what follows is no part of it. */
static void a_32_bit_programs_message_has_a_short_pointer(struct kunit *test)
{
	u32 at = low_page(test), words[2] = { 0, 1 };

	KUNIT_ASSERT_EQ(test, copy_to_user(compat_ptr(at), words, sizeof(words)), 0);
	current_thread_info()->status |= TS_COMPAT;
	task_pt_regs(current)->orig_ax = __NR_ia32_recvmsg;
	task_pt_regs(current)->cx = at;
	KUNIT_EXPECT_FALSE(test, st_syscall_asks_name());
	KUNIT_ASSERT_EQ(test, copy_to_user(compat_ptr(at), &words[1], sizeof(u32)), 0);
	KUNIT_EXPECT_TRUE(test, st_syscall_asks_name());
	as_before(test);
}

static void a_receive_has_its_flags_and_a_send_has_none(struct kunit *test)
{
	struct socket *sock;
	int fd = st_test_descriptor(test, SOCK_STREAM, &sock);
	struct pt_regs *regs = task_pt_regs(current);

	regs->r10 = MSG_PEEK;
	KUNIT_EXPECT_EQ(test,
			found(test, sock, __NR_recvfrom, ARGS(fd), ST_RECEIVES).flags,
			MSG_PEEK);
	KUNIT_EXPECT_EQ(
		test,
		found(test, sock, __NR_recvmsg, ARGS(fd, 0, MSG_TRUNC), ST_RECEIVES).flags,
		MSG_TRUNC);
	regs->r10 = MSG_PEEK;
	KUNIT_EXPECT_EQ(test, found(test, sock, __NR_read, ARGS(fd), ST_RECEIVES).flags,
			0);
	regs->r10 = MSG_PEEK;
	KUNIT_EXPECT_EQ(test, found(test, sock, __NR_sendto, ARGS(fd), ST_SENDS).flags,
			0);
	expect_call(test, found(test, sock, __NR_sendfile, ARGS(-1, fd), ST_RECEIVES),
		    SENDTRACE_CALL_SPLICE_READ, fd);
}

static bool is_splice(struct kunit *test, unsigned int nr)
{
	bool is;

	task_pt_regs(current)->orig_ax = nr;
	is = st_syscall_is_splice();
	as_before(test);
	return is;
}

static void splice_and_sendfile_splice_and_so_may_a_worker(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, is_splice(test, __NR_splice));
	KUNIT_EXPECT_TRUE(test, is_splice(test, __NR_sendfile));
	KUNIT_EXPECT_FALSE(test, is_splice(test, __NR_write));
	KUNIT_EXPECT_FALSE(test, is_splice(test, __NR_getpid));
	current->flags |= PF_IO_WORKER;
	KUNIT_EXPECT_TRUE(test, is_splice(test, __NR_getpid));
}
#endif /* CONFIG_X86_64 */

static struct kunit_case syscall_cases[] = {
	KUNIT_CASE(the_numbers_are_those_of_the_kernel),
#ifdef CONFIG_X86_64
	KUNIT_CASE(the_numbers_of_32_bit_programs_are_those_of_the_kernel),
	KUNIT_CASE(the_numbers_of_x32_programs_are_those_of_the_kernel),
	KUNIT_CASE(the_calls_of_socketcall_are_those_of_the_kernel),
	KUNIT_CASE(a_call_is_known_by_its_number_and_has_its_descriptor),
	KUNIT_CASE(splice_sends_to_one_argument_and_receives_from_another),
	KUNIT_CASE(io_submit_has_no_descriptor),
	KUNIT_CASE(x32_programs_use_both_tables),
	KUNIT_CASE(a_32_bit_programs_numbers_are_its_own),
	KUNIT_CASE(the_arguments_of_socketcall_are_in_memory),
	KUNIT_CASE(arguments_that_cannot_be_read_tell_nothing),
	KUNIT_CASE(a_descriptor_of_another_socket_is_not_believed),
	KUNIT_CASE(without_io_uring_any_descriptor_is_believed),
	KUNIT_CASE(a_call_that_has_returned_is_not_believed),
	KUNIT_CASE(a_call_that_does_not_come_here_is_not_believed),
	KUNIT_CASE(a_worker_of_io_uring_is_in_no_call),
	KUNIT_CASE(a_32_bit_programs_message_has_a_short_pointer),
	KUNIT_CASE(a_receive_has_its_flags_and_a_send_has_none),
	KUNIT_CASE(splice_and_sendfile_splice_and_so_may_a_worker),
	KUNIT_CASE(calls_that_open_and_close_have_their_descriptor),
	KUNIT_CASE(those_of_socketcall_have_it_in_memory),
	KUNIT_CASE(in_any_other_call_there_is_none),
	KUNIT_CASE(a_message_asks_for_an_address_if_it_has_room_for_one),
#endif
	{}
};

static struct kunit_suite syscall_suite = {
	.name = "sendtrace_syscall",
	.suite_init = st_test_suite_init,
	.suite_exit = st_test_suite_exit,
#ifdef CONFIG_X86_64
	.init = syscall_test_init,
#endif
	.test_cases = syscall_cases,
};
kunit_test_suite(syscall_suite);
