// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that is not resident, by each way: when the call begins, so that the call itself makes
 * it resident; and when the call returns.
 *
 * For the latter the call has to wait after it has passed a page, until that is dropped. Every
 * call waits for a page that another thread holds back (userfaultfd).
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "each_way.h"
#include "whole_blocked.h"

enum {
	PAGE = BLOCKED_PAGE,
	MOST = 16 * PAGE,
	/* The call passes this page, and then waits for the next one. */
	DROPPED = PAGE,
	HELD = 2 * PAGE,
};

/* Dropped pages of it are out of the page tables, but the file keeps their bytes. */
static char *memory_with(const char *text, size_t len)
{
	int fd = must(memfd_create("absent", MFD_CLOEXEC), "memfd");
	char *bytes;

	must(ftruncate(fd, MOST), "ftruncate");
	bytes = mmap(NULL, MOST, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		die("mmap of a memfd");
	close(fd);
	if (text)
		memcpy(bytes, text, len);
	return bytes;
}

static void drop(char *bytes, size_t len)
{
	must(madvise(bytes, len, MADV_DONTNEED), "MADV_DONTNEED");
}

/* ---- Not resident when the call returns ----------------------------------------------- */

struct holding {
	char *bytes;
	/* What is in the page that is held. */
	const char *copy;
	int held;
	pthread_t thread;
};

static void *drop_and_release(void *arg)
{
	const struct holding *holding = arg;

	wait_held(holding->held, holding->bytes + HELD);
	drop(holding->bytes + DROPPED, PAGE);
	release_page(holding->held, holding->bytes + HELD, holding->copy);
	return NULL;
}

/* @text: NULL for a receive. */
static void hold(struct holding *holding, const char *text, size_t len)
{
	static const char zeroes[PAGE];
	char *page;

	holding->bytes = memory_with(text, len);
	holding->copy = text ? text + HELD : zeroes;
	page = mmap(holding->bytes + HELD, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (page == MAP_FAILED)
		die("mmap of a page");
	holding->held = hold_pages(page, PAGE);
	pthread_create(&holding->thread, NULL, drop_and_release, holding);
}

static void let_go(struct holding *holding)
{
	pthread_join(holding->thread, NULL);
	close(holding->held);
	munmap(holding->bytes, MOST);
}

/*
 * The others read no memory of the caller's when they send: pages that the kernel holds, or the
 * buffer that is registered with io_uring, which is resident.
 */
static bool reads_memory(const struct way *way)
{
	return !way->pages && way->op != IORING_OP_WRITE_FIXED &&
	       way->op != IORING_OP_READ_FIXED && strcmp(way->name, "provided") != 0;
}

/* ---- By one way ----------------------------------------------------------------------- */

static struct each_call call_of(const struct way *way, struct pair pair, bool received,
				const char *text, size_t len)
{
	return (struct each_call){
		.way = way,
		.received = received,
		.fd = pair.near,
		.where = to_peer(pair.near),
		.text = text,
		.number = 1,
		.len = len,
	};
}

/* The call, with @bytes; what is sent arrives, what is received was sent. */
static void make(struct each_call *call, struct pair pair, char *bytes)
{
	const char *name = call->way->name;

	if (call->received)
		check_equal(write(pair.far, call->text, call->len), call->len, "sending");
	check_equal(each_make(call, bytes), call->len, "%s of %zu bytes", name,
		    call->len);
	if (call->received)
		check(memcmp(bytes, call->text, call->len) == 0,
		      "%s: what arrived is what was sent", name);
	else
		must_arrive(pair.far, call->text, call->len, name);
	each_expect(call);
}

static void begins_absent(struct each_call *call, struct pair pair)
{
	char *bytes = memory_with(call->received ? NULL : call->text, call->len);

	drop(bytes, MOST);
	make(call, pair, bytes);
	munmap(bytes, MOST);
}

/* Where task work cannot copy it, the dropped page is missing, and what follows it. */
static void ends_absent(struct each_call *call, struct pair pair)
{
	struct holding holding;

	hold(&holding, call->received ? NULL : call->text, call->len);
	call->readable = DROPPED;
	make(call, pair, holding.bytes);
	let_go(&holding);
}

static void both(const struct way *way, struct pair pair, bool received, size_t len)
{
	char *text = text_number(1, len);
	struct each_call call = call_of(way, pair, received, text, len);

	/* One splice() takes no more out of a socket than a pipe has room for. */
	if (!way->pages || len < 4 * PAGE)
		begins_absent(&call, pair);
	if (reads_memory(way))
		ends_absent(&call, pair);
	free(text);
}

/* DIRECTION */
void each_absent(void)
{
	const struct way *table = each_table(case_args[0]);
	bool received = table != ways_to_send;

	each_open();
	for (const struct way *way = NULL; (way = each_next(table, way));) {
		struct pair pair = each_pair(way, MOST);

		both(way, pair, received, HELD + PAGE);
		/* More than is copied inline. */
		both(way, pair, received, 9 * PAGE + 77);
		close(pair.near);
		close(pair.far);
	}
}
