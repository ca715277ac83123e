// SPDX-License-Identifier: GPL-2.0
/* Looks for the functions' symbols, and for the offsets that probes need. */
#include "object.h"

#include <elf.h>
#include <errno.h>

#include "code.h"
#include "frame.h"
#include "image.h"

struct found {
	struct image_symbol symbol;
	bool is_there;
	bool is_ambiguous;
};

static void look(const char *name, const struct image_symbol *symbol, void *arg)
{
	enum tls_function function = tls_function_named(name);
	struct found *found = arg;

	if (function == TLS_FUNCTIONS)
		return;
	found += function;
	/* A static function of the same name is another one. */
	if (!found->is_there || (found->symbol.is_local && !symbol->is_local))
		*found = (struct found){ .symbol = *symbol, .is_there = true };
	else if (found->symbol.address != symbol->address &&
		 found->symbol.is_local == symbol->is_local)
		found->is_ambiguous = true;
}

/* Programs that export nothing, and that are linked statically, have them in .symtab alone. */
static int find(const struct image *image, struct found found[TLS_FUNCTIONS])
{
	struct found more[TLS_FUNCTIONS] = { 0 };
	unsigned int i;
	int error;

	error = image_each_function(image, IMAGE_DYNSYM, look, found);
	if (error)
		return error;
	error = image_each_function(image, IMAGE_SYMTAB, look, more);
	for (i = 0; !error && i < TLS_FUNCTIONS; i++)
		if (!found[i].is_there)
			found[i] = more[i];
	return error;
}

static bool is_wanted(const struct found found[TLS_FUNCTIONS], enum tls_function function)
{
	enum tls_function successor = tls_function_successor(function);

	return found[function].is_there &&
	       (successor == TLS_FUNCTIONS || !found[successor].is_there);
}

/* That an entry of .eh_frame begins there is all that is known of what only begins. */
static const char *check_entry(const struct image *image, uint64_t address,
			       uint64_t offset)
{
	uint64_t start, end;
	uint8_t byte;

	if (image_read(image, offset, &byte, 1))
		return "cannot be read";
	if (!frame_extent(image, address, &start, &end))
		return "has no extent in .eh_frame";
	return start == address ?
		       NULL :
		       "has another extent in .eh_frame than in the symbol table";
}

static const char *take_returns(const struct image *image, struct code *code,
				const struct image_symbol *symbol, struct tls_code *taken)
{
	struct flow_returns returns;
	const char *why;
	unsigned int i;

	why = flow_returns(image, code, symbol->address, symbol->size, &returns);
	if (why)
		return why;
	for (i = 0; i < returns.number; i++)
		if (!image_offset(image, returns.at[i], 1, PF_X, &taken->returns[i]))
			return "is not in executable memory, or jumps to what is not";
	taken->nr_returns = returns.number;
	return NULL;
}

static void take(const struct image *image, struct code *code, const struct found *found,
		 struct tls_code *taken)
{
	uint64_t entry;

	if (found->is_ambiguous)
		taken->why = "is there more than once";
	else if (!image_offset(image, found->symbol.address, 1, PF_X, &entry))
		taken->why = "is not in executable memory";
	if (taken->why)
		return;
	taken->entry = entry;
	if (tls_function_only_begins(taken->function))
		taken->why = check_entry(image, found->symbol.address, taken->entry);
	else
		taken->why = take_returns(image, code, &found->symbol, taken);
}

int tls_object_read(struct tls_object *object, int fd)
{
	struct found found[TLS_FUNCTIONS] = { 0 };
	struct code *code = NULL;
	struct image image;
	unsigned int i;
	int error;

	object->number = 0;
	error = image_open(&image, fd);
	if (!error)
		error = find(&image, found);
	for (i = 0; !error && i < TLS_FUNCTIONS; i++) {
		if (!is_wanted(found, i))
			continue;
		if (!code && !(code = code_open(image.machine)))
			error = -errno;
		else {
			object->codes[object->number] =
				(struct tls_code){ .function = i };
			take(&image, code, &found[i], &object->codes[object->number++]);
		}
	}
	if (code)
		code_close(code);
	return error;
}
