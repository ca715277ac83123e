// SPDX-License-Identifier: GPL-2.0
/* The files that functions of TLS libraries are in: which one, and how long it is held. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "tls_library.h"
#include "tls_traced.h"
#include "tracer.h"

enum {
	PAGE = 4096
};

static const char name[] = "probed";

/* A session for the files that we map. */
static void begin(struct tracer *tracer)
{
	tls_needs_uprobes();
	prctl(PR_SET_NAME, name);
	tracer_open(tracer);
	tracer_config_calls(tracer, 1 << 16, SENDTRACE_CALLS_TLS);
	tracer_filter(tracer, name);
}

/* @error: 0 if it is named. */
static void expect_answer(const struct tracer *tracer, struct sendtrace_tls named,
			  int error, const char *what)
{
	check_errno(ioctl(tracer->fd, SENDTRACE_IOC_TLS, &named), error, "%s", what);
}

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

static bool is_probed(const void *mapped)
{
	return *(const volatile unsigned char *)mapped != code[0];
}

/* ---- Which one -------------------------------------------------------------------------- */

/* Between the look at a file and the command, another one is mapped at the same address. */
static void other(void)
{
	int one = make_file("one"), two = make_file("two");
	struct sendtrace_tls named, unopened;
	struct tracer tracer;
	void *address;

	begin(&tracer);
	address = map(NULL, one);
	named = function_at(address, one);
	map(address, two);
	expect_answer(&tracer, named, ESTALE, "another file is mapped there");
	unopened = named, unopened.file = -1;
	expect_answer(&tracer, unopened, EBADF, "no descriptor");
	unopened.file = must(open("two", O_PATH), "open()");
	expect_answer(&tracer, unopened, EBADF, "a descriptor of O_PATH");
	unopened.file = tracer.fd;
	expect_answer(&tracer, unopened, ESTALE, "a device");
	named.file = two;
	expect_answer(&tracer, named, 0, "the file that is mapped there");
	map(address, one);
	named.file = one;
	expect_answer(&tracer, named, 0, "the first one is another function");
	tracer_close(&tracer);
}

static void mount_overlay(void)
{
	must(mkdir("layers", 0700), "mkdir()");
	must(mount("none", "layers", "tmpfs", 0, NULL), "mount()");
	must(mkdir("layers/lower", 0700), "mkdir()");
	must(mkdir("layers/upper", 0700), "mkdir()");
	must(mkdir("layers/work", 0700), "mkdir()");
	must(mkdir("layers/merged", 0700), "mkdir()");
	if (!mount("none", "layers/merged", "overlay", 0,
		   "lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work"))
		return;
	umount("layers");
	if (errno == ENODEV)
		skip("the kernel has no overlayfs");
	die("mount()");
}

/* What is mapped is the file of a layer; what others see, and open, is that of overlayfs. */
static void overlay(void)
{
	int layer, merged, second;
	struct tracer tracer;
	void *mapped;

	mount_overlay();
	layer = make_file("layers/lower/code");
	close(make_file("layers/lower/second"));
	merged = must(open("layers/merged/code", O_RDONLY), "open()");
	second = must(open("layers/merged/second", O_RDONLY), "open()");
	mapped = map(NULL, merged);
	begin(&tracer);
	expect_answer(&tracer, function_at(mapped, second), ESTALE, "another file");
	expect_answer(&tracer, function_at(mapped, merged), 0, "the file of overlayfs");
	expect_answer(&tracer, function_at(mapped, layer), EEXIST, "the layer's");
	tracer_start(&tracer);
	check(is_probed(mapped), "it is probed");
	tracer_close(&tracer);
	munmap(mapped, PAGE);
	close(layer);
	close(merged);
	close(second);
	must(umount("layers/merged"), "umount()");
	must(umount("layers"), "umount()");
}

/* ---- How long --------------------------------------------------------------------------- */

/* A file of another file system is probed; when nobody maps it any more, it is let go. */
static void map_and_unmount(const struct tracer *tracer)
{
	struct deadline deadline = { 0 };
	void *mapped;
	int fd;

	must(mount("none", "other", "tmpfs", 0, NULL), "mount()");
	fd = make_file("other/code");
	mapped = map(NULL, fd);
	expect_answer(tracer, function_at(mapped, fd), 0,
		      "a file of another file system");
	check(is_probed(mapped), "it is probed");
	close(fd);
	check_errno(umount("other"), EBUSY, "umount() while it is mapped");
	munmap(mapped, PAGE);
	while (umount("other")) {
		if (errno != EBUSY)
			die("umount()");
		look_again(&deadline, "the file to be let go");
	}
}

static void unmounted(void)
{
	struct tracer tracer;

	must(mkdir("other", 0700), "mkdir()");
	begin(&tracer);
	tracer_start(&tracer);
	map_and_unmount(&tracer);
	/* Again in the same session. */
	map_and_unmount(&tracer);
	tracer_close(&tracer);
}

/* ---- A probe that fails ----------------------------------------------------------------- */

static void name_both(const struct tracer *tracer, const unsigned char *mapped, int fd)
{
	struct sendtrace_tls wrong = function_at(mapped + WRONG_AT, fd);

	expect_answer(tracer, function_at(mapped, fd), 0, "a good function");
	wrong.function = SENDTRACE_CALL_SSL_READ;
	expect_answer(tracer, wrong, 0, "one that cannot be probed");
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

	begin(&tracer);
	name_both(&tracer, (const unsigned char *)mapped, fd);
	expect_no_start(&tracer);
	check_equal(mapped[0], code[0], "the first instruction");
	check_equal(tls_statistic("armed"), 0, "armed");
	/* With a session that runs, and shares a function. */
	begin(&other);
	expect_answer(&other, function_at((const void *)mapped, fd), 0, "the other");
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
		{ "other", other },
		{ "overlay", overlay },
		{ "unmounted", unmounted },
		{ "start", start },
		{},
	};

	return run_cases(argc, argv, cases);
}
