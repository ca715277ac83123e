// SPDX-License-Identifier: GPL-2.0
/* Files to read, and what is expected of what was read. */
#include "tls_sample.h"

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct tls_object tls_object;

unsigned char *tls_sample(const char *name, size_t *size)
{
	unsigned char *bytes;
	struct stat status;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "build/tls/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		print_message("skipped: %s was not built on this machine\n", path);
		skip();
	}
	assert_int_equal(fstat(fd, &status), 0);
	*size = (size_t)status.st_size;
	bytes = malloc(*size);
	assert_int_equal(read(fd, bytes, *size), status.st_size);
	close(fd);
	return bytes;
}

int tls_file(const unsigned char *bytes, size_t size)
{
	int fd = memfd_create("sample", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes, size), size);
	return fd;
}

const struct tls_code *tls_code_of(enum tls_function function)
{
	unsigned int i;

	for (i = 0; i < tls_object.number; i++)
		if (tls_object.codes[i].function == function)
			return &tls_object.codes[i];
	return NULL;
}

int tls_read_sample(const char *name)
{
	size_t size;
	unsigned char *bytes = tls_sample(name, &size);
	int fd = tls_file(bytes, size), error = tls_object_read(&tls_object, fd);

	close(fd);
	free(bytes);
	return error;
}

void leaves_by(enum tls_function function, unsigned int number)
{
	const struct tls_code *code = tls_code_of(function);

	if (!code)
		fail_msg("there is no %s", tls_function_name(function));
	if (code->why)
		fail_msg("%s: it %s", tls_function_name(function), code->why);
	assert_int_equal(code->nr_returns, number);
	assert_true(code->entry > 0);
}

void is_uncertain(enum tls_function function, const char *why)
{
	const struct tls_code *code = tls_code_of(function);

	if (!code)
		fail_msg("there is no %s", tls_function_name(function));
	assert_non_null(code->why);
	assert_string_equal(code->why, why);
	assert_int_equal(code->nr_returns, 0);
}

void returns(enum tls_function function)
{
	assert_non_null(tls_code_of(function));
	assert_true(tls_code_of(function)->nr_returns > 0);
	leaves_by(function, tls_code_of(function)->nr_returns);
}
