// SPDX-License-Identifier: GPL-2.0
/*
 * Makes calls, and prints for each round what one cost its own thread and the readers, until
 * they had processed all calls: in nanoseconds of CPU time, which are instructions in a guest
 * that counts them.
 *
 *	bench [-m CALL] [-x] [-f] [-n CALLS] [-b BATCH] [-r ROUNDS] [-w CALLS] [-c CPUS]
 *	      [-t THREADS] SIZE [PID...]
 *	bench -o
 *
 * CALL is a name in call.c, sendto if it is not given. What is received was sent by the same
 * thread before. Its cost is not counted, nor that of readers that see it: with -f, they do, and
 * catch up before and after each few calls. The PIDs are the readers; 0 means the parent process.
 * -o prints where in the file SSL_write() begins and returns.
 */
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "burnt.h"
#include "call.h"
#include "check.h"
#include "net.h"
#include "tls.h"
#include "way.h"

enum {
	WARM_UP = 500,
	WARM_UP_LONG = 10,
	/* Half of a session's ring. */
	RINGFUL = 4 << 20,
	/*
	 * So many payloads wait to be received: no more than the allocator keeps for each CPU, or
	 * the cost of freeing them would depend on what was measured before.
	 */
	FED_MAX = 50,
	STACK = 64 * 1024,
	BEHIND = 4096,
};

struct load {
	size_t size;
	/* Any bytes; otherwise letters. */
	bool binary;
	const struct call *call;
	/* The readers see what is sent to be received. */
	bool feed_seen;
	long calls;
	/* After so many calls the readers catch up; otherwise a slow one would lose some. */
	long batch;
	long rounds;
	/* How many calls precede all rounds. */
	long warm_up;
	/*
	 * On how many CPUs in turn; the readers are stopped meanwhile, since instructions of only
	 * one CPU at a time are counted.
	 */
	long cpus;
	/* How many threads sleep in a send meanwhile. */
	long blocked;
	struct readers readers;
};

static struct load load = { .calls = 1000, .rounds = 1 };
static struct way way;
static char *payload;

static uint64_t own_burnt(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), "CLOCK_THREAD_CPUTIME_ID");
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static long part_of(long rest, long most)
{
	return rest < most ? rest : most;
}

/* Send what the next @calls receive. Return what readers cost that see these sends. */
static uint64_t feed(long calls)
{
	uint64_t begun;

	if (way.feed < 0)
		return 0;
	begun = load.feed_seen ? readers_burnt(&load.readers) : 0;
	for (long i = 0; i < calls; i++)
		way_feed(&way, payload, load.size);
	if (!load.feed_seen)
		return 0;
	readers_wait_quiet(&load.readers);
	return readers_burnt(&load.readers) - begun;
}

/* Of a TLS library, a record each. */
static void gather(long calls)
{
	if (way.gather >= 0)
		way_gather(&way, calls, TLS_HEADER + load.size);
}

static uint64_t make_fed(long calls)
{
	uint64_t begun = own_burnt();

	for (long i = 0; i < calls; i++) {
		if (load.call->make(way.fd, payload, load.size) != (ssize_t)load.size)
			die("%s of %zu bytes", load.call->name, load.size);
		way_drain(&way);
	}
	return own_burnt() - begun;
}

static bool in_parts(void)
{
	return way.feed >= 0 || way.gather >= 0;
}

/* Return the cost; add to @others what readers cost for other things. */
static uint64_t make_some(long calls, uint64_t *others)
{
	long most = in_parts() ? FED_MAX : calls, some;
	uint64_t burnt = 0;

	for (long done = 0; done < calls; done += some) {
		some = part_of(calls - done, most);
		*others += feed(some);
		burnt += make_fed(some);
		gather(some);
	}
	return burnt;
}

static uint64_t make_on_all_cpus(uint64_t *others)
{
	uint64_t burnt = 0;

	readers_signal(&load.readers, SIGSTOP);
	usleep(1000);
	for (long cpu = 0; cpu < load.cpus; cpu++) {
		run_on(cpu);
		burnt += make_some(load.calls / load.cpus, others);
	}
	readers_signal(&load.readers, SIGCONT);
	return burnt;
}

/* Add to @others also what the idle readers cost. */
static uint64_t make_in_batches(uint64_t *others)
{
	uint64_t burnt = 0;
	long some;

	for (long done = 0; done < load.calls; done += some) {
		some = part_of(load.calls - done, load.batch);
		burnt += make_some(some, others);
		*others += readers_wait_quiet(&load.readers);
	}
	return burnt;
}

