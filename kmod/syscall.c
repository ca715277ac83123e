// SPDX-License-Identifier: GPL-2.0
/*
 * The functions that send and receive on a socket are given the socket, not the system call and
 * its descriptor. These are read from the registers that the thread entered the kernel with.
 *
 * They are another call's when io_uring works for the thread: it retries at the end of any
 * system call, and in threads of its own. So they count only if that call is one that comes
 * here and, where the thread uses io_uring, if it has not returned yet and its descriptor is this
 * socket. There another thread that moves the descriptor meanwhile (dup2()) can make a system
 * call look as if io_uring made it.
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/nospec.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include <asm-generic/kprobes.h>

#include <linux/sendtrace.h>

#include "call.h"
#include "compat.h"
#include "syscall.h"

/**
 * struct row - one system call
 * @sends: enum sendtrace_call if it sends; 0 if it does not
 * @receives: likewise if it receives
 * @other: likewise if it opens, connects or closes; its first argument is the descriptor
 * @from: the argument that is the descriptor it receives from
 * @to: the argument that is the descriptor it sends to
 */
struct row {
	u8 sends;
	u8 receives;
	u8 other;
	u8 from;
	u8 to;
};

/* The argument of a call whose descriptor is not among its arguments. */
#define NO_ARGUMENT 0xff

#define SENDS(call)                            \
	{                                      \
		.sends = SENDTRACE_CALL_##call \
	}
#define RECEIVES(call)                            \
	{                                         \
		.receives = SENDTRACE_CALL_##call \
	}
#define OTHER(call)                            \
	{                                      \
		.other = SENDTRACE_CALL_##call \
	}
/* sendfile(out_fd, in_fd, offset, count); from a socket into a pipe, it is a splice() */
#define SENDFILE                                                  \
	{                                                         \
		.sends = SENDTRACE_CALL_SENDFILE,                 \
		.receives = SENDTRACE_CALL_SPLICE_READ, .from = 1 \
	}
/* splice(fd_in, off_in, fd_out, off_out, len, flags) */
#define SPLICE                                                  \
	{                                                       \
		.sends = SENDTRACE_CALL_SPLICE_WRITE,           \
		.receives = SENDTRACE_CALL_SPLICE_READ, .to = 2 \
	}
#define IO_SUBMIT                                                               \
	{                                                                       \
		.sends = SENDTRACE_CALL_IO_SUBMIT_WRITE,                        \
		.receives = SENDTRACE_CALL_IO_SUBMIT_READ, .from = NO_ARGUMENT, \
		.to = NO_ARGUMENT                                               \
	}

/*
 * The numbers are part of each architecture's ABI and never change. The kernel's headers have
 * them under different names in different versions, so they are written out.
 */
#ifdef CONFIG_X86_64
/* arch/x86/entry/syscalls/syscall_64.tbl */
static const struct row native[] = {
	[0] = RECEIVES(READ),	   [1] = SENDS(WRITE),	       [3] = OTHER(CLOSE),
	[19] = RECEIVES(READV),	   [20] = SENDS(WRITEV),       [40] = SENDFILE,
	[42] = OTHER(CONNECT),	   [43] = OTHER(ACCEPT),       [44] = SENDS(SENDTO),
	[45] = RECEIVES(RECVFROM), [46] = SENDS(SENDMSG),      [47] = RECEIVES(RECVMSG),
	[48] = OTHER(SHUTDOWN),	   [209] = IO_SUBMIT,	       [275] = SPLICE,
	[288] = OTHER(ACCEPT),	   [299] = RECEIVES(RECVMMSG), [307] = SENDS(SENDMMSG),
	[327] = RECEIVES(PREADV2), [328] = SENDS(PWRITEV2),
};

