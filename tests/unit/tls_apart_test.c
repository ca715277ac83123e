// SPDX-License-Identifier: GPL-2.0
/*
 * The process that reads a file. apart.c is compiled here, so that this test can answer in the
 * child's place, and be impatient.
 */
#include "test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>

#include "object.h"

static int stand_in(struct tls_object *object, int fd);

#define tls_object_read stand_in
#include "../../user/tls/apart.c"
#undef tls_object_read

#include "tls_sample.h"

/* What the child does instead of reading; NULL: it reads. */
static int (*instead)(struct tls_object *object, int fd);

static int stand_in(struct tls_object *object, int fd)
{
	return instead ? instead(object, fd) : tls_object_read(object, fd);
}

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int number = 0;

	if (!folder)
		return -1;
	while (readdir(folder))
		number++;
	closedir(folder);
	return number;
}

/* Return: as tls_apart_read(). Nothing stays open, and no child is left. */
static int read_file(int fd, int (*how)(struct tls_object *object, int fd))
{
	int before = count_descriptors(), error;

	instead = how;
	memset(&tls_object, 0xa5, sizeof(tls_object));
	error = tls_apart_read(&tls_object, fd);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return error;
}

static int read_by(int (*how)(struct tls_object *object, int fd))
{
	size_t size;
	unsigned char *bytes = tls_sample("library.so", &size);
	int fd = tls_file(bytes, size), error = read_file(fd, how);

	close(fd);
	free(bytes);
	return error;
}

/* ---- What it answers ------------------------------------------------------------------ */

static void same_code(const struct tls_code *one, const struct tls_code *other)
{
	unsigned int i;

	assert_int_equal(one->function, other->function);
	assert_int_equal(one->entry, other->entry);
	assert_int_equal(one->nr_returns, other->nr_returns);
	for (i = 0; i < one->nr_returns; i++)
		assert_int_equal(one->returns[i], other->returns[i]);
	assert_int_equal(!one->why, !other->why);
	if (one->why)
		assert_string_equal(one->why, other->why);
}

static void same_answer(const char *name)
{
	static struct tls_object here;
	size_t size;
	unsigned char *bytes = tls_sample(name, &size);
	int fd = tls_file(bytes, size), error;
	unsigned int i;

	error = tls_object_read(&here, fd);
	assert_int_equal(read_file(fd, NULL), error);
	assert_int_equal(tls_object.number, here.number);
	for (i = 0; i < here.number; i++)
		same_code(&tls_object.codes[i], &here.codes[i]);
	close(fd);
	free(bytes);
}

static void it_answers_what_is_read_here(void **state)
{
	(void)state;
	same_answer("library.so");
	same_answer("unsure.so");
	same_answer("i386.so");
	same_answer("arm64.so");
	same_answer("program");
	same_answer("stripped");
}

static void it_says_what_the_file_is_not(void **state)
{
	int fd = tls_file((const unsigned char *)"#!/bin/sh\n", 10);

	(void)state;
	assert_int_equal(read_file(fd, NULL), -ENOEXEC);
	assert_int_equal(tls_object.number, 0);
	close(fd);
}

static void the_same_words_are_kept_once(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(read_by(NULL), 0);
	same_answer("unsure.so");
	why = tls_code_of(TLS_GNUTLS_RECORD_RECV)->why;
	same_answer("unsure.so");
	assert_ptr_equal(tls_code_of(TLS_GNUTLS_RECORD_RECV)->why, why);
}

static unsigned int nth;

static int give_other_words(struct tls_object *object, int fd)
{
	static char words[200];

	(void)fd;
	memset(words, 'x', sizeof(words) - 1);
	words[0] = (char)('0' + nth);
	object->number = 1;
	object->codes[0] = (struct tls_code){ .function = TLS_SSL_READ, .why = words };
	return 0;
}

static void words_have_a_length_and_a_number(void **state)
{
	(void)state;
	for (nth = 0; nth < 2 * WHYS_MAX; nth++) {
		assert_int_equal(read_by(give_other_words), 0);
		assert_non_null(tls_object.codes[0].why);
		assert_true(strlen(tls_object.codes[0].why) < WHY_SIZE);
	}
	assert_string_equal(tls_object.codes[0].why, "cannot be looked at");
}

/* ---- What goes wrong ------------------------------------------------------------------ */

static int crash(struct tls_object *object, int fd)
{
	(void)object;
	(void)fd;
	signal(SIGSEGV, SIG_DFL);
	kill(getpid(), SIGSEGV);
	return 0;
}

static void one_that_crashes_is_too_much(void **state)
{
	(void)state;
	assert_int_equal(read_by(crash), -EFBIG);
	assert_int_equal(tls_object.number, 0);
}

static int hang(struct tls_object *object, int fd)
{
	(void)object;
	(void)fd;
	for (;;)
		pause();
	return 0;
}

static int answer_in_part(struct tls_object *object, int fd)
{
	(void)fd;
	if (write(STDOUT_FILENO, object, 100) != 100)
		_exit(1);
	return hang(object, fd);
}

static void one_that_hangs_is_waited_for_and_ended(void **state)
{
	int patience = patience_ms;
	int64_t before = clock_ms();

	(void)state;
	patience_ms = 100;
	assert_int_equal(read_by(hang), -EFBIG);
	assert_int_equal(read_by(answer_in_part), -EFBIG);
	patience_ms = patience;
	assert_true(clock_ms() - before >= 200);
	assert_true(clock_ms() - before < patience);
}

