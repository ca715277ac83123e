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

/* ---- Random values ---------------------------------------------------------------------- */

enum {
	ROUNDS = 20000,
	FILES = 6
};

static uint64_t random_number(void)
{
	static uint64_t state = 20261127;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	/* Of any length. */
	return state >> (state & 63);
}

static int wrong_files[FILES];

static void open_wrong_files(void)
{
	int pipes[2];

	must(pipe(pipes), "pipe()");
	wrong_files[0] = -1;
	wrong_files[1] = pipes[0];
	wrong_files[2] = must(open("/", O_RDONLY), "open()");
	wrong_files[3] = must(open("/proc/self/exe", O_PATH), "open()");
	wrong_files[4] = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket()");
	wrong_files[5] = must(open("/proc/self/maps", O_RDONLY), "open()");
}

/* Values that may be right. */
static void change_any(struct sendtrace_tls *named)
{
	switch (random_number() % 6) {
	case 0:
		named->pid = random_number();
		break;
	case 1:
		named->function = random_number() % (SENDTRACE_CALLS + 2);
		break;
	case 2:
		named->address = random_number();
		break;
	case 3:
		named->nr_returns = random_number();
		break;
	case 4:
		named->flags = random_number();
		break;
	default:
		named->returns[random_number() % SENDTRACE_TLS_RETURNS] = random_number();
	}
}

/* One value that is wrong for certain. */
static void spoil(struct sendtrace_tls *named)
{
	switch (random_number() % 7) {
	case 0:
		named->pid = 1U << 30 | random_number();
		break;
	case 1:
		named->function =
			SENDTRACE_TLS_HANDSHAKE + 1 + (random_number() & 0xffff);
		break;
	case 2: /* Above all memory of user space. */
		named->address = 1ULL << 63 | random_number();
		break;
	case 3:
		named->nr_returns =
			SENDTRACE_TLS_RETURNS + 1 + (random_number() & 0xffff);
		break;
	case 4:
		named->flags |= 2U << random_number() % 31;
		break;
	case 5:
		named->reserved = random_number() | 1;
		break;
	default:
		named->file = wrong_files[random_number() % FILES];
	}
}

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
	open_wrong_files();
	for (int i = 0; i < ROUNDS && !check_failed(); i++) {
		named = good;
		for (int changes = random_number() % 4; changes > 0; changes--)
			change_any(&named);
		spoil(&named);
		expect_any_refusal(&tracer, named);
	}
	expect_refusal(&tracer, good, 0, "a good one");
	tracer_close(&tracer);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "values", values },
		{ "random", random_values },
		{},
	};

	return run_cases(argc, argv, cases);
}