/* The same file, calls of x32 that have numbers of their own, from X32_FIRST on. */
#define X32_FIRST 512
static const struct row x32[] = {
	[515 - X32_FIRST] = RECEIVES(READV),	[516 - X32_FIRST] = SENDS(WRITEV),
	[517 - X32_FIRST] = RECEIVES(RECVFROM), [518 - X32_FIRST] = SENDS(SENDMSG),
	[519 - X32_FIRST] = RECEIVES(RECVMSG),	[537 - X32_FIRST] = RECEIVES(RECVMMSG),
	[538 - X32_FIRST] = SENDS(SENDMMSG),	[544 - X32_FIRST] = IO_SUBMIT,
	[546 - X32_FIRST] = RECEIVES(PREADV2),	[547 - X32_FIRST] = SENDS(PWRITEV2),
};

/* arch/x86/entry/syscalls/syscall_32.tbl; socketcall() is SOCKETCALL. */
#define SOCKETCALL 102
static const struct row compat[] = {
	[3] = RECEIVES(READ),	    [4] = SENDS(WRITE),
	[145] = RECEIVES(READV),    [146] = SENDS(WRITEV),
	[187] = SENDFILE,	    [239] = SENDFILE,
	[248] = IO_SUBMIT,	    [313] = SPLICE,
	[337] = RECEIVES(RECVMMSG), [345] = SENDS(SENDMMSG),
	[369] = SENDS(SENDTO),	    [370] = SENDS(SENDMSG),
	[371] = RECEIVES(RECVFROM), [372] = RECEIVES(RECVMSG),
	[378] = RECEIVES(PREADV2),  [379] = SENDS(PWRITEV2),
	[417] = RECEIVES(RECVMMSG), [6] = OTHER(CLOSE),
	[362] = OTHER(CONNECT),	    [364] = OTHER(ACCEPT),
	[373] = OTHER(SHUTDOWN),
};
#else
/* include/uapi/asm-generic/unistd.h */
static const struct row native[] = {
	[2] = IO_SUBMIT,	 [63] = RECEIVES(READ),	    [64] = SENDS(WRITE),
	[65] = RECEIVES(READV),	 [66] = SENDS(WRITEV),	    [71] = SENDFILE,
	[76] = SPLICE,		 [206] = SENDS(SENDTO),	    [207] = RECEIVES(RECVFROM),
	[211] = SENDS(SENDMSG),	 [212] = RECEIVES(RECVMSG), [243] = RECEIVES(RECVMMSG),
	[269] = SENDS(SENDMMSG), [286] = RECEIVES(PREADV2), [287] = SENDS(PWRITEV2),
	[57] = OTHER(CLOSE),	 [202] = OTHER(ACCEPT),	    [203] = OTHER(CONNECT),
	[210] = OTHER(SHUTDOWN), [242] = OTHER(ACCEPT),
};

/* AArch32: arch/arm64/tools/syscall_32.tbl, and asm/unistd32.h before that */
static const struct row compat[] = {
	[3] = RECEIVES(READ),	    [4] = SENDS(WRITE),
	[145] = RECEIVES(READV),    [146] = SENDS(WRITEV),
	[187] = SENDFILE,	    [239] = SENDFILE,
	[246] = IO_SUBMIT,	    [289] = SENDS(SENDTO),
	[290] = SENDS(SENDTO),	    [291] = RECEIVES(RECVFROM),
	[292] = RECEIVES(RECVFROM), [296] = SENDS(SENDMSG),
	[297] = RECEIVES(RECVMSG),  [340] = SPLICE,
	[365] = RECEIVES(RECVMMSG), [374] = SENDS(SENDMMSG),
	[392] = RECEIVES(PREADV2),  [393] = SENDS(PWRITEV2),
	[417] = RECEIVES(RECVMMSG), [6] = OTHER(CLOSE),
	[283] = OTHER(CONNECT),	    [285] = OTHER(ACCEPT),
	[293] = OTHER(SHUTDOWN),    [366] = OTHER(ACCEPT),
};
#endif

static const struct row nothing;

static nokprobe_inline const struct row *row_in(const struct row *table, size_t rows,
						unsigned int nr)
{
	return nr < rows ? &table[array_index_nospec(nr, rows)] : &nothing;
}

