// SPDX-License-Identifier: GPL-2.0
/* Payloads with pages that are not resident when the call returns. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "whole_blocked.h"

enum {
	MAP_LEN = (BLOCKED_LEN / BLOCKED_PAGE + 1) * BLOCKED_PAGE,
	FAULT_AT = BLOCKED_PASSED * BLOCKED_PAGE,
};

/* An unlinked file with the bytes in it. */
static int file_of(const char *folder, size_t len)
{
	char path[256];
	char *bytes = malloc(len);
	int fd;

	snprintf(path, sizeof(path), "%s/bytes.XXXXXX", folder);
	fd = must(mkstemp(path), "creating a file");
	unlink(path);
	blocked_fill(bytes, len);
	check_equal(write(fd, bytes, len), len, "write");
	must(fsync(fd), "fsync");
	free(bytes);
	return fd;
}

static char *map_file(int fd, size_t len)
{
	char *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);

	if (bytes == MAP_FAILED)
		die("mmap of a file");
	return bytes;
}

static char *map_memory(void)
{
	char *bytes = mmap(NULL, MAP_LEN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	blocked_fill(bytes, BLOCKED_LEN);
	return bytes;
}

static void finish(struct blocked *blocked)
{
	blocked_drain(blocked);
	blocked_end(blocked);
}

/* The pages stay in the page cache but leave the process's page tables. */
static void unmapped_file(void)
{
	struct blocked blocked;

	blocked_init(&blocked, map_file(file_of("/tmp", BLOCKED_LEN), MAP_LEN),
		     BLOCKED_LEN);
	blocked_begin(&blocked);
	must(madvise(blocked.bytes, FAULT_AT, MADV_DONTNEED), "MADV_DONTNEED");
	finish(&blocked);
}

/* Short enough to be copied inline if it were resident. */
static void short_payload(void)
{
	struct blocked blocked;

	blocked_init(&blocked, map_file(file_of("/tmp", 15001), 4 * BLOCKED_PAGE), 15001);
	blocked.small = true;
	blocked_begin(&blocked);
	must(madvise(blocked.bytes, BLOCKED_PAGE, MADV_DONTNEED), "MADV_DONTNEED");
	finish(&blocked);
}

static bool resident(char *page)
{
	unsigned char present = 0;

	must(mincore(page, BLOCKED_PAGE, &present), "mincore");
	return present & 1;
}

/*
 * Out of the page cache, too: the file system must read the pages again. The whole file,
 * because since 6.16 ext4 caches a file in folios of many pages, and a folio that is mapped
 * anywhere stays.
 */
static void dropped_file(void)
{
	int fd = file_of(case_args[0], BLOCKED_LEN);
	struct deadline deadline = { 0 };
	struct blocked blocked;

	blocked_init(&blocked, map_file(fd, MAP_LEN), BLOCKED_LEN);
	blocked_begin(&blocked);
	must(madvise(blocked.bytes, MAP_LEN, MADV_DONTNEED), "MADV_DONTNEED");
	while (resident(blocked.bytes)) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		look_again(&deadline, "pages to leave the page cache");
	}
	finish(&blocked);
}

static bool swapped_out(const char *page)
{
	int fd = must(open("/proc/self/pagemap", O_RDONLY), "opening pagemap");
	uint64_t entry = 0;

	must(pread(fd, &entry, sizeof(entry), (uintptr_t)page / BLOCKED_PAGE * 8),
	     "reading pagemap");
	close(fd);
	return entry >> 62 & 1;
}

static void paged_out(void)
{
	struct deadline deadline = { 0 };
	struct blocked blocked;

	blocked_init(&blocked, map_memory(), BLOCKED_LEN);
	blocked_begin(&blocked);
	while (!swapped_out(blocked.bytes)) {
		must(madvise(blocked.bytes, FAULT_AT, MADV_PAGEOUT), "MADV_PAGEOUT");
		look_again(&deadline, "pages to be swapped out");
	}
	finish(&blocked);
}