static void run_round(bool shown)
{
	uint64_t before = readers_burnt(&load.readers), maker, reader, others = 0;

	maker = load.cpus ? make_on_all_cpus(&others) : make_in_batches(&others);
	others += readers_wait_quiet(&load.readers);
	reader = readers_burnt(&load.readers) - before;
	reader -= others < reader ? others : reader;
	if (shown)
		printf("%.1f %.1f\n", (double)maker / load.calls,
		       (double)reader / load.calls);
}

static void warm_up(void)
{
	uint64_t others = 0;
	long some;

	for (long done = 0; done < load.warm_up; done += some) {
		some = part_of(load.warm_up - done, load.batch);
		make_some(some, &others);
	}
	readers_wait_quiet(&load.readers);
	/* One round to warm up the reader's memory, the rings' pages and the scheduler. */
	run_round(false);
}

/* ---- Threads that sleep in a send ------------------------------------------------- */

static int full = -1;
static volatile pid_t last_tid;

static void *block(void *unused)
{
	char byte = 0;

	last_tid = syscall(SYS_gettid);
	send(full, &byte, 1, 0);
	return unused;
}

static void block_threads(void)
{
	pthread_attr_t small;
	pthread_t thread;
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	full = ends[0];
	fill_send_buffer(full);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, STACK);
	for (long i = 0; i < load.blocked; i++) {
		last_tid = 0;
		if (pthread_create(&thread, &small, block, NULL))
			die("starting thread %ld", i);
		while (!last_tid)
			sched_yield();
		wait_blocked(last_tid, SYS_sendto);
	}
}

/* ---- Rounds and options ------------------------------------------------------------ */

static long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || end == text || value < 1)
		die("expected a number, not '%s'", text);
	return value;
}

static void parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "m:xfn:b:r:w:c:t:o")) != -1)
		switch (option) {
		case 'm':
			load.call = call_named(optarg);
			break;
		case 'x':
			load.binary = true;
			break;
		case 'f':
			load.feed_seen = true;
			break;
		case 'n':
			load.calls = number(optarg);
			break;
		case 'b':
			load.batch = number(optarg);
			break;
		case 'r':
			load.rounds = number(optarg);
			break;
		case 'w':
			load.warm_up = number(optarg);
			break;
		case 'c':
			load.cpus = number(optarg);
			break;
		case 't':
			load.blocked = number(optarg);
			break;
		case 'o':
			tls_print_offsets();
			exit(0);
		default:
			exit(2);
		}
}

static void parse(int argc, char **argv)
{
	load.call = call_named("sendto");
	parse_options(argc, argv);
	if (optind == argc)
		die("expected the size of a payload");
	load.size = number(argv[optind++]);
	if (!load.batch)
		load.batch = RINGFUL / load.size + 1;
	if (!load.warm_up)
		load.warm_up = load.size > 60000 ? WARM_UP_LONG : WARM_UP;
	load.readers.pid = calloc(argc - optind + 1, sizeof(*load.readers.pid));
	for (; optind < argc; optind++) {
		bool parent = strcmp(argv[optind], "0") == 0;

		load.readers.pid[load.readers.number++] = parent ? getppid() :
								   number(argv[optind]);
	}
}

/*
 * Readers print letters unchanged, other bytes as longer escapes. The buffer has more bytes
 * than are sent, for readers that show what follows the payload.
 */
static void fill_payload(void)
{
	payload = malloc(load.size + BEHIND);
	for (size_t i = 0; i < load.size + BEHIND; i++)
		payload[i] = load.binary ? rand() >> 7 : (int)('a' + i % 26);
}

static void open_way(void)
{
	way = load.call->open(load.size);
	/* What the readers do for receives must not be taken for what they do for sends. */
	if (load.feed_seen && load.batch > FED_MAX)
		load.batch = FED_MAX;
	if (way.feed >= 0 && load.cpus)
		die("expected a call that sends with -c, not %s", load.call->name);
}

int main(int argc, char **argv)
{
	parse(argc, argv);
	fill_payload();
	open_way();
	if (load.blocked)
		block_threads();
	readers_learn_idle(&load.readers);
	warm_up();
	for (long i = 0; i < load.rounds; i++)
		run_round(true);
	return 0;
}
