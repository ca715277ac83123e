// SPDX-License-Identifier: GPL-2.0
/* Functions of TLS libraries that are named wrongly: all are refused. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "tls_library.h"
#include "tls_random.h"
#include "tracer.h"

enum {
	PAGE = 4096
};

static unsigned char data[PAGE];

static void begin(struct tracer *tracer)
{
	tls_needs_uprobes();
	tracer_open(tracer);
	tracer_config_calls(tracer, 1 << 16, SENDTRACE_CALLS_TLS);
}

static void expect_refusal(const struct tracer *tracer, struct sendtrace_tls named,
			   int want, const char *what)
{
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named), want, "%s", what);
}

/* ---- Values ----------------------------------------------------------------------------- */

/* Of which a part, or all, cannot be read. */
static void expect_no_memory(const struct tracer *tracer)
{
	unsigned char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		die("mmap()");
	munmap(pages + PAGE, PAGE);
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_TLS, NULL), EFAULT, "no pointer");
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_TLS, pages + PAGE - 32), EFAULT,
		    "a pointer to the end of memory");
}

static void expect_no_session(struct sendtrace_tls good)
{
	struct tracer plain;

	tracer_open(&plain);
	expect_refusal(&plain, good, EINVAL, "before CONFIG");
	tracer_config_calls(&plain, 1 << 16, SENDTRACE_CALLS_ALL);
	expect_refusal(&plain, good, EINVAL, "a session without calls of TLS libraries");
	tracer_close(&plain);
}

static void expect_no_place(const struct tracer *tracer, struct sendtrace_tls good)
{
	struct sendtrace_tls other;

	other = good, other.pid = 0;
	expect_refusal(tracer, other, ESRCH, "no process");
	other = good, other.pid = 2;
	expect_refusal(tracer, other, ESRCH, "a kernel thread");
	other = good, other.address = 0;
	expect_refusal(tracer, other, EINVAL, "address 0");
	other = good, other.address = ~0ULL;
	expect_refusal(tracer, other, EINVAL, "the highest address");
	other = good, other.address = (uintptr_t)&good;
	expect_refusal(tracer, other, EINVAL, "the stack");
	other = good, other.address = (uintptr_t)data;
	expect_refusal(tracer, other, EINVAL, "data");
	other = good, other.returns[0] = good.address;
	expect_refusal(tracer, other, EINVAL, "a return that is none");
	other = good, other.returns[0] = (uintptr_t)data;
	expect_refusal(tracer, other, EINVAL, "a return in another mapping");
}

static void expect_no_sense(const struct tracer *tracer, struct sendtrace_tls good)
{
	struct sendtrace_tls other;

	other = good, other.nr_returns = 0;
	expect_refusal(tracer, other, EINVAL, "no return");
	other = good, other.nr_returns = SENDTRACE_TLS_RETURNS + 1;
	expect_refusal(tracer, other, EINVAL, "too many returns");
	other = good, other.flags = SENDTRACE_TLS_URETPROBE;
	expect_refusal(tracer, other, EINVAL, "both means");
	other = good, other.flags = 2;
	expect_refusal(tracer, other, EINVAL, "an unknown flag");
	other = good, other.reserved = 1;
	expect_refusal(tracer, other, EINVAL, "a reserved field");
	other = good, other.function = SENDTRACE_CALL_WRITE;
	expect_refusal(tracer, other, EINVAL, "a system call");
	other = good, other.function = SENDTRACE_CALLS;
	expect_refusal(tracer, other, EINVAL, "an unknown function");
	other = good, other.function = SENDTRACE_TLS_BIO_WRITE;
	expect_refusal(tracer, other, EINVAL, "a return of what only begins");
	other.function = SENDTRACE_TLS_HANDSHAKE + 1;
	other.nr_returns = 0;
	expect_refusal(tracer, other, EINVAL, "an unknown one that only begins");
}

static void values(void)
{
	struct sendtrace_tls good = tls_function(SENDTRACE_CALL_SSL_WRITE);
	struct tracer tracer;

	begin(&tracer);
	expect_no_memory(&tracer);
	expect_no_session(good);
	expect_no_place(&tracer, good);
	expect_no_sense(&tracer, good);
	expect_refusal(&tracer, good, 0, "a good one");
	expect_refusal(&tracer, good, EEXIST, "the same again");
	tracer_close(&tracer);
}

/* ---- Inside of instructions -------------------------------------------------------------- */

/* As the module sees it: it does not know where an instruction begins. */
static bool is_return(const unsigned char *code)
{
#if defined(__x86_64__)
	if (*code == 0xf3 || *code == 0xf2)
		code++;
	return *code == 0xc3 || *code == 0xc2;
#else
	return ((uintptr_t)code & 3) == 0 && code[3] == 0xd6;
#endif
}

/* From the first byte of a function up to its return, all of which are none. */
static void inside(void)
{
	struct sendtrace_tls good = tls_function(SENDTRACE_CALL_SSL_WRITE), named = good;
	struct tracer tracer;
	int refused = 0;

	begin(&tracer);
	tracer_start(&tracer);
	for (uint64_t at = good.address; at < good.returns[0]; at++) {
		if (is_return((const unsigned char *)(uintptr_t)at))
			continue;
		named.returns[0] = at;
		expect_refusal(&tracer, named, EINVAL,
			       "a return inside of an instruction");
		refused++;
	}
	check(refused > 4, "more than four bytes were tried");
	check(!tls_is_probed(SENDTRACE_CALL_SSL_WRITE), "nothing is probed");
	tracer_close(&tracer);
}

/* ---- Random values ---------------------------------------------------------------------- */

enum {
	ROUNDS = 20000
};

static void expect_any_refusal(const struct tracer *tracer, struct sendtrace_tls named)
{
	errno = 0;
	if (ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named) < 0 &&
	    (errno == EINVAL || errno == EBADF || errno == ESRCH || errno == ESTALE))
		return;
	check(false,
	      "expected a refusal, got %s: pid %u, function %u, address %llx, %u returns, "
	      "flags %x, file %d, reserved %x",
	      strerror(errno), named.pid, named.function,
	      (unsigned long long)named.address, named.nr_returns, named.flags,
	      named.file, named.reserved);
}

static void random_values(void)
{
	struct sendtrace_tls good = tls_function(SENDTRACE_CALL_SSL_WRITE), named;
	struct tracer tracer;

	begin(&tracer);
	tracer_start(&tracer);
	tls_random_open_files();
	for (int i = 0; i < ROUNDS && !check_failed(); i++) {
		named = good;
		tls_random_refused(&named);
		expect_any_refusal(&tracer, named);
	}
	expect_refusal(&tracer, good, 0, "a good one");
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "values", values },
		{ "inside", inside },
		{ "random", random_values },
		{},
	};

	return run_cases(argc, argv, cases);
}
