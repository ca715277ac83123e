// SPDX-License-Identifier: GPL-2.0
/* What is found in this process, which maps the library of tls/library.c in several ways. */
#include "test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cache.h"
#include "find.h"
#include "object.h"
#include "tls_sample.h"

static struct tls_cache *cache;
static struct tls_found found;
static char folder[] = "/tmp/tls_find.XXXXXX";
static unsigned char *bytes;
static size_t size;

static void find(void)
{
	const char *why;
	int error = tls_find(getpid(), cache, &found, &why);

	if (error == -EPERM) {
		print_message(
			"skipped: /proc/PID/map_files cannot be read without root\n");
		skip();
	}
	assert_int_equal(error, 0);
	assert_false(found.changed);
}

/* A new copy, with a name that is difficult. */
static void put(const char *name, char path[64])
{
	int fd;

	bytes = tls_sample("library.so", &size);
	snprintf(path, 64, "%s/%s", folder, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static const struct tls_library *library(const char *path)
{
	const struct tls_library *library = NULL;
	size_t i;

	for (i = 0; i < found.number; i++) {
		if (strcmp(found.libraries[i].path, path))
			continue;
		/* Each file once. */
		assert_null(library);
		library = &found.libraries[i];
	}
	return library;
}

static const struct tls_site *site(const struct tls_library *in,
				   enum tls_function function)
{
	unsigned int i;

	for (i = 0; i < in->nr_sites; i++)
		if (in->sites[i].function == function)
			return &in->sites[i];
	fail_msg("there is no %s", tls_function_name(function));
	return NULL;
}

/* Its addresses are those that the dynamic linker gives, and there are returns at the others. */
static void is_right(const struct tls_library *in, void *handle)
{
	static const enum tls_function functions[] = { TLS_SSL_WRITE, TLS_SSL_WRITE_EX2,
						       TLS_SSL_READ, TLS_SSL_FREE };
	const struct tls_site *at;
	unsigned int i, j;

	assert_non_null(in);
	assert_null(in->why);
	assert_int_equal(in->nr_sites, 4);
	for (i = 0; i < 4; i++) {
		at = site(in, functions[i]);
		assert_null(at->why);
		assert_ptr_equal((void *)at->entry,
				 dlsym(handle, tls_function_name(at->function)));
		assert_int_equal(at->nr_returns > 0, at->function != TLS_SSL_FREE);
		for (j = 0; j < at->nr_returns; j++)
			assert_int_equal(*(unsigned char *)at->returns[j], 0xc3);
	}
}

static void a_library_is_found_where_it_is_mapped(void **state)
{
	struct stat status;
	void *handle;
	char path[64];

	(void)state;
	put("libssl.so", path);
	handle = dlopen(path, RTLD_LAZY);
	assert_non_null(handle);
	find();
	is_right(library(path), handle);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(library(path)->inode, status.st_ino);
	tls_found_free(&found);
	dlclose(handle);
	find();
	assert_null(library(path));
	tls_found_free(&found);
	free(bytes);
}

static void so_is_one_that_was_deleted_or_has_a_strange_name(void **state)
{
	char path[64], shown[96];
	void *handle;

	(void)state;
	put("a b\n 00:00 0 c", path);
	handle = dlopen(path, RTLD_LAZY);
	assert_non_null(handle);
	assert_int_equal(unlink(path), 0);
	snprintf(shown, sizeof(shown), "%s/a b\\012 00:00 0 c (deleted)", folder);
	find();
	is_right(library(shown), handle);
	tls_found_free(&found);
	dlclose(handle);
	free(bytes);
}

static void two_versions_are_both_found(void **state)
{
	char one[64], other[64];
	void *handles[2];

	(void)state;
	put("one.so", one);
	free(bytes);
	put("other.so", other);
	handles[0] = dlopen(one, RTLD_LAZY);
	handles[1] = dlopen(other, RTLD_LAZY);
	find();
	is_right(library(one), handles[0]);
	is_right(library(other), handles[1]);
	tls_found_free(&found);
	dlclose(handles[0]);
	dlclose(handles[1]);
	free(bytes);
}

static char *map(const char *path, int protection, int flags, off_t offset, size_t length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *at = mmap(NULL, length, protection, flags, fd, offset);

	assert_true(at != MAP_FAILED);
	close(fd);
	return at;
}

static void what_is_not_mapped_to_be_executed_is_not_found(void **state)
{
	char path[64], *at[2];

	(void)state;
	put("data.so", path);
	at[0] = map(path, PROT_READ, MAP_PRIVATE, 0, size);
	at[1] = map(path, PROT_READ | PROT_EXEC, MAP_SHARED, 0, size);
	find();
	assert_null(library(path));
	tls_found_free(&found);
	munmap(at[0], size);
	munmap(at[1], size);
	free(bytes);
}

static void a_function_that_is_not_mapped_whole_says_so(void **state)
{
	char path[64], *headers, *code;
	const struct tls_site *at;

	(void)state;
	put("pieces.so", path);
	headers = map(path, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0x1000);
	find();
	at = site(library(path), TLS_SSL_WRITE);
	assert_string_equal(at->why, "is not in one executable mapping of its file");
	assert_int_equal(at->nr_returns, 0);
	tls_found_free(&found);
	/* The one of several mappings that has it. */
	code = map(path, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0x1000, 0x1000);
	find();
	at = site(library(path), TLS_SSL_WRITE);
	assert_null(at->why);
	assert_true(at->entry > (uint64_t)code && at->entry < (uint64_t)code + 0x1000);
	assert_int_equal(*(unsigned char *)at->returns[0], 0xc3);
	tls_found_free(&found);
	munmap(headers, 0x1000);
	munmap(code, 0x1000);
	free(bytes);
}

/* ---- Descriptors ----------------------------------------------------------------------- */

static int count_descriptors(void)
{
	DIR *all = opendir("/proc/self/fd");
	int number = 0;

	assert_non_null(all);
	while (readdir(all))
		number++;
	closedir(all);
	return number;
}

static void a_library_has_its_file_open_until_it_is_freed(void **state)
{
	int before = count_descriptors();
	struct stat status, opened;
	void *handle;
	char path[64];

	(void)state;
	put("open.so", path);
	handle = dlopen(path, RTLD_LAZY);
	assert_non_null(handle);
	find();
	/* Also a file that was deleted meanwhile, and none but those of libraries. */
	assert_int_equal(count_descriptors(), before + (int)found.number);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(fstat(library(path)->fd, &opened), 0);
	assert_int_equal(opened.st_ino, status.st_ino);
	assert_int_equal(opened.st_dev, status.st_dev);
	assert_true(fcntl(library(path)->fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fcntl(library(path)->fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	tls_found_free(&found);
	assert_int_equal(count_descriptors(), before);
	dlclose(handle);
	free(bytes);
}

static void a_file_that_cannot_be_read_has_none(void **state)
{
	int before = count_descriptors();
	const struct tls_library *at;
	char path[64], *mapped;

	(void)state;
	put("short.so", path);
	mapped = map(path, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, size);
	assert_int_equal(truncate(path, (off_t)size / 2), 0);
	find();
	at = library(path);
	assert_non_null(at);
	assert_string_equal(at->why, "cannot be read");
	assert_int_equal(at->fd, -1);
	assert_int_equal(at->nr_sites, 0);
	tls_found_free(&found);
	assert_int_equal(count_descriptors(), before);
	munmap(mapped, size);
	free(bytes);
}

static void a_search_that_fails_leaves_nothing_open(void **state)
{
	struct rlimit limit, few;
	const char *why = NULL;
	void *handles[2];
	char path[64];
	int before, error;

	(void)state;
	find(); /* or it is skipped */
	tls_found_free(&found);
	put("few.so", path);
	handles[0] = dlopen(path, RTLD_LAZY);
	free(bytes);
	put("fewer.so", path);
	handles[1] = dlopen(path, RTLD_LAZY);
	before = count_descriptors();
	/* One more, which is enough to read the mappings. */
	few.rlim_cur = (rlim_t)open("/dev/null", O_RDONLY | O_CLOEXEC) + 1;
	close((int)few.rlim_cur - 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	error = tls_find(getpid(), cache, &found, &why);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(error, -EMFILE);
	assert_string_equal(why, "the mapped files (/proc/PID/map_files) cannot be read");
	assert_null(found.libraries);
	assert_int_equal(count_descriptors(), before);
	dlclose(handles[0]);
	dlclose(handles[1]);
	free(bytes);
}

static void of_very_many_libraries_some_are_left_out(void **state)
{
	static char *mapped[TLS_LIBRARIES_MAX + 20];
	int before = count_descriptors();
	char name[16], path[64];
	size_t i;

	(void)state;
	for (i = 0; i < TLS_LIBRARIES_MAX + 20; i++) {
		snprintf(name, sizeof(name), "many%zu.so", i);
		put(name, path);
		free(bytes);
		mapped[i] = map(path, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, size);
	}
	find();
	assert_true(found.too_many);
	assert_int_equal(found.number, TLS_LIBRARIES_MAX);
	assert_int_equal(count_descriptors(), before + TLS_LIBRARIES_MAX);
	tls_found_free(&found);
	assert_int_equal(count_descriptors(), before);
	for (i = 0; i < TLS_LIBRARIES_MAX + 20; i++)
		munmap(mapped[i], size);
	find();
	assert_false(found.too_many);
	tls_found_free(&found);
}

/* ---- What cannot be looked at ------------------------------------------------------------ */

static void find_in_child(void (*look)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		look();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void look_without_rights(void)
{
	const char *why;
	char path[64];
	cap_t none = cap_init();

	put("rights.so", path);
	if (!dlopen(path, RTLD_LAZY) || cap_set_proc(none) ||
	    tls_find(getpid(), cache, &found, &why) != -EPERM ||
	    strcmp(why, "the mapped files (/proc/PID/map_files) cannot be read") ||
	    found.libraries)
		_exit(1);
	cap_free(none);
	free(bytes);
}

static void without_the_right_it_says_what_cannot_be_read(void **state)
{
	(void)state;
	free(tls_sample("library.so", &size));
	find_in_child(look_without_rights);
}

static void a_process_that_has_ended_says_so(void **state)
{
	const char *why;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(tls_find(pid, cache, &found, &why), -ESRCH);
	assert_string_equal(why,
			    "the process's mappings (/proc/PID/maps) cannot be read");
}

static int start(void **state)
{
	(void)state;
	cache = tls_cache_new(tls_object_read);
	return cache && mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	tls_cache_free(cache);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_library_is_found_where_it_is_mapped),
		test_case(so_is_one_that_was_deleted_or_has_a_strange_name),
		test_case(two_versions_are_both_found),
		test_case(what_is_not_mapped_to_be_executed_is_not_found),
		test_case(a_function_that_is_not_mapped_whole_says_so),
		test_case(a_library_has_its_file_open_until_it_is_freed),
		test_case(a_file_that_cannot_be_read_has_none),
		test_case(a_search_that_fails_leaves_nothing_open),
		test_case(of_very_many_libraries_some_are_left_out),
		test_case(without_the_right_it_says_what_cannot_be_read),
		test_case(a_process_that_has_ended_says_so),
	};

	alarm(TEST_SECONDS);
	return cmocka_run_group_tests_name("tls_find", tests, start, end);
}
