// SPDX-License-Identifier: GPL-2.0
/* Which of the host's libraries are mapped. standard.c is compiled here for its static functions. */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../user/tls/standard.c"

#include "maps.h"
#include "tls_sample.h"

static char folder[] = "/tmp/tls_standard.XXXXXX";
static struct seen seen;

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

/* How often a file is mapped to be executed. */
static unsigned int times_mapped(ino_t inode)
{
	unsigned int number = 0;
	struct maps maps;
	size_t i;

	assert_int_equal(maps_read(&maps, getpid()), 0);
	for (i = 0; i < maps.number; i++)
		number += maps.mappings[i].inode == inode;
	maps_free(&maps);
	return number;
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

static bool is_there(const char *path)
{
	if (access(path, R_OK) == 0)
		return true;
	print_message("skipped: there is no %s on this machine\n", path);
	return false;
}

static void a_file_is_mapped_once_whatever_its_names(void **state)
{
	static const char path[] = "build/tls/library.so";
	char other[64], real[4096];

	(void)state;
	if (!is_there(path))
		return; /* cmocka 1.1.5 calls a case that skips "not ok" */
	assert_non_null(realpath(path, real));
	snprintf(other, sizeof(other), "%s/libssl.so", folder);
	assert_int_equal(symlink(real, other), 0);
	assert_true(map(&seen, path));
	assert_false(map(&seen, other));
	assert_false(map(&seen, path));
	assert_int_equal(times_mapped(inode_of(path)), 1);
}

/* A copy of the library for another machine. */
static void put(const char *path, uint16_t machine)
{
	size_t size;
	unsigned char *bytes = tls_sample("library.so", &size);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	((Elf64_Ehdr *)bytes)->e_machine = machine;
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	free(bytes);
}

static void none_of_another_machine_is_mapped(void **state)
{
	static const char narrow[] = "build/tls/i386.so";
	char path[64];

	(void)state;
	if (!is_there(narrow))
		return;
	assert_false(map(&seen, narrow));
	assert_int_equal(times_mapped(inode_of(narrow)), 0);
	snprintf(path, sizeof(path), "%s/other.so", folder);
	put(path, EM_AARCH64);
	assert_false(map(&seen, path));
	assert_int_equal(times_mapped(inode_of(path)), 0);
	put(path, EM_X86_64);
	assert_true(map(&seen, path));
	assert_int_equal(times_mapped(inode_of(path)), 1);
}

static void what_is_no_library_does_no_harm(void **state)
{
	char path[64];
	int fd;

	(void)state;
	assert_false(map(&seen, "/"));
	assert_false(map(&seen, "/dev/null"));
	assert_false(map(&seen, "/nowhere"));
	snprintf(path, sizeof(path), "%s/text", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_false(map(&seen, path));
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	assert_false(map(&seen, path));
	close(fd);
	/* It would wait for a writer. */
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(map(&seen, path));
}

static void there_is_an_end_of_them(void **state)
{
	struct stat status = { .st_dev = 1 };
	struct seen many = { .number = 0 };

	(void)state;
	for (status.st_ino = 1; status.st_ino <= LIBRARIES_MAX; status.st_ino++)
		assert_true(is_new(&many, &status));
	assert_false(is_new(&many, &status));
	status.st_dev = 2;
	status.st_ino = 1;
	assert_false(is_new(&many, &status));
}

static unsigned int mappings_of(const char *word)
{
	unsigned int number = 0;
	struct maps maps;
	size_t i;

	assert_int_equal(maps_read(&maps, getpid()), 0);
	for (i = 0; i < maps.number; i++)
		number += strstr(maps.mappings[i].path, word) != NULL;
	maps_free(&maps);
	return number;
}

static void the_hosts_libraries_are_mapped_and_no_descriptor_stays(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libssl.so.3";
	unsigned int before = mappings_of("/libssl.so") + mappings_of("/libgnutls.so");
	int descriptors = count_descriptors();
	unsigned int number = tls_standard_map();

	(void)state;
	assert_int_equal(count_descriptors(), descriptors);
	assert_int_equal(mappings_of("/libssl.so") + mappings_of("/libgnutls.so"),
			 before + number);
	if (is_there(path))
		assert_int_equal(times_mapped(inode_of(path)), 1);
}

static int start(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_file_is_mapped_once_whatever_its_names),
		test_case(none_of_another_machine_is_mapped),
		test_case(what_is_no_library_does_no_harm),
		test_case(there_is_an_end_of_them),
		test_case(the_hosts_libraries_are_mapped_and_no_descriptor_stays),
	};

	alarm(TEST_SECONDS);
	return cmocka_run_group_tests_name("tls_standard", tests, start, end);
}
