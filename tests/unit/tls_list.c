// SPDX-License-Identifier: GPL-2.0
/*
 * Lists what can be traced of TLS: in processes, given their ids, or in files, whose offsets are
 * shown. With --symbol NAME: whether any other function could be.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "code.h"
#include "find.h"
#include "image.h"
#include "object.h"

static void list_one(const char *name, const char *why, uint64_t entry,
		     unsigned int number, const uint64_t *returns)
{
	unsigned int i;

	if (why) {
		printf("  %s: it %s\n", name, why);
		return;
	}
	printf("  %s: %" PRIx64 ", %u returns:", name, entry, number);
	for (i = 0; i < number; i++)
		printf(" %" PRIx64, returns[i]);
	printf("\n");
}

static int list_process(pid_t pid, struct tls_cache *cache)
{
	const struct tls_library *library;
	struct tls_found found;
	const char *why;
	unsigned int i;
	int error;

	error = tls_find(pid, cache, &found, &why);
	if (error) {
		printf("%d: %s: %s\n", (int)pid, why, strerror(-error));
		return 1;
	}
	printf("%d: %zu files%s\n", (int)pid, found.number,
	       found.changed ? ", changed" : "");
	for (library = found.libraries; library < found.libraries + found.number;
	     library++) {
		printf(" %02x:%02x %" PRIu64 " %s%s%s\n", library->major, library->minor,
		       library->inode, library->path, library->why ? ": it " : "",
		       library->why ? library->why : "");
		for (i = 0; i < library->nr_sites; i++)
			list_one(tls_function_name(library->sites[i].function),
				 library->sites[i].why, library->sites[i].entry,
				 library->sites[i].nr_returns, library->sites[i].returns);
	}
	tls_found_free(&found);
	return 0;
}

struct wanted {
	const char *name;
	const struct image *image;
	struct code *code;
};

static void list_symbol(const char *name, const struct image_symbol *symbol, void *arg)
{
	const struct wanted *wanted = arg;
	struct flow_returns returns;
	const char *why;

	if (strcmp(name, wanted->name))
		return;
	why = flow_returns(wanted->image, wanted->code, symbol->address, symbol->size,
			   &returns);
	list_one(name, why, symbol->address, returns.number, returns.at);
}

static void list_named(int fd, const char *name)
{
	struct wanted wanted = { .name = name };
	struct image image;

	if (image_open(&image, fd))
		return;
	wanted.image = &image;
	wanted.code = code_open(image.machine);
	image_each_function(&image, IMAGE_DYNSYM, list_symbol, &wanted);
	image_each_function(&image, IMAGE_SYMTAB, list_symbol, &wanted);
	code_close(wanted.code);
}

static int list_file(const char *path, const char *symbol)
{
	struct tls_object object;
	unsigned int i;
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	error = fd < 0 ? -errno : tls_object_read(&object, fd);
	printf("%s:%s%s\n", path, error ? " " : "", error ? strerror(-error) : "");
	if (symbol)
		list_named(fd, symbol);
	for (i = 0; !error && !symbol && i < object.number; i++)
		list_one(tls_function_name(object.codes[i].function), object.codes[i].why,
			 object.codes[i].entry, object.codes[i].nr_returns,
			 object.codes[i].returns);
	if (fd >= 0)
		close(fd);
	return error != 0;
}

int main(int argc, char **argv)
{
	struct tls_cache *cache = tls_cache_new(tls_object_read);
	const char *symbol = NULL;
	int i, failed = 0;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--symbol") && i + 1 < argc)
			symbol = argv[++i];
		else if (argv[i][strspn(argv[i], "0123456789")])
			failed |= list_file(argv[i], symbol);
		else
			failed |= list_process((pid_t)atoi(argv[i]), cache);
	}
	tls_cache_free(cache);
	return failed;
}
