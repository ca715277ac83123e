// SPDX-License-Identifier: GPL-2.0
/* Reads the headers of ELF files, and what they point to. */
#include "image.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEADER_MAX = sizeof(Elf64_Ehdr),
};

/* What the headers of both classes say of the tables behind them. */
struct layout {
	unsigned int type;
	uint64_t segments, sections;
	unsigned int nr_segments, nr_sections;
	unsigned int segment_size, section_size;
	unsigned int section_names; /* the number of a section */
};

int image_read(const struct image *image, uint64_t offset, void *bytes, size_t size)
{
	ssize_t got;

	if (offset > INT64_MAX || size > INT64_MAX - offset)
		return -ENODATA;
	while (size) {
		got = pread(image->fd, bytes, size, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -ENODATA;
		bytes = (char *)bytes + got;
		offset += (size_t)got;
		size -= (size_t)got;
	}
	return 0;
}

/* Return: NULL with errno set. The caller frees it. @spare bytes of zeros stand behind it. */
static void *load(const struct image *image, uint64_t offset, uint64_t size, size_t spare)
{
	char *bytes;
	int error;

	if (size > IMAGE_SYMBOLS_MAX) {
		errno = EFBIG;
		return NULL;
	}
	bytes = malloc(size + spare + 1);
	if (!bytes)
		return NULL;
	memset(bytes + size, 0, spare + 1);
	error = image_read(image, offset, bytes, size);
	if (error) {
		free(bytes);
		errno = -error;
		return NULL;
	}
	return bytes;
}

#define TAKE_LAYOUT(header)                            \
	((struct layout){                              \
		.type = (header)->e_type,              \
		.segments = (header)->e_phoff,         \
		.sections = (header)->e_shoff,         \
		.nr_segments = (header)->e_phnum,      \
		.nr_sections = (header)->e_shnum,      \
		.segment_size = (header)->e_phentsize, \
		.section_size = (header)->e_shentsize, \
		.section_names = (header)->e_shstrndx, \
	})

static int read_header(struct image *image, struct layout *layout)
{
	_Alignas(Elf64_Ehdr) unsigned char header[HEADER_MAX];
	int error = image_read(image, 0, header, sizeof(header));

	if (error)
		return error == -ENODATA ? -ENOEXEC : error;
	if (memcmp(header, ELFMAG, SELFMAG) || header[EI_DATA] != ELFDATA2LSB ||
	    (header[EI_CLASS] != ELFCLASS64 && header[EI_CLASS] != ELFCLASS32))
		return -ENOEXEC;
	image->wide = header[EI_CLASS] == ELFCLASS64;
	/* In both classes at the same place. */
	image->machine = ((const Elf64_Ehdr *)header)->e_machine;
	*layout = image->wide ? TAKE_LAYOUT((const Elf64_Ehdr *)header) :
				TAKE_LAYOUT((const Elf32_Ehdr *)header);
	if ((layout->type != ET_EXEC && layout->type != ET_DYN) ||
	    (image->machine != EM_X86_64 && image->machine != EM_386 &&
	     image->machine != EM_AARCH64) ||
	    layout->nr_segments > IMAGE_SEGMENTS_MAX ||
	    layout->segment_size !=
		    (image->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
		return -ENOEXEC;
	return 0;
}

#define TAKE_SEGMENT(header)                  \
	((struct image_segment){              \
		.type = (header)->p_type,     \
		.flags = (header)->p_flags,   \
		.offset = (header)->p_offset, \
		.address = (header)->p_vaddr, \
		.size = (header)->p_filesz,   \
	})

static int read_segments(struct image *image, const struct layout *layout)
{
	Elf64_Phdr wide[IMAGE_SEGMENTS_MAX];
	Elf32_Phdr narrow[IMAGE_SEGMENTS_MAX];
	struct image_segment segment;
	unsigned int i;
	int error;

	error = image->wide ? image_read(image, layout->segments, wide,
					 layout->nr_segments * sizeof(*wide)) :
			      image_read(image, layout->segments, narrow,
					 layout->nr_segments * sizeof(*narrow));
	if (error)
		return error;
	for (i = 0; i < layout->nr_segments; i++) {
		segment = image->wide ? TAKE_SEGMENT(&wide[i]) : TAKE_SEGMENT(&narrow[i]);
		/* Then no sum of these overflows. */
		if (segment.offset <= INT64_MAX &&
		    segment.size <= INT64_MAX - segment.offset &&
		    segment.address <= UINT64_MAX - segment.size)
			image->segments[image->nr_segments++] = segment;
	}
	return 0;
}

#define TAKE_SECTION(header)                   \
	((struct section){                     \
		.name = (header)->sh_name,     \
		.type = (header)->sh_type,     \
		.link = (header)->sh_link,     \
		.offset = (header)->sh_offset, \
		.size = (header)->sh_size,     \
		.address = (header)->sh_addr,  \
	})

struct section {
	uint32_t name, type, link;
	uint64_t offset, size, address;
};

static struct section section_at(const struct image *image, const void *sections,
				 unsigned int i)
{
	return image->wide ? TAKE_SECTION((const Elf64_Shdr *)sections + i) :
			     TAKE_SECTION((const Elf32_Shdr *)sections + i);
}

/* The first of a kind: there is no more than one in a sound file. */
static void find_table(struct image *image, const struct layout *layout,
		       const void *sections, uint32_t type, struct image_table *table)
{
	struct section section = { 0 }, names;
	unsigned int i;

	for (i = 0; i < layout->nr_sections; i++) {
		section = section_at(image, sections, i);
		if (section.type == type)
			break;
	}
	if (i == layout->nr_sections || section.link >= layout->nr_sections)
		return;
	names = section_at(image, sections, section.link);
	if (names.type != SHT_STRTAB || names.size == 0)
		return;
	*table = (struct image_table){
		.offset = section.offset,
		.size = section.size,
		.names_offset = names.offset,
		.names_size = names.size,
	};
}

/* Where .eh_frame is: only programs that are linked statically have no other way to it. */
static int find_frames(struct image *image, const struct layout *layout,
		       const void *sections)
{
	struct section section;
	unsigned int i;
	char *names;

	if (layout->section_names >= layout->nr_sections)
		return 0;
	section = section_at(image, sections, layout->section_names);
	names = load(image, section.offset, section.size, 1);
	if (!names)
		return -errno;
	for (i = 0; i < layout->nr_sections && !image->frames_size; i++) {
		struct section each = section_at(image, sections, i);

		if (each.type != SHT_PROGBITS || each.name >= section.size ||
		    strcmp(names + each.name, ".eh_frame") != 0)
			continue;
		image->frames_offset = each.offset;
		image->frames_size = each.size;
		image->frames_address = each.address;
	}
	free(names);
	return 0;
}

/* Files without sections have no names of functions either. */
static int read_sections(struct image *image, const struct layout *layout)
{
	size_t size = image->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	void *sections;
	int error;

	if (!layout->sections || !layout->nr_sections || layout->section_size != size)
		return 0;
	sections = load(image, layout->sections, layout->nr_sections * size, 0);
	if (!sections)
		return -errno;
	find_table(image, layout, sections, SHT_DYNSYM, &image->tables[IMAGE_DYNSYM]);
	find_table(image, layout, sections, SHT_SYMTAB, &image->tables[IMAGE_SYMTAB]);
	error = find_frames(image, layout, sections);
	free(sections);
	/* Names that cannot be read are none. */
	return error == -ENOMEM ? error : 0;
}

int image_open(struct image *image, int fd)
{
	struct layout layout = { 0 };
	int error;

	*image = (struct image){ .fd = fd };
	error = read_header(image, &layout);
	if (error)
		return error;
	error = read_segments(image, &layout);
	return error ? error : read_sections(image, &layout);
}

bool image_offset(const struct image *image, uint64_t address, uint64_t size,
		  uint32_t flags, uint64_t *offset)
{
	const struct image_segment *segment;
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++) {
		segment = &image->segments[i];
		if (segment->type != PT_LOAD || (segment->flags & flags) != flags ||
		    (segment->flags & ~flags & PF_W) || address < segment->address ||
		    size > segment->size ||
		    address - segment->address > segment->size - size)
			continue;
		*offset = segment->offset + (address - segment->address);
		return true;
	}
	return false;
}

/* Both classes have the same kinds in the same bits. */
#define TAKE_SYMBOL(from)                                                      \
	do {                                                                   \
		name = (from)->st_name;                                        \
		symbol.address = (from)->st_value;                             \
		symbol.size = (from)->st_size;                                 \
		symbol.is_local = ELF64_ST_BIND((from)->st_info) == STB_LOCAL; \
		is_function = ELF64_ST_TYPE((from)->st_info) == STT_FUNC &&    \
			      (from)->st_shndx != SHN_UNDEF &&                 \
			      (from)->st_shndx < SHN_LORESERVE;                \
	} while (0)

int image_each_function(const struct image *image, enum image_tables which,
			void (*look)(const char *name, const struct image_symbol *symbol,
				     void *arg),
			void *arg)
{
	const struct image_table *table = &image->tables[which];
	size_t size = image->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym), i;
	struct image_symbol symbol;
	bool is_function;
	uint32_t name;
	void *symbols;
	char *names;
	int error;

	if (!table->size)
		return 0;
	symbols = load(image, table->offset, table->size, 0);
	names = symbols ? load(image, table->names_offset, table->names_size, 1) : NULL;
	error = names ? 0 : -errno;
	for (i = 0; !error && i < table->size / size; i++) {
		if (image->wide)
			TAKE_SYMBOL((const Elf64_Sym *)symbols + i);
		else
			TAKE_SYMBOL((const Elf32_Sym *)symbols + i);
		if (is_function && name < table->names_size)
			look(names + name, &symbol, arg);
	}
	free(names);
	free(symbols);
	return error;
}
