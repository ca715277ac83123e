// SPDX-License-Identifier: GPL-2.0
/* What is known of files, and when they are read again. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cache.h"
#include "tls_sample.h"

static struct tls_cache *cache;
static const struct tls_object *object;

/* A file in memory: a copy of the library. */
static int make_file(size_t *size)
{
	unsigned char *bytes = tls_sample("library.so", size);
	int fd = tls_file(bytes, *size);

	free(bytes);
	return fd;
}

static int read_cached(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return tls_cache_object(cache, fd, &status, &object);
}

static void a_file_that_cannot_be_read_now_is_read_later(void **state)
{
	size_t size;
	int fd = make_file(&size), unreadable;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	unreadable = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(read_cached(unreadable), -EBADF);
	assert_null(object);
	assert_int_equal(read_cached(fd), 0);
	assert_non_null(object);
	close(unreadable);
	close(fd);
}

static void a_file_is_read_again_only_if_it_changed(void **state)
{
	const struct tls_object *first;
	size_t size;
	int fd = make_file(&size);

	(void)state;
	assert_int_equal(read_cached(fd), 0);
	first = object;
	assert_non_null(first);
	assert_int_equal(read_cached(fd), 0);
	assert_ptr_equal(object, first);
	assert_int_equal(ftruncate(fd, (off_t)size / 2), 0);
	assert_int_equal(read_cached(fd), -ENODATA);
	assert_null(object);
	assert_int_equal(ftruncate(fd, 1), 0);
	assert_int_equal(read_cached(fd), -ENOEXEC);
	close(fd);
}

static unsigned int reads;
static int error;

static int read_as_told(struct tls_object *to, int fd)
{
	(void)fd;
	reads++;
	to->number = 0;
	return error;
}

/* How often a file is read that is asked for twice. */
static unsigned int reads_of(int how)
{
	static struct stat status = { .st_dev = 1 };

	status.st_ino++;
	reads = 0;
	error = how;
	assert_int_equal(tls_cache_object(cache, -1, &status, &object), how);
	assert_int_equal(tls_cache_object(cache, -1, &status, &object), how);
	return reads;
}

static void what_is_the_files_fault_is_not_tried_again(void **state)
{
	struct tls_cache *real = cache;

	(void)state;
	cache = tls_cache_new(read_as_told);
	assert_int_equal(reads_of(0), 1);
	assert_int_equal(reads_of(-ENOEXEC), 1);
	assert_int_equal(reads_of(-ENODATA), 1);
	assert_int_equal(reads_of(-EFBIG), 1);
	assert_int_equal(reads_of(-EAGAIN), 2);
	assert_int_equal(reads_of(-EIO), 2);
	assert_int_equal(reads_of(-ENOMEM), 2);
	assert_int_equal(reads_of(-ENOPKG), 2);
	assert_int_equal(tls_cache_size(cache), 4);
	tls_cache_free(cache);
	cache = real;
}

/* Whatever a process makes: all is forgotten, and it goes on. */
static void it_has_an_end(void **state)
{
	struct tls_cache *full = tls_cache_new(read_as_told);
	struct stat status = { .st_dev = 1 };

	(void)state;
	error = 0;
	for (status.st_ino = 1; status.st_ino < 20000; status.st_ino++)
		assert_int_equal(tls_cache_object(full, -1, &status, &object), 0);
	assert_true(tls_cache_size(full) > 0);
	assert_true(tls_cache_size(full) <= 10000);
	tls_cache_free(full);
}

static int start(void **state)
{
	(void)state;
	cache = tls_cache_new(tls_object_read);
	return cache ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	tls_cache_free(cache);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_file_that_cannot_be_read_now_is_read_later),
		test_case(a_file_is_read_again_only_if_it_changed),
		test_case(what_is_the_files_fault_is_not_tried_again),
		test_case(it_has_an_end),
	};

	alarm(TEST_SECONDS);
	return cmocka_run_group_tests_name("tls_cache", tests, start, end);
}
