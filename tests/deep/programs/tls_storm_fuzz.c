// SPDX-License-Identifier: GPL-2.0
/*
 * Threads open sessions, name functions of TLS libraries to them, start, stop and close them, in
 * random order. Most names are wrong. A name that is wrong for certain must be refused. One that
 * only may be wrong is of a file that is mapped and never executed, since the kernel cannot know
 * where an instruction begins: a breakpoint inside of one would change what a program does.
 * Meanwhile the threads call the library, as other processes do, and check each result.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "tls_random.h"
#include "tls_storm.h"
#include "tracer.h"

enum {
	THREADS = 3,
	SESSIONS = 4,
	RING_SIZE = 16 << 10,
};

/* Descriptors of sessions, or -1. Each thread uses, and replaces, any. */
static int sessions[SESSIONS];

/* A copy of our program, which nobody executes. */
static struct {
	int fd;
	const unsigned char *bytes;
	size_t size;
} unused;

static struct {
	unsigned long calls;
	unsigned long refused;
	unsigned long named;
	unsigned long started;
} counts;

static uint64_t pick(uint64_t end)
{
	/* They are of any length: the rest of a prime is of any value. */
	return tls_random_number() % 1000003 % end;
}

static void count(unsigned long *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

/* @errnos ends with 0. Another thread may close the descriptor at any time. */
static bool answered(const char *what, long ret, const int *errnos)
{
	int error = errno;

	if (ret >= 0)
		return true;
	if (error == EBADF)
		return false;
	for (; *errnos; errnos++)
		if (*errnos == error)
			return false;
	check(false, "%s answered %s", what, strerrorname_np(error) ?: "no errno at all");
	return false;
}

#define ANSWERED(what, ret, ...) answered(what, ret, (const int[]){ __VA_ARGS__, 0 })

/* What the kernel says of places that it does not probe, or what has no memory. */
#define UPROBE_ERRNOS EIO, EINVAL, ENOEXEC, ENOMEM

/* ---- Sessions ---------------------------------------------------------------------------- */

static int any_session(void)
{
	return __atomic_load_n(&sessions[pick(SESSIONS)], __ATOMIC_RELAXED);
}

static void filter_any(int fd)
{
	static const char *const patterns[] = { ".", "tls_storm", "storm*", "nobody" };
	struct sendtrace_filter filter = { .nr_patterns = 1 };

	strcpy(filter.patterns[0], patterns[pick(COUNT_OF(patterns))]);
	ANSWERED("FILTER", ioctl(fd, SENDTRACE_IOC_FILTER, &filter), UPROBE_ERRNOS);
}

/* It replaces another one, which is closed. */
static void open_session(void)
{
	struct sendtrace_config config = {
		.ring_size = RING_SIZE,
		.calls = pick(4) ? SENDTRACE_CALLS_TLS : SENDTRACE_CALLS_ALL,
	};
	int fd = must(open(SENDTRACE_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC), "open()");
	int old;

	ANSWERED("CONFIG", ioctl(fd, SENDTRACE_IOC_CONFIG, &config), ENOMEM, EINTR);
	filter_any(fd);
	old = __atomic_exchange_n(&sessions[pick(SESSIONS)], fd, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
}

static void start_session(void)
{
	if (ANSWERED("START", ioctl(any_session(), SENDTRACE_IOC_START), EALREADY,
		     UPROBE_ERRNOS))
		count(&counts.started);
}

static void stop_session(void)
{
	ANSWERED("STOP", ioctl(any_session(), SENDTRACE_IOC_STOP), EALREADY);
}

static void refilter_session(void)
{
	filter_any(any_session());
}

static void read_session(void)
{
	static _Thread_local char room[RING_SIZE] __attribute__((aligned(8)));

	/* A session that never ran is started. */
	ANSWERED("read()", read(any_session(), room, sizeof(room)), EAGAIN,
		 UPROBE_ERRNOS);
}

/* ---- Names --------------------------------------------------------------------------------- */

static const int functions[] = {
	SENDTRACE_CALL_SSL_WRITE,   SENDTRACE_CALL_SSL_WRITE_EX, SENDTRACE_CALL_SSL_READ,
	SENDTRACE_CALL_SSL_READ_EX, SENDTRACE_TLS_FREE,		 SENDTRACE_TLS_HANDSHAKE,
	SENDTRACE_TLS_BIO_WRITE,
};

static struct sendtrace_tls good_name(void)
{
	struct sendtrace_tls named = tls_function(functions[pick(COUNT_OF(functions))]);

	if (named.nr_returns && pick(2)) {
		named.nr_returns = 0;
		named.flags = SENDTRACE_TLS_URETPROBE;
	}
	return named;
}

static bool name_to_any(const struct sendtrace_tls *named)
{
	return ANSWERED("TLS", ioctl(any_session(), SENDTRACE_IOC_TLS, named), ESRCH,
			ESTALE, EEXIST, E2BIG, UPROBE_ERRNOS);
}

static void name_rightly(void)
{
	struct sendtrace_tls named = good_name();

	if (name_to_any(&named))
		count(&counts.named);
}

static void name_wrongly(void)
{
	struct sendtrace_tls named = good_name();

	tls_random_refused(&named);
	check(!name_to_any(&named),
	      "a wrong name is taken: pid %u, function %u, address %llx, %u returns, file %d",
	      named.pid, named.function, (unsigned long long)named.address,
	      named.nr_returns, named.file);
	count(&counts.refused);
}

/* Any byte of the file, or, every other time, the next one that could be of a return. */
static uint64_t any_place(bool returns)
{
	size_t at = (tls_random_number() ^ tls_random_number() << 17) % unused.size;

	while (returns && at + 1 < unused.size && unused.bytes[at] != 0xc3)
		at++;
	return (uintptr_t)unused.bytes + at;
}

static void name_unused(void)
{
	struct sendtrace_tls named = good_name();

	named.file = unused.fd;
	named.address = any_place(false);
	for (uint32_t i = 0; i < named.nr_returns; i++)
		named.returns[i] = any_place(pick(4));
	if (!pick(4))
		tls_random_change(&named);
	/* Never of the file that is executed. */
	named.file = unused.fd;
	name_to_any(&named);
}

static void open_unused(void)
{
	int from = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open()");
	struct stat status;

	must(fstat(from, &status), "fstat()");
	unused.size = status.st_size;
	unused.fd = must(open("unused", O_RDWR | O_CREAT | O_TRUNC, 0700), "open()");
	check_equal(sendfile(unused.fd, from, NULL, unused.size), unused.size,
		    "a copy of the program");
	unused.bytes =
		mmap(NULL, unused.size, PROT_READ | PROT_EXEC, MAP_PRIVATE, unused.fd, 0);
	if (unused.bytes == MAP_FAILED)
		die("mmap()");
	close(from);
}

/* ---- Calls ----------------------------------------------------------------------------------- */

static void talk_now(void)
{
	static _Thread_local struct talk talk;

	if (!talk.number)
		talk_open(&talk);
	talk_once(&talk, 1 + pick(3000));
}

/* It inherits the sessions. */
static void fork_now(void)
{
	pid_t pid = must(fork(), "fork()");
	struct talk talk;

	if (pid) {
		end_child(pid);
		return;
	}
	talk_open(&talk);
	for (int i = 0; i < 3; i++)
		talk_once(&talk, 1 + pick(3000));
	_exit(check_failed());
}

/* How often each is done: its share of the sum. */
static const struct {
	void (*make)(void);
	unsigned int share;
} table[] = {
	{ open_session, 6 },	 { start_session, 10 }, { stop_session, 6 },
	{ refilter_session, 4 }, { read_session, 4 },	{ name_rightly, 16 },
	{ name_wrongly, 24 },	 { name_unused, 8 },	{ talk_now, 16 },
	{ fork_now, 2 },
};

static void make_any(void)
{
	unsigned int sum = 0, at = 0;

	for (size_t i = 0; i < COUNT_OF(table); i++)
		sum += table[i].share;
	sum = pick(sum);
	while (sum >= table[at].share)
		sum -= table[at++].share;
	table[at].make();
	count(&counts.calls);
}

/* ---- All of them ------------------------------------------------------------------------------ */

static struct {
	uint64_t seed;
	unsigned long calls;
	time_t seconds;
} extent;

static void *fuzz_on(void *arg)
{
	time_t begin = time(NULL);

	prctl(PR_SET_NAME, "tls_storm");
	/* Seeds that are near give numbers that are not. */
	tls_random_seed((extent.seed * THREADS + (uintptr_t)arg + 1) *
			0x9e3779b97f4a7c15);
	for (unsigned long i = 0; !check_failed(); i++) {
		if (extent.calls ? i == extent.calls :
				   time(NULL) - begin >= extent.seconds)
			break;
		make_any();
	}
	return NULL;
}

void storm_fuzz(void)
{
	pthread_t threads[THREADS];

	extent.seed = strtoull(case_args[0], NULL, 0);
	if (!strcmp(case_args[1], "calls"))
		extent.calls = strtoul(case_args[2], NULL, 0);
	else
		extent.seconds = atoi(case_args[2]);
	gate();
	tls_random_open_files();
	open_unused();
	/* Opens the file of the program, before there are threads. */
	tls_function(SENDTRACE_CALL_SSL_WRITE);
	memset(sessions, -1, sizeof(sessions));
	for (uintptr_t i = 0; i < THREADS; i++)
		must(-pthread_create(&threads[i], NULL, fuzz_on, (void *)i), "a thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SESSIONS; i++)
		if (sessions[i] >= 0)
			close(sessions[i]);
	check(counts.named && counts.refused && counts.started,
	      "expected all kinds of calls");
	printf("%lu calls, %lu functions named, %lu names refused, %lu times started\n",
	       counts.calls, counts.named, counts.refused, counts.started);
}
