// SPDX-License-Identifier: GPL-2.0
#include "tls_sample.h"

#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

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