/* A failing call does not touch its memory, and tracing must not either. */
static void untouched(void)
{
	char *bytes = mmap(NULL, MAP_LEN, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pair tcp = tcp_pair();
	struct where where = to_peer(tcp.near);

	expect_limit = 0;
	shutdown(tcp.near, SHUT_WR);
	check_errno(traced_send(tcp.near, bytes, 9001, MSG_NOSIGNAL, &where), EPIPE,
		    "a short send after shutdown");
	check_errno(traced_send(tcp.near, bytes + 3 * BLOCKED_PAGE, 99999, MSG_NOSIGNAL,
				&where),
		    EPIPE, "a long send after shutdown");
}

/* ---- Pages that cannot be read ----------------------------------------------------- */

static void expect_fault(struct blocked *blocked, size_t cap)
{
	blocked->why = "fault";
	blocked->cap = cap;
	finish(blocked);
}

static void unmapped(void)
{
	struct blocked blocked;

	blocked_init(&blocked, map_memory(), BLOCKED_LEN);
	blocked_begin(&blocked);
	must(munmap(blocked.bytes + FAULT_AT, BLOCKED_PAGE), "munmap");
	expect_fault(&blocked, FAULT_AT);
}

static void unmapped_first(void)
{
	struct blocked blocked;

	blocked_init(&blocked, map_memory(), BLOCKED_LEN);
	blocked_begin(&blocked);
	must(munmap(blocked.bytes, BLOCKED_PAGE), "munmap");
	expect_fault(&blocked, 0);
}

static void forbidden(void)
{
	struct blocked blocked;

	blocked_init(&blocked, map_memory(), BLOCKED_LEN);
	blocked_begin(&blocked);
	must(mprotect(blocked.bytes + FAULT_AT, BLOCKED_PAGE, PROT_NONE), "mprotect");
	expect_fault(&blocked, FAULT_AT);
}

/* A mapping behind its file's end: the process itself would get SIGBUS. */
static void behind_end(void)
{
	struct blocked blocked;
	int fd = file_of("/tmp", BLOCKED_LEN);

	blocked_init(&blocked, map_memory(), BLOCKED_LEN);
	blocked_begin(&blocked);
	if (mmap(blocked.bytes + FAULT_AT, BLOCKED_PAGE, PROT_READ,
		 MAP_PRIVATE | MAP_FIXED, fd, 2 * MAP_LEN) == MAP_FAILED)
		die("mmap behind the end of a file");
	expect_fault(&blocked, FAULT_AT);
}

/* ---- Pages that are dropped repeatedly ---------------------------------------------- */

enum {
	GO_LEN = 12 * BLOCKED_PAGE,
	GO_SENDS = 60,
};

static bool dropping = true;

/* Pages are dropped at any time, also while a payload is being copied. */
static void *drop_pages(void *arg)
{
	char *bytes = arg;

	for (unsigned int i = 0; __atomic_load_n(&dropping, __ATOMIC_RELAXED); i++) {
		madvise(bytes + i * 7 % 12 * BLOCKED_PAGE, BLOCKED_PAGE, MADV_DONTNEED);
		usleep(100);
	}
	return NULL;
}

struct taker {
	int fd;
	char *bytes;
};

/* Drops all pages each time the sender can continue: at the end hardly one is resident. */
static void *take_and_drop(void *arg)
{
	const struct taker *taker = arg;
	char taken[1024];

	while (must(read(taker->fd, taken, sizeof(taken)), "read") > 0)
		madvise(taker->bytes, GO_LEN, MADV_DONTNEED);
	return NULL;
}

static void send_all(int fd, const char *bytes)
{
	struct where where = to_peer(fd);

	for (int i = 0; i < GO_SENDS; i++) {
		size_t from = i * 17, len = (i % 2 ? 45000 : 9000) + i;

		check_equal(traced_send(fd, bytes + from, len, 0, &where), len, "send");
	}
}

/* Other threads drop page after page during the sends. */
static void come_and_go(void)
{
	struct taker taker = { .bytes = map_file(file_of("/tmp", GO_LEN), GO_LEN) };
	pthread_t dropper, reader;
	int ends[2], size = 1;

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	must(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)),
	     "SO_SNDBUF");
	taker.fd = ends[1];
	pthread_create(&dropper, NULL, drop_pages, taker.bytes);
	pthread_create(&reader, NULL, take_and_drop, &taker);
	send_all(ends[0], taker.bytes);
	close(ends[0]);
	pthread_join(reader, NULL);
	__atomic_store_n(&dropping, false, __ATOMIC_RELAXED);
	pthread_join(dropper, NULL);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		{ "unmapped_file", unmapped_file },
		{ "short_payload", short_payload },
		{ "dropped_file", dropped_file },
		{ "paged_out", paged_out },
		{ "untouched", untouched },
		{ "unmapped", unmapped },
		{ "unmapped_first", unmapped_first },
		{ "forbidden", forbidden },
		{ "behind_end", behind_end },
		{ "come_and_go", come_and_go },
		{},
	};

	return run_cases(argc, argv, cases);
}
