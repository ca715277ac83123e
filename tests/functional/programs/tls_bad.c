// SPDX-License-Identifier: GPL-2.0
/* Functions of TLS libraries that are named wrongly: all are refused. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "tls_library.h"
#include "tls_traced.h"
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
	expect_no_session(good);
	expect_no_place(&tracer, good);
	expect_no_sense(&tracer, good);
	expect_refusal(&tracer, good, 0, "a good one");
	expect_refusal(&tracer, good, EEXIST, "the same again");
	tracer_close(&tracer);
}

/* ---- Files ------------------------------------------------------------------------------ */

/*
 * A file begins with a function that returns at once. Behind it is one whose first instruction
 * the kernel does not probe.
 */
enum {
	WRONG_AT = 8
};

#if defined(__x86_64__)
static const unsigned char code[] = { 0x55, 0x5d, 0xc3, 0,
				      0,    0,	  0,	0, /* push, pop, ret */
				      0xcc, 0x90, 0xc3 }; /* int3; nop; ret */
enum {
	RETURNS_AT = 2,
	NOT_PROBED = EIO
};
#elif defined(__aarch64__)
static const unsigned char code[] = { 0x1f, 0x20, 0x03, 0xd5, /* nop */
				      0xc0, 0x03, 0x5f, 0xd6, /* ret */
				      0x01, 0x00, 0x00, 0xd4, /* svc #0 */
				      0xc0, 0x03, 0x5f, 0xd6 }; /* ret */
enum {
	RETURNS_AT = 4,
	NOT_PROBED = EINVAL
};
#endif

static int make_file(const char *name)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0700), "open()");

	must(write(fd, code, sizeof(code)), "write()");
	must(ftruncate(fd, PAGE), "ftruncate()");
	return fd;
}

/* @at: NULL: anywhere. */
static void *map(void *at, int fd)
{
	void *there = mmap(at, PAGE, PROT_READ | PROT_EXEC,
			   MAP_PRIVATE | (at ? MAP_FIXED : 0), fd, 0);

	return there == MAP_FAILED ? die("mmap()"), NULL : there;
}

static struct sendtrace_tls function_at(const void *address, int fd)
{
	return (struct sendtrace_tls){
		.pid = getpid(),
		.function = SENDTRACE_CALL_SSL_WRITE,
		.address = (uintptr_t)address,
		.nr_returns = 1,
		.file = fd,
		.returns = { (uintptr_t)address + RETURNS_AT },
	};
}

/* Between the look at a file and the command, another one is mapped at the same address. */
static void other_file(void)
{
	int one = make_file("one"), two = make_file("two");
	struct sendtrace_tls named, unopened;
	struct tracer tracer;
	void *address;

	begin(&tracer);
	address = map(NULL, one);
	named = function_at(address, one);
	map(address, two);
	expect_refusal(&tracer, named, ESTALE, "another file is mapped there");
	unopened = named, unopened.file = -1;
	expect_refusal(&tracer, unopened, EBADF, "no descriptor");
	unopened.file = must(open("two", O_PATH), "open()");
	expect_refusal(&tracer, unopened, EBADF, "a descriptor of O_PATH");
	unopened.file = tracer.fd;
	expect_refusal(&tracer, unopened, ESTALE, "a device");
	named.file = two;
	expect_refusal(&tracer, named, 0, "the file that is mapped there");
	map(address, one);
	named.file = one;
	expect_refusal(&tracer, named, 0, "the first one is another function");
	tracer_close(&tracer);
}

/* ---- A probe that fails ----------------------------------------------------------------- */

static void name_both(const struct tracer *tracer, const unsigned char *mapped, int fd)
{
	struct sendtrace_tls wrong = function_at(mapped + WRONG_AT, fd);

	expect_refusal(tracer, function_at(mapped, fd), 0, "a good function");
	wrong.function = SENDTRACE_CALL_SSL_READ;
	expect_refusal(tracer, wrong, 0, "one that cannot be probed");
}

static void expect_no_start(const struct tracer *tracer)
{
	struct pollfd polled = { .fd = tracer->fd, .events = POLLIN };

	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_START), NOT_PROBED, "START");
	check_equal(poll(&polled, 1, 0), 1, "poll()");
	check_equal(polled.revents, POLLIN,
		    "what poll() says of one that was never started");
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_STOP), EALREADY, "STOP");
}

/* One of two probes fails when the session starts: then it is as it was before. */
static void start(void)
{
	int fd = make_file("probed");
	const volatile unsigned char *mapped = map(NULL, fd);
	struct tracer tracer, other;

	prctl(PR_SET_NAME, "probed");
	begin(&tracer);
	tracer_filter(&tracer, "probed");
	name_both(&tracer, (const unsigned char *)mapped, fd);
	expect_no_start(&tracer);
	check_equal(mapped[0], code[0], "the first instruction");
	check_equal(tls_statistic("armed"), 0, "armed");
	/* With a session that runs, and shares a function. */
	begin(&other);
	tracer_filter(&other, "probed");
	expect_refusal(&other, function_at((const void *)mapped, fd), 0, "the other");
	tracer_start(&other);
	check(mapped[0] != code[0], "the other's breakpoint");
	expect_no_start(&tracer);
	check(mapped[0] != code[0], "the other's breakpoint is still there");
	tracer_close(&other);
	check_equal(mapped[0], code[0], "the first instruction behind the other");
	munmap((void *)mapped, PAGE);
	tracer_start(&tracer);
	check_equal(tracer_stats(&tracer).hits, 0, "calls");
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "values", values },
		{ "other_file", other_file },
		{ "start", start },
		{},
	};

	return run_cases(argc, argv, cases);
}
