// SPDX-License-Identifier: GPL-2.0
/* What is taken from /proc/PID/maps. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "maps.h"

static struct maps maps;

static void parse(const char *text)
{
	assert_int_equal(maps_parse(&maps, strdup(text), strlen(text)), 0);
}

static void all_fields_of_a_private_executable_mapping_are_taken(void **state)
{
	(void)state;
	parse("7f5c0d6a1000-7f5c0d6fe000 r-xp 0001f000 fd:1a 3145811                    "
	      "/usr/lib/x86_64-linux-gnu/libssl.so.3\n");
	assert_int_equal(maps.number, 1);
	assert_true(maps.mappings->start == 0x7f5c0d6a1000);
	assert_true(maps.mappings->end == 0x7f5c0d6fe000);
	assert_int_equal(maps.mappings->offset, 0x1f000);
	assert_int_equal(maps.mappings->major, 0xfd);
	assert_int_equal(maps.mappings->minor, 0x1a);
	assert_int_equal(maps.mappings->inode, 3145811);
	assert_string_equal(maps.mappings->path, "/usr/lib/x86_64-linux-gnu/libssl.so.3");
	maps_free(&maps);
}

static void a_path_may_hold_spaces_and_escapes_and_be_deleted(void **state)
{
	(void)state;
	parse("1000-2000 r-xp 00000000 00:01 7      /a b/c\\012d 00:00 0 (deleted)\n"
	      "2000-3000 r-xp 00000000 00:01 8 /memfd:a  b (deleted)\n");
	assert_int_equal(maps.number, 2);
	assert_string_equal(maps.mappings[0].path, "/a b/c\\012d 00:00 0 (deleted)");
	assert_string_equal(maps.mappings[1].path, "/memfd:a  b (deleted)");
	maps_free(&maps);
}

static void other_mappings_are_left_out(void **state)
{
	(void)state;
	parse("1000-2000 r--p 00000000 fd:01 1 /data\n"
	      "2000-3000 rw-p 00000000 fd:01 1 /data\n"
	      "3000-4000 r-xs 00000000 fd:01 1 /shared\n"
	      "4000-5000 r-xp 00000000 00:00 0 \n"
	      "5000-6000 r-xp 00000000 00:00 0                          [vdso]\n"
	      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n");
	assert_int_equal(maps.number, 0);
	maps_free(&maps);
	parse("");
	assert_int_equal(maps.number, 0);
	maps_free(&maps);
}

static void lines_that_are_not_whole_are_left_out(void **state)
{
	static const char whole[] = "1000-2000 r-xp 00000400 fd:01 17 /library\n";
	char text[sizeof(whole)];
	size_t size;

	(void)state;
	for (size = 0; size < strlen(whole); size++) {
		/* Without the newline, and with one in the place of what is missing. */
		memcpy(text, whole, size);
		text[size] = '\0';
		parse(text);
		assert_int_equal(maps.number, 0);
		maps_free(&maps);
		strcpy(text + size, "\n");
		parse(text);
		assert_int_equal(maps.number,
				 size > strlen("1000-2000 r-xp 00000400 fd:01 17"));
		maps_free(&maps);
	}
}

static void numbers_that_are_impossible_are_left_out(void **state)
{
	(void)state;
	parse("2000-1000 r-xp 00000000 fd:01 1 /backwards\n"
	      "10000000000000000-20000000000000000 r-xp 00000000 fd:01 1 /large\n"
	      "1000-2000 r-xp fffffffffffffff0 fd:01 1 /overflows\n"
	      "x-2000 r-xp 00000000 fd:01 1 /none\n"
	      "1000-2000 r-xp 00000000 fd:01 1x /none\n");
	assert_int_equal(maps.number, 0);
	maps_free(&maps);
}

static void mappings_of_one_file_stand_side_by_side(void **state)
{
	(void)state;
	parse("1000-2000 r-xp 00000000 fd:01 2 /b\n"
	      "2000-3000 r-xp 00000000 fd:01 1 /a\n"
	      "3000-4000 r-xp 00001000 fd:01 2 /b\n"
	      "4000-5000 r-xp 00000000 fd:02 1 /c\n");
	assert_int_equal(maps.number, 4);
	assert_string_equal(maps.mappings[0].path, "/a");
	assert_string_equal(maps.mappings[1].path, "/c");
	assert_int_equal(maps.mappings[2].start, 0x1000);
	assert_int_equal(maps.mappings[3].start, 0x3000);
	assert_true(mapping_is_same_file(&maps.mappings[2], &maps.mappings[3]));
	assert_false(mapping_is_same_file(&maps.mappings[0], &maps.mappings[1]));
	maps_free(&maps);
}

static void many_mappings_of_this_process_are_read(void **state)
{
	enum {
		PAGES = 3000
	};
	size_t page = (size_t)sysconf(_SC_PAGESIZE), found = 0, i;
	int fd = memfd_create("many", MFD_CLOEXEC);
	char *at[PAGES];

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)page), 0);
	for (i = 0; i < PAGES; i++) {
		at[i] = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
		assert_true(at[i] != MAP_FAILED);
	}
	assert_int_equal(maps_read(&maps, getpid()), 0);
	for (i = 0; i < maps.number; i++)
		found += !strcmp(maps.mappings[i].path, "/memfd:many (deleted)");
	assert_int_equal(found, PAGES);
	maps_free(&maps);
	for (i = 0; i < PAGES; i++)
		munmap(at[i], page);
	close(fd);
}

static void a_process_that_has_ended_is_an_error(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(maps_read(&maps, pid), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(all_fields_of_a_private_executable_mapping_are_taken),
		test_case(a_path_may_hold_spaces_and_escapes_and_be_deleted),
		test_case(other_mappings_are_left_out),
		test_case(lines_that_are_not_whole_are_left_out),
		test_case(numbers_that_are_impossible_are_left_out),
		test_case(mappings_of_one_file_stand_side_by_side),
		test_case(many_mappings_of_this_process_are_read),
		test_case(a_process_that_has_ended_is_an_error),
	};

	return run_all("tls_maps", tests);
}