static nokprobe_inline bool is_compat_abi(void)
{
#ifdef CONFIG_X86_64
	return in_ia32_syscall();
#else
	return is_compat_thread(task_thread_info(current));
#endif
}

static noinline const struct row *row_of_other_abi(unsigned int nr)
{
	if (is_compat_abi())
		return row_in(compat, ARRAY_SIZE(compat), nr);
#ifdef CONFIG_X86_64
	if (nr >= __X32_SYSCALL_BIT + X32_FIRST)
		return row_in(x32, ARRAY_SIZE(x32), nr - __X32_SYSCALL_BIT - X32_FIRST);
	if (nr >= __X32_SYSCALL_BIT)
		return row_in(native, ARRAY_SIZE(native), nr - __X32_SYSCALL_BIT);
#endif
	return &nothing;
}
NOKPROBE_SYMBOL(row_of_other_abi);

static nokprobe_inline const struct row *current_row(struct pt_regs *regs)
{
	unsigned int nr = syscall_get_nr(current, regs);

	if (likely(nr < ARRAY_SIZE(native) && !is_compat_abi()))
		return &native[array_index_nospec(nr, ARRAY_SIZE(native))];
	return row_of_other_abi(nr);
}

/*
 * Has the call returned, and is the thread on its way out of the kernel? io_uring works there.
 * The kernel stores what a call returns where the caller will find it. Until then that register
 * has -ENOSYS on x86, and on arm64 the first argument: there a call that returns just that, the
 * number of its descriptor, seems not to have returned.
 */
static nokprobe_inline bool has_returned(const struct pt_regs *regs)
{
#ifdef CONFIG_X86_64
	return regs->ax != -ENOSYS;
#else
	return regs->regs[0] != regs->orig_x0;
#endif
}

/* Not inline: few threads use io_uring. */
static noinline bool is_this_socket(int fd, const struct socket *sock)
{
	struct fd f = fdget(fd);
	bool same = fd_file(f) && fd_file(f)->private_data == sock;

	fdput(f);
	return same;
}
NOKPROBE_SYMBOL(is_this_socket);

#ifdef SOCKETCALL
/* The calls of socketcall() (include/uapi/linux/net.h). */
static const struct row socketcalls[] = {
	[SYS_SEND] = SENDS(SENDTO),	     [SYS_SENDTO] = SENDS(SENDTO),
	[SYS_RECV] = RECEIVES(RECVFROM),     [SYS_RECVFROM] = RECEIVES(RECVFROM),
	[SYS_SENDMSG] = SENDS(SENDMSG),	     [SYS_RECVMSG] = RECEIVES(RECVMSG),
	[SYS_RECVMMSG] = RECEIVES(RECVMMSG), [SYS_SENDMMSG] = SENDS(SENDMMSG),
	[SYS_CONNECT] = OTHER(CONNECT),	     [SYS_ACCEPT] = OTHER(ACCEPT),
	[SYS_ACCEPT4] = OTHER(ACCEPT),	     [SYS_SHUTDOWN] = OTHER(SHUTDOWN),
};

/*
 * Its arguments are in memory, the descriptor first; args[0] is the call. All have three, and
 * the flags are the third or the fourth.
 */
static noinline const struct row *socketcall_row(struct pt_regs *regs,
						 unsigned long *args)
{
	const struct row *row = row_in(socketcalls, ARRAY_SIZE(socketcalls), args[0]);
	const u32 __user *from = compat_ptr(args[1]);
	u32 given[4] = {};
	int i;

	if (copy_from_user_nofault(given, from, 3 * sizeof(*given)))
		return &nothing;
	if (copy_from_user_nofault(&given[3], &from[3], sizeof(*given)))
		given[3] = 0;
	for (i = 0; i < ARRAY_SIZE(given); i++)
		args[i] = given[i];
	return row;
}
NOKPROBE_SYMBOL(socketcall_row);

static nokprobe_inline bool is_socketcall(struct pt_regs *regs)
{
	return is_compat_abi() && syscall_get_nr(current, regs) == SOCKETCALL;
}
#else
static inline const struct row *socketcall_row(struct pt_regs *regs, unsigned long *args)
{
	return &nothing;
}

