// SPDX-License-Identifier: GPL-2.0
/*
 * Sends and receives through every way at the same time in several threads, and accounts for
 * each byte in sendread's lines.
 *
 * A message says which thread sends it, the how manieth of that thread it is, and through which
 * ways it is sent and received; the rest follows from these. So `look` knows without a word from
 * `run` what each thread's lines must contain, in which order: message after message, first the
 * bytes that are sent, then the same that are received. Into how many pieces the kernel divides
 * them does not matter.
 *
 * What a worker thread of io_uring makes has no place in that order: its messages are datagrams,
 * and each must be there once. A worker's receive that finds nothing waits, and what then arrives
 * is received by the thread that has asked for it, between its own calls.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"
#include "lines.h"
#include "ways_calls.h"
#include "ways_pairs.h"

enum {
	THREADS = 6,
	/* At most what the module copies inline, so that io_uring's are whole, too. */
	LONGEST = 12000,
	/* A page, which is never divided. */
	PAGE_LEN = 4096,
	TIDS_MAX = 256,
};

struct message {
	int thread;
	int number;
	const struct way *out;
	const struct way *in;
	enum pair_kind kind;
	/* Received twice, first with MSG_PEEK. */
	bool peeked;
	size_t len;
	char *text;
};

/* Ways that this kernel has; both programs find the same. */
static const struct way *out[64], *in[64];
static int outs, ins, messages;

static void find_ways(void)
{
	struct ways ways;

	ways_open(&ways);
	for (const struct way *way = ways_to_send; way->name; way++)
		if (way_exists(&ways, way))
			out[outs++] = way;
	for (const struct way *way = ways_to_receive; way->name; way++)
		if (way_exists(&ways, way))
			in[ins++] = way;
	messages = atoi(case_args[0]);
}

static bool is_datagram(enum pair_kind kind)
{
	return !pair_is_stream(kind);
}

/* Every pair of ways comes, since the numbers of ways have different steps. */
static struct message message_of(int thread, int number)
{
	static const size_t lens[] = { 60, 300, 4000, 90, 12000, 1000, 65, 7000 };
	struct message message = {
		.thread = thread,
		.number = number,
		.out = out[(number + thread) % outs],
		.in = in[(number / outs + number + thread) % ins],
		.kind = (number / 3 + thread) % PAIR_KINDS,
		.len = lens[(number + number / 8) % COUNT_OF(lens)],
	};
	char head[80];
	int len;

	if (message.out->worker || message.in->worker)
		message.kind = PAIR_UDP4;
	if (message.out->inet_only && !pair_is_inet(message.kind))
		message.kind = PAIR_TCP4;
	if (message.out->pages && is_datagram(message.kind) && message.len > PAGE_LEN)
		message.len = PAGE_LEN / 2;
	if (message.in->pages && is_datagram(message.kind))
		message.kind = PAIR_TCP6;
	message.peeked = number % 7 == 3 && !message.in->worker;
	message.text = text_number(number, message.len);
	len = snprintf(head, sizeof(head), "<%d.%d.%s.%s>", thread, number,
		       message.out->name, message.in->name);
	memcpy(message.text, head, len);
	return message;
}

/* ---- run ------------------------------------------------------------------------------- */

struct worker {
	struct ways ways;
	struct pair pairs[PAIR_KINDS];
	int index;
	pthread_t thread;
};

static void zero_copy(int fd)
{
	int yes = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &yes, sizeof(yes)), "SO_ZEROCOPY");
}

static void send_whole(struct worker *worker, const struct message *message)
{
	int fd = worker->pairs[message->kind].near;
	long ret = way_make(&worker->ways, message->out, fd, message->text, message->len);

	check_equal(ret, message->len, "message %.60s", message->text);
	take_notifications(fd);
}