static int read_late(struct tls_object *object, int fd)
{
	usleep(50000);
	return tls_object_read(object, fd);
}

/* As after this process was stopped: the time is over, but the answer is there. */
static void what_is_there_after_the_time_counts(void **state)
{
	static struct answer sent = { .error = -ENODATA }, got;
	int ends[2], patience = patience_ms;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], &sent, sizeof(sent)), sizeof(sent));
	patience_ms = -1;
	assert_true(receive(ends[0], &got));
	assert_int_equal(got.error, -ENODATA);
	assert_false(receive(ends[0], &got));
	patience_ms = patience;
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(read_by(read_late), 0);
	returns(TLS_SSL_READ);
}

/* ---- An answer that is not sound --------------------------------------------------------- */

static struct tls_object forged;
static int forged_error;

static int forge(struct tls_object *object, int fd)
{
	(void)fd;
	*object = forged;
	return forged_error;
}

static int read_forged(int error)
{
	forged_error = error;
	return read_by(forge);
}

static void numbers_that_are_too_large_are_refused(void **state)
{
	(void)state;
	forged.number = 1;
	forged.codes[0] = (struct tls_code){ .function = TLS_SSL_READ,
					     .nr_returns = FLOW_RETURNS_MAX };
	assert_int_equal(read_forged(0), 0);
	assert_int_equal(tls_object.number, 1);
	forged.codes[0].nr_returns++;
	assert_int_equal(read_forged(0), -EFBIG);
	assert_int_equal(tls_object.number, 0);
	forged.codes[0].nr_returns = 1;
	forged.codes[0].function = TLS_FUNCTIONS;
	assert_int_equal(read_forged(0), -EFBIG);
	forged.codes[0].function = TLS_SSL_READ;
	forged.number = 2;
	forged.codes[1] = forged.codes[0];
	assert_int_equal(read_forged(0), -EFBIG);
	forged.codes[1].function = TLS_SSL_FREE;
	assert_int_equal(read_forged(0), 0);
	assert_int_equal(tls_object.number, 2);
	forged.number = TLS_FUNCTIONS + 1;
	assert_int_equal(read_forged(0), -EFBIG);
}

static void errors_are_the_files_or_harmless(void **state)
{
	(void)state;
	forged.number = 0;
	assert_int_equal(read_forged(-ENOEXEC), -ENOEXEC);
	assert_int_equal(read_forged(-ENODATA), -ENODATA);
	assert_int_equal(read_forged(-EFBIG), -EFBIG);
	assert_int_equal(read_forged(1), -EFBIG);
	/* These would end the search in all processes. */
	assert_int_equal(read_forged(-EPERM), -EIO);
	assert_int_equal(read_forged(-EMFILE), -EIO);
	assert_int_equal(read_forged(-ENFILE), -EIO);
	assert_int_equal(read_forged(-ENOMEM), -EFBIG);
	if (disassembler_load())
		assert_int_equal(read_forged(-ENOPKG), -EFBIG);
}

/* ---- What it may do ----------------------------------------------------------------------- */

static bool has_nothing_open_but(int fd)
{
	int other;

	for (other = 0; other < 1024; other++)
		if ((fcntl(other, F_GETFD) >= 0) !=
		    (other == fd || other == STDOUT_FILENO))
			return false;
	return true;
}

static bool has_no_capability(void)
{
	cap_t has = cap_get_proc(), none = cap_init();
	bool same = has && none && !cap_compare(has, none);

	cap_free(has);
	cap_free(none);
	return same;
}

static bool is_limited(int resource, rlim_t most)
{
	struct rlimit limit;

	return !getrlimit(resource, &limit) && limit.rlim_max <= most;
}

static bool ends_with_its_parent(void)
{
	int number = 0;

	return !prctl(PR_GET_PDEATHSIG, &number, 0, 0, 0) && number == SIGKILL;
}

/* The number says what is wrong. */
static int look_at_itself(struct tls_object *object, int fd)
{
	object->number = 0;
	if (fd != STDIN_FILENO || !has_nothing_open_but(fd))
		object->number = 1;
	else if (!has_no_capability() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		object->number = 2;
	else if (!is_limited(RLIMIT_CPU, CPU_SECONDS) || !is_limited(RLIMIT_CORE, 0) ||
		 !is_limited(RLIMIT_FSIZE, 0))
		object->number = 3;
	else if (!ends_with_its_parent())
		object->number = 4;
	memset(object->codes, 0, sizeof(object->codes));
	for (int i = 0; i < TLS_FUNCTIONS; i++)
		object->codes[i].function = (enum tls_function)i;
	return 0;
}

static void it_has_no_rights_and_nothing_but_the_file(void **state)
{
	int more[2];

	(void)state;
	assert_int_equal(pipe(more), 0);
	assert_int_equal(read_by(look_at_itself), 0);
	close(more[0]);
	close(more[1]);
	assert_int_equal(tls_object.number, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(it_answers_what_is_read_here),
		test_case(it_says_what_the_file_is_not),
		test_case(the_same_words_are_kept_once),
		test_case(one_that_crashes_is_too_much),
		test_case(one_that_hangs_is_waited_for_and_ended),
		test_case(what_is_there_after_the_time_counts),
		test_case(numbers_that_are_too_large_are_refused),
		test_case(errors_are_the_files_or_harmless),
		test_case(it_has_no_rights_and_nothing_but_the_file),
		test_case(words_have_a_length_and_a_number),
	};

	return run_all("tls_apart", tests);
}