static inline bool is_socketcall(struct pt_regs *regs)
{
	return false;
}
#endif

/**
 * st_syscall_async() - note that io_uring makes a call
 * @call: its @id, @fd, @flags and @async are set; there is no descriptor: the kernel does not
 *	tell it
 * @direction: which way the bytes go
 */
void st_syscall_async(struct st_entry *call, enum st_direction direction)
{
	call->id = direction == ST_SENDS ? SENDTRACE_CALL_IO_URING_SEND :
					   SENDTRACE_CALL_IO_URING_RECV;
	call->fd = -1;
	call->flags = 0;
	call->async = true;
}
NOKPROBE_SYMBOL(st_syscall_async);

/* As syscall_get_arguments(), but only the one that is needed, and without an array. */
static nokprobe_inline unsigned long native_argument(struct pt_regs *regs,
						     unsigned int nr)
{
#ifdef CONFIG_X86_64
	if (likely(!nr))
		return regs->di;
	switch (nr) {
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	default:
		return regs->r10;
	}
#else
	return nr ? regs->regs[nr] : regs->orig_x0;
#endif
}

/* @args: all of them; NULL if they are where the native ABI has them */
static nokprobe_inline unsigned long argument(struct pt_regs *regs,
					      const unsigned long *args, unsigned int nr)
{
	return args ? args[nr] : native_argument(regs, nr);
}

/* In every ABI the flags are the same argument. */
static nokprobe_inline u32 flags_of(u32 id, struct pt_regs *regs,
				    const unsigned long *args)
{
	switch (id) {
	case SENDTRACE_CALL_RECVFROM:
	case SENDTRACE_CALL_RECVMMSG:
		return argument(regs, args, 3);
	case SENDTRACE_CALL_RECVMSG:
		return argument(regs, args, 2);
	default:
		return 0;
	}
}

static nokprobe_inline void from_row(const struct row *row, struct pt_regs *regs,
				     const unsigned long *args, struct st_entry *call,
				     enum st_direction direction)
{
	unsigned int nr = direction == ST_SENDS ? row->to : row->from;
	u32 id = direction == ST_SENDS ? row->sends : row->receives;
	int fd;

	if (unlikely(!id)) {
		st_syscall_async(call, direction);
		return;
	}
	fd = nr == NO_ARGUMENT ? -1 : (int)argument(regs, args, nr);
	call->id = id;
	call->fd = fd;
	call->flags = direction == ST_SENDS ? 0 : flags_of(id, regs, args);
	call->async = false;
	if (unlikely(st_uses_io_uring(current)) &&
	    (has_returned(regs) || (fd >= 0 && !is_this_socket(fd, call->sock))))
		st_syscall_async(call, direction);
}

static noinline void of_other_abi(struct pt_regs *regs, struct st_entry *call,
				  enum st_direction direction)
{
	const struct row *row = row_of_other_abi(syscall_get_nr(current, regs));
	unsigned long args[6];

	syscall_get_arguments(current, regs, args);
	if (unlikely(is_socketcall(regs)))
		row = socketcall_row(regs, args);
	from_row(row, regs, args, call, direction);
}
NOKPROBE_SYMBOL(of_other_abi);

/**
 * st_syscall_of() - note the system call in which a socket is used
 * @call: has @sock; its @id, @fd and @async are set, and @flags: the MSG_* that a receive was
 *	given, else 0. It is the system call, or one of io_uring
 * @direction: which way the bytes go
 *
 * Context: the calling task, preemption off.
 */
void st_syscall_of(struct st_entry *call, enum st_direction direction)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned int nr = syscall_get_nr(current, regs);

	/* Who exits makes no calls, and has no descriptors to look at. */
	if (unlikely(current->flags & (PF_IO_WORKER | PF_EXITING))) {
		st_syscall_async(call, direction);
		return;
	}
	if (unlikely(nr >= ARRAY_SIZE(native) || is_compat_abi())) {
		of_other_abi(regs, call, direction);
		return;
	}
	nr = array_index_nospec(nr, ARRAY_SIZE(native));
	/* No subscript: UBSAN would check the bound in every call. */
	from_row(native + nr, regs, NULL, call, direction);
}
NOKPROBE_SYMBOL(st_syscall_of);