static void receive_whole(struct worker *worker, const struct message *message)
{
	int fd = worker->pairs[message->kind].far;
	char got[LONGEST];
	size_t total = 0;
	long more;

	if (message->peeked)
		must(recv(fd, got, message->len, MSG_PEEK), "peek");
	while (total < message->len) {
		more = way_make(&worker->ways, message->in, fd, got + total,
				message->len - total);
		/* The work of this thread's io_uring interrupts io_submit's reads. */
		if (more < 0 && errno == EINTR)
			continue;
		must(more, message->in->name);
		if (more == 0)
			break;
		total += more;
	}
	check_equal(total, message->len, "received of message %.60s", message->text);
	check(memcmp(got, message->text, total) == 0, "message %.60s", message->text);
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	for (int i = 0; i < messages; i++) {
		struct message message = message_of(worker->index, i);

		send_whole(worker, &message);
		receive_whole(worker, &message);
		free(message.text);
	}
	return NULL;
}

/* NUMBER: so many messages of each thread. */
static void run(void)
{
	static struct worker workers[THREADS];

	find_ways();
	for (int i = 0; i < THREADS; i++) {
		workers[i].index = i;
		ways_open(&workers[i].ways);
		for (enum pair_kind kind = 0; kind < PAIR_KINDS; kind++) {
			workers[i].pairs[kind] = pair_of(kind);
			if (pair_is_inet(kind))
				zero_copy(workers[i].pairs[kind].near);
		}
	}
	gate();
	for (int i = 0; i < THREADS; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
}

/* ---- look ------------------------------------------------------------------------------ */

enum phase {
	SENDING,
	PEEKING,
	RECEIVING,
};

/* How far the lines of one thread have come. */
struct cursor {
	int tid;
	struct message message;
	enum phase phase;
	size_t done;
};

static struct cursor cursors[THREADS];
static char *seen_out[THREADS], *seen_in[THREADS];

/* What workers do has no place in the order: these phases are passed over. */
static void begin_phase(struct cursor *cursor, int thread)
{
	for (;;) {
		struct message *message = &cursor->message;
		bool worker = cursor->phase == SENDING ? message->out->worker :
							 message->in->worker;
		bool none = cursor->phase == PEEKING && !message->peeked;

		cursor->done = 0;
		if (message->number >= messages || (!worker && !none))
			return;
		if (cursor->phase++ < RECEIVING)
			continue;
		cursor->phase = SENDING;
		free(message->text);
		*message = message_of(thread, message->number + 1);
	}
}

static void end_phase(struct cursor *cursor, int thread)
{
	struct message *message = &cursor->message;

	if (cursor->phase++ == RECEIVING) {
		cursor->phase = SENDING;
		free(message->text);
		*message = message_of(thread, message->number + 1);
	}
	begin_phase(cursor, thread);
}

/* The thread whose line this is, by what its first message says; -1: a worker's. */
static int thread_of(const struct line *line)
{
	int tid = number_in(line, "tid"), thread;

	for (int i = 0; i < THREADS; i++)
		if (cursors[i].tid == tid)
			return i;
	if (strstr(line->text, " comm=iou-"))
		return -1;
	if (sscanf(line->bytes, "<%d.", &thread) != 1 || thread < 0 || thread >= THREADS)
		die("expected the first line of a thread, got '%.200s'", line->text);
	check_equal(cursors[thread].tid, 0, "the tid of thread %d before", thread);
	cursors[thread].tid = tid;
	return thread;
}

static bool is_receive(const struct line *line)
{
	return strstr(line->rest, " src=");
}

static void look_at(struct cursor *cursor, int thread, const struct line *line)
{
	const struct message *message = &cursor->message;
	bool receive = cursor->phase != SENDING;
	const struct way *way = receive ? message->in : message->out;
	const char *call = cursor->phase == PEEKING ? "recvfrom" : way->call;
	size_t ret = number_in(line, "ret"), left = message->len - cursor->done;
	bool known = !strstr(line->rest, " why=not_copied");

	if (message->number >= messages)
		die("thread %d: more than %d messages: '%.200s'", thread, messages,
		    line->text);
	if (is_receive(line) != receive || !line_has(line, "call", call) || ret > left ||
	    ret == 0 || (known && line->len != ret) ||
	    (known && memcmp(line->bytes, message->text + cursor->done, ret) != 0))
		die("thread %d: expected bytes %zu to %zu of %.60s, call=%s, got '%.300s'",
		    thread, cursor->done, message->len, message->text, call, line->text);
	check(known || way->pages, "the bytes of %.60s are shown", message->text);
	cursor->done += ret;
	/* A peek is not repeated. */
	if (cursor->done == message->len || cursor->phase == PEEKING)
		end_phase(cursor, thread);
}

static bool begins_message(const struct line *line, int *thread, int *number)
{
	return sscanf(line->bytes, "<%d.%d.", thread, number) == 2 && *thread >= 0 &&
	       *thread < THREADS && *number >= 0 && *number < messages;
}

/* Did @thread receive what it had asked a worker for? */
static bool is_left_by_worker(const struct line *line, int thread)
{
	struct message message;
	int asked_by, number;

	if (!is_receive(line) || !line_has(line, "call", "io_uring") ||
	    !begins_message(line, &asked_by, &number) || asked_by != thread)
		return false;
	message = message_of(thread, number);
	free(message.text);
	return message.in->sqe_flags & IOSQE_ASYNC;
}

static void look_at_worker(const struct line *line)
{
	struct message message;
	int thread, number;
	char *seen;

	if (!begins_message(line, &thread, &number))
		die("expected a message of a worker, got '%.200s'", line->text);
	message = message_of(thread, number);
	seen = is_receive(line) ? &seen_in[thread][number] : &seen_out[thread][number];
	check_equal((*seen)++, 0, "how often before: %.60s", message.text);
	check((is_receive(line) ? message.in : message.out)->worker,
	      "%.60s is a worker's", message.text);
	check(line_has(line, "call", "io_uring"), "%.60s is io_uring's", message.text);
	check(line->len == message.len &&
		      memcmp(line->bytes, message.text, line->len) == 0,
	      "%.60s is whole", message.text);
	free(message.text);
}

static void all_is_there(int thread)
{
	check_equal(cursors[thread].message.number, messages, "messages of thread %d",
		    thread);
	for (int i = 0; i < messages; i++) {
		struct message message = message_of(thread, i);

		check_equal(seen_out[thread][i], message.out->worker, "sends of %.60s",
			    message.text);
		check_equal(seen_in[thread][i], message.in->worker, "receives of %.60s",
			    message.text);
		free(message.text);
	}
}

/* The work of a thread's io_uring interrupts its calls, which the kernel makes again. */
static bool is_to_come_again(const struct line *line)
{
	return strstr(line->rest, " ret=-ERESTART") || strstr(line->rest, " ret=-EINTR");
}

/* NUMBER: as for run; sendread's lines are on standard input. */
static void look(void)
{
	struct line line = { 0 };

	find_ways();
	for (int i = 0; i < THREADS; i++) {
		seen_out[i] = calloc(1, messages);
		seen_in[i] = calloc(1, messages);
		cursors[i].message = message_of(i, 0);
		begin_phase(&cursors[i], i);
	}
	while (next_line(&line)) {
		int thread;

		if (is_to_come_again(&line))
			continue;
		thread = thread_of(&line);
		if (thread < 0 || is_left_by_worker(&line, thread))
			look_at_worker(&line);
		else
			look_at(&cursors[thread], thread, &line);
	}
	for (int i = 0; i < THREADS; i++)
		all_is_there(i);
}

/* Which ways this kernel has, to be reported. */
static void list(void)
{
	find_ways();
	printf("out:");
	for (int i = 0; i < outs; i++)
		printf(" %s", out[i]->name);
	printf("\nin:");
	for (int i = 0; i < ins; i++)
		printf(" %s", in[i]->name);
	printf("\n");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "run", run },
		{ "look", look },
		{ "list", list },
		{},
	};

	return run_cases(argc, argv, cases);
}
