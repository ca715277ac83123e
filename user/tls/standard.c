// SPDX-License-Identifier: GPL-2.0
/* Looks where the dynamic linker does: ld.so(8), and Debian's folders for each architecture. */
#include "standard.h"

#include <elf.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LIBRARIES_MAX = 64
};

#define FOLDERS                                                                              \
	"{/lib,/lib64,/usr/lib,/usr/lib64,/usr/local/lib,/usr/local/lib64,/lib/*-linux-gnu," \
	"/usr/lib/*-linux-gnu,/usr/local/lib/*-linux-gnu}"

struct seen {
	unsigned int number;
	struct {
		dev_t device;
		ino_t inode;
	} files[LIBRARIES_MAX];
};

/* /lib may be a link to /usr/lib, and each library has several names. */
static bool is_new(struct seen *seen, const struct stat *status)
{
	unsigned int i;

	for (i = 0; i < seen->number; i++)
		if (seen->files[i].inode == status->st_ino &&
		    seen->files[i].device == status->st_dev)
			return false;
	if (seen->number == LIBRARIES_MAX)
		return false;
	seen->files[seen->number].inode = status->st_ino;
	seen->files[seen->number++].device = status->st_dev;
	return true;
}

/*
 * The kernel decodes an instruction once, as the first process that it puts a probe into would run
 * it (prepare_uprobe() in kernel/events/uprobes.c). That could be this process, so it maps only
 * what it could run itself.
 */
static bool is_like_this_program(int fd)
{
	Elf64_Ehdr header, own;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool read_both = self >= 0 && pread(self, &own, sizeof(own), 0) == sizeof(own) &&
			 pread(fd, &header, sizeof(header), 0) == sizeof(header);

	if (self >= 0)
		close(self);
	return read_both && !memcmp(header.e_ident, own.e_ident, EI_VERSION) &&
	       header.e_machine == own.e_machine;
}

static bool map(struct seen *seen, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	void *memory = MAP_FAILED;
	struct stat status;

	if (fd < 0)
		return false;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    is_like_this_program(fd) && is_new(seen, &status))
		memory = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_EXEC,
			      MAP_PRIVATE, fd, 0);
	close(fd);
	return memory != MAP_FAILED;
}

unsigned int tls_standard_map(void)
{
	static const char *const patterns[] = {
		FOLDERS "/libssl.so*",
		FOLDERS "/libgnutls.so*",
		FOLDERS "/libwolfssl.so*",
		FOLDERS "/libmbedtls.so*",
	};
	struct seen seen = { .number = 0 };
	unsigned int number = 0;
	size_t i, at;
	glob_t found;

	for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (glob(patterns[i], GLOB_BRACE | GLOB_NOSORT, NULL, &found))
			continue;
		for (at = 0; at < found.gl_pathc; at++)
			number += map(&seen, found.gl_pathv[at]);
		globfree(&found);
	}
	return number;
}
