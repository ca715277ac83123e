/* SPDX-License-Identifier: GPL-2.0 */
/* Cases of syscall_test.c: the numbers of system calls are those of the kernel. */
#ifndef _ST_SYSCALL_NUMBERS_H
#define _ST_SYSCALL_NUMBERS_H

struct expected {
	unsigned int nr;
	u8 sends;
	u8 receives;
};

#define S(nr, call)                          \
	{                                    \
		nr, SENDTRACE_CALL_##call, 0 \
	}
#define R(nr, call)                          \
	{                                    \
		nr, 0, SENDTRACE_CALL_##call \
	}
#define B(nr, sends, reads)                                        \
	{                                                          \
		nr, SENDTRACE_CALL_##sends, SENDTRACE_CALL_##reads \
	}

/* The table has exactly these; numbers are relative to @first. */
static void expect_table(struct kunit *test, const struct row *table, size_t rows,
			 unsigned int first, const struct expected *expected, size_t nr)
{
	size_t i, used = 0;

	for (i = 0; i < nr; i++) {
		const struct row *row = row_in(table, rows, expected[i].nr - first);

		KUNIT_EXPECT_EQ_MSG(test, row->sends, expected[i].sends, "number %u",
				    expected[i].nr);
		KUNIT_EXPECT_EQ_MSG(test, row->receives, expected[i].receives,
				    "number %u", expected[i].nr);
	}
	for (i = 0; i < rows; i++)
		used += table[i].sends || table[i].receives;
	KUNIT_EXPECT_EQ(test, used, nr);
}

static void the_numbers_are_those_of_the_kernel(struct kunit *test)
{
	static const struct expected calls[] = {
		R(__NR_read, READ),
		S(__NR_write, WRITE),
		R(__NR_readv, READV),
		S(__NR_writev, WRITEV),
		B(__NR_sendfile, SENDFILE, SPLICE_READ),
		S(__NR_sendto, SENDTO),
		R(__NR_recvfrom, RECVFROM),
		S(__NR_sendmsg, SENDMSG),
		R(__NR_recvmsg, RECVMSG),
		B(__NR_io_submit, IO_SUBMIT_WRITE, IO_SUBMIT_READ),
		B(__NR_splice, SPLICE_WRITE, SPLICE_READ),
		R(__NR_recvmmsg, RECVMMSG),
		S(__NR_sendmmsg, SENDMMSG),
		R(__NR_preadv2, PREADV2),
		S(__NR_pwritev2, PWRITEV2),
	};

	expect_table(test, native, ARRAY_SIZE(native), 0, calls, ARRAY_SIZE(calls));
}

#ifdef CONFIG_X86_64
static void the_numbers_of_32_bit_programs_are_those_of_the_kernel(struct kunit *test)
{
	static const struct expected calls[] = {
		R(__NR_ia32_read, READ),
		S(__NR_ia32_write, WRITE),
		R(__NR_ia32_readv, READV),
		S(__NR_ia32_writev, WRITEV),
		B(__NR_ia32_sendfile, SENDFILE, SPLICE_READ),
		B(__NR_ia32_sendfile64, SENDFILE, SPLICE_READ),
		B(__NR_ia32_io_submit, IO_SUBMIT_WRITE, IO_SUBMIT_READ),
		B(__NR_ia32_splice, SPLICE_WRITE, SPLICE_READ),
		R(__NR_ia32_recvmmsg, RECVMMSG),
		R(__NR_ia32_recvmmsg_time64, RECVMMSG),
		S(__NR_ia32_sendmmsg, SENDMMSG),
		S(__NR_ia32_sendto, SENDTO),
		S(__NR_ia32_sendmsg, SENDMSG),
		R(__NR_ia32_recvfrom, RECVFROM),
		R(__NR_ia32_recvmsg, RECVMSG),
		R(__NR_ia32_preadv2, PREADV2),
		S(__NR_ia32_pwritev2, PWRITEV2),
	};

	expect_table(test, compat, ARRAY_SIZE(compat), 0, calls, ARRAY_SIZE(calls));
	KUNIT_EXPECT_EQ(test, SOCKETCALL, __NR_ia32_socketcall);
}

static void the_numbers_of_x32_programs_are_those_of_the_kernel(struct kunit *test)
{
	static const struct expected calls[] = {
		R(__NR_x32_readv, READV),
		S(__NR_x32_writev, WRITEV),
		R(__NR_x32_recvfrom, RECVFROM),
		S(__NR_x32_sendmsg, SENDMSG),
		R(__NR_x32_recvmsg, RECVMSG),
		R(__NR_x32_recvmmsg, RECVMMSG),
		S(__NR_x32_sendmmsg, SENDMMSG),
		B(__NR_x32_io_submit, IO_SUBMIT_WRITE, IO_SUBMIT_READ),
		R(__NR_x32_preadv2, PREADV2),
		S(__NR_x32_pwritev2, PWRITEV2),
	};

	expect_table(test, x32, ARRAY_SIZE(x32), X32_FIRST, calls, ARRAY_SIZE(calls));
}

static void the_calls_of_socketcall_are_those_of_the_kernel(struct kunit *test)
{
	static const struct expected calls[] = {
		S(9, SENDTO),	S(11, SENDTO),	R(10, RECVFROM), R(12, RECVFROM),
		S(16, SENDMSG), R(17, RECVMSG), R(19, RECVMMSG), S(20, SENDMMSG),
	};

	expect_table(test, socketcalls, ARRAY_SIZE(socketcalls), 0, calls,
		     ARRAY_SIZE(calls));
}

#endif /* CONFIG_X86_64 */

#endif /* _ST_SYSCALL_NUMBERS_H */