/**
 * st_syscall_is_splice() - is the thread in splice() or sendfile(), or works for io_uring?
 *
 * Context: the calling task.
 * Return: true if so.
 */
bool st_syscall_is_splice(void)
{
	u8 id;

	if (current->flags & PF_IO_WORKER)
		return true;
	id = current_row(task_pt_regs(current))->sends;
	return id == SENDTRACE_CALL_SENDFILE || id == SENDTRACE_CALL_SPLICE_WRITE;
}
NOKPROBE_SYMBOL(st_syscall_is_splice);

/* In all of these ABIs, pointers have 32 bits. */
static noinline bool asks_name_compat(struct pt_regs *regs)
{
	unsigned long args[6];
	u32 name = 0;

	syscall_get_arguments(current, regs, args);
	if (unlikely(is_socketcall(regs)))
		socketcall_row(regs, args);
	return !copy_from_user_nofault(&name, (void __user *)args[1], sizeof(name)) &&
	       name;
}
NOKPROBE_SYMBOL(asks_name_compat);

/**
 * st_syscall_asks_name() - does a recvmsg() or the first message of a recvmmsg() ask for an address?
 *
 * The kernel asks for it in any case. The caller's message begins with the pointer. Where the later
 * messages of a recvmmsg() come here, too (hooks.c, if_inlined), they count as the first does.
 *
 * Context: the calling task, in one of these calls, preemption off.
 * Return: true if it does.
 */
bool st_syscall_asks_name(void)
{
	struct pt_regs *regs = task_pt_regs(current);
	const unsigned long __user *message;
	unsigned long name = 0;
	bool resident;

	if (unlikely(in_compat_syscall()))
		return asks_name_compat(regs);
	/* Without an mm the thread is exiting: what is mapped here is not its memory. */
	if (unlikely(!current->mm))
		return false;
	message = (void __user *)native_argument(regs, 1);
	pagefault_disable();
	resident = !get_user(name, message);
	pagefault_enable();
	return resident && name;
}
NOKPROBE_SYMBOL(st_syscall_asks_name);

/**
 * st_syscall_has_fd() - is a number the first argument of the thread's system call?
 * @fd: the number, of a socket that the call uses. The socket may have others: this tells which of
 *	them a call of one socket was given
 *
 * Context: the calling task.
 * Return: true if so; false also for all programs that are not of the kernel's own width.
 */
bool st_syscall_has_fd(int fd)
{
	return !in_compat_syscall() && !(current->flags & PF_IO_WORKER) &&
	       (int)native_argument(task_pt_regs(current), 0) == fd;
}
NOKPROBE_SYMBOL(st_syscall_has_fd);

/**
 * st_syscall_other() - the call that opens, connects or closes, if the thread is in one
 *
 * Context: the calling task, preemption off.
 * Return: SENDTRACE_CALL_ACCEPT, _CONNECT, _SHUTDOWN or _CLOSE, and its descriptor; else
 * SENDTRACE_CALL_UNKNOWN and -1, also if the thread exits, or is one of io_uring's.
 */
struct st_syscall st_syscall_other(void)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct st_syscall is = { .id = SENDTRACE_CALL_UNKNOWN, .fd = -1 };
	unsigned long args[6];
	const struct row *row;

	if (unlikely(current->flags & (PF_IO_WORKER | PF_EXITING)))
		return is;
	row = current_row(regs);
	syscall_get_arguments(current, regs, args);
	if (unlikely(is_socketcall(regs)))
		row = socketcall_row(regs, args);
	if (row->other) {
		is.id = row->other;
		is.fd = (int)args[0];
	}
	return is;
}
NOKPROBE_SYMBOL(st_syscall_other);
