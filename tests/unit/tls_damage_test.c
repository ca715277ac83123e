// SPDX-License-Identifier: GPL-2.0
/* Files whose headers and tables mislead, on purpose or by chance. */
#include "test.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls_sample.h"

static void a_symbol_table_that_is_too_large_is_not_read(void **state)
{
	static const uint64_t large = 1ULL << 40;
	size_t size, i;
	unsigned char *bytes = tls_sample("library.so", &size);
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Shdr *sections = (Elf64_Shdr *)(bytes + header->e_shoff);
	int fd;

	(void)state;
	for (i = 0; i < header->e_shnum; i++)
		if (sections[i].sh_type == SHT_DYNSYM)
			sections[i].sh_size = large;
	fd = tls_file(bytes, size);
	free(bytes);
	/* With a hole, there is as much of it as the header says. */
	assert_int_equal(ftruncate(fd, 1LL << 41), 0);
	assert_int_equal(tls_object_read(&tls_object, fd), -EFBIG);
	close(fd);
}

/* A section of library.so, in @bytes. */
static Elf64_Shdr *section(unsigned char *bytes, const char *name)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Shdr *sections = (Elf64_Shdr *)(bytes + header->e_shoff);
	const char *names = (char *)bytes + sections[header->e_shstrndx].sh_offset;
	unsigned int i;

	for (i = 0; i < header->e_shnum; i++)
		if (!strcmp(names + sections[i].sh_name, name))
			return &sections[i];
	fail_msg("there is no section %s", name);
	return NULL;
}

static void read_changed(void (*change)(unsigned char *bytes))
{
	size_t size;
	unsigned char *bytes = tls_sample("library.so", &size);
	int fd;

	/* Else those that are left out here are found there. */
	section(bytes, ".symtab")->sh_type = SHT_NULL;
	change(bytes);
	fd = tls_file(bytes, size);
	free(bytes);
	assert_int_equal(tls_object_read(&tls_object, fd), 0);
	close(fd);
}

static void change_nothing(unsigned char *bytes)
{
	(void)bytes;
}

static void cut_names(unsigned char *bytes)
{
	Elf64_Shdr *names = section(bytes, ".dynstr");
	unsigned char *name =
		memmem(bytes + names->sh_offset, names->sh_size, "\0SSL_write", 11);

	assert_non_null(name);
	/* The last one without its end. */
	names->sh_size = (uint64_t)(name + 10 - bytes) - names->sh_offset;
}

static void names_end_where_their_table_ends(void **state)
{
	(void)state;
	read_changed(change_nothing);
	assert_int_equal(tls_object.number, 4);
	read_changed(cut_names);
	returns(TLS_SSL_WRITE);
	assert_true(tls_object.number < 4);
}

static void make_functions(unsigned char *bytes)
{
	Elf64_Shdr *table = section(bytes, ".dynsym");
	Elf64_Sym *symbols = (Elf64_Sym *)(bytes + table->sh_offset);
	size_t i;

	for (i = 0; i < table->sh_size / sizeof(*symbols); i++)
		if (symbols[i].st_shndx == SHN_UNDEF)
			symbols[i].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
}

static void a_function_of_another_library_is_none(void **state)
{
	(void)state;
	read_changed(make_functions);
	assert_int_equal(tls_object.number, 4);
	assert_null(tls_code_of(TLS_SSL_SENDFILE));
}

static void make_data_functions(unsigned char *bytes)
{
	Elf64_Shdr *table = section(bytes, ".dynsym");
	Elf64_Sym *symbols = (Elf64_Sym *)(bytes + table->sh_offset);
	size_t i;

	for (i = 0; i < table->sh_size / sizeof(*symbols); i++)
		if (ELF64_ST_TYPE(symbols[i].st_info) == STT_OBJECT)
			symbols[i].st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
}

/* To before the file's beginning: added to that, addresses would be offsets in the file again. */
static void move_code(unsigned char *bytes)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Phdr *segments = (Elf64_Phdr *)(bytes + header->e_phoff);
	unsigned int i;

	for (i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && segments[i].p_flags & PF_X) {
			segments[i].p_offset = 0ULL - segments[i].p_vaddr;
			segments[i].p_filesz += segments[i].p_vaddr;
			segments[i].p_vaddr = 0;
		}
}

static void what_is_not_in_executable_memory_says_so(void **state)
{
	(void)state;
	read_changed(make_data_functions);
	is_uncertain(TLS_SSL_READ_EX, "is not in executable memory");
	returns(TLS_SSL_WRITE);
	read_changed(move_code);
	is_uncertain(TLS_SSL_FREE, "is not in executable memory");
	is_uncertain(TLS_SSL_WRITE, "is not in executable memory");
}

static void fill_frames(unsigned char *bytes)
{
	Elf64_Shdr *frames = section(bytes, ".eh_frame");

	/* Behind the letters of the first entry: numbers without an end. */
	memset(bytes + frames->sh_offset + 12, 0x80, 80);
}

static void other_table(unsigned char *bytes)
{
	bytes[section(bytes, ".eh_frame_hdr")->sh_offset + 3] = 0x3c;
}

static void cut_table(unsigned char *bytes)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)bytes;
	Elf64_Phdr *segments = (Elf64_Phdr *)(bytes + header->e_phoff);
	unsigned int i;

	for (i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_GNU_EH_FRAME)
			segments[i].p_filesz = 4;
}

static void frames_that_cannot_be_read_are_none(void **state)
{
	static const char why[] = "has no extent in .eh_frame";

	(void)state;
	read_changed(fill_frames);
	/* Its own entry is whole. */
	is_uncertain(TLS_SSL_FREE, why);
	read_changed(other_table);
	is_uncertain(TLS_SSL_WRITE, why);
	read_changed(cut_table);
	is_uncertain(TLS_SSL_WRITE, why);
}

/* Whatever is found of what was damaged is within the file and within limits. */
static void check_sanity(size_t size)
{
	unsigned int i, j;

	assert_true(tls_object.number <= TLS_FUNCTIONS);
	for (i = 0; i < tls_object.number; i++) {
		const struct tls_code *code = &tls_object.codes[i];

		assert_true(code->nr_returns <= FLOW_RETURNS_MAX);
		assert_true(code->why || code->entry < size);
		assert_true(!code->why || code->nr_returns == 0);
		for (j = 0; j < code->nr_returns; j++)
			assert_true(code->returns[j] < size);
	}
}

static void damage(unsigned char *bytes, size_t size, uint32_t *seed)
{
	static const uint32_t values[] = { 0,	       1,	   0x7f,
					   0x80,       0xff,	   0x7fffffff,
					   0x80000000, 0xffffffff, 0xffffff00 };
	unsigned int times = 1 + test_random(seed) % 8, width;
	uint32_t value;
	size_t at;

	while (times--) {
		width = 1U << test_random(seed) % 3;
		at = test_random(seed) % (size - 4);
		value = values[test_random(seed) % (sizeof(values) / sizeof(*values))];
		if (test_random(seed) % 2)
			value = test_random(seed);
		memcpy(bytes + at, &value, width);
	}
}

static void read_damaged(const char *name, uint16_t machine, unsigned int rounds)
{
	size_t size, length;
	unsigned char *whole = tls_sample(name, &size), *bytes = malloc(size);
	uint32_t seed = machine;
	unsigned int i;
	int fd;

	for (i = 0; i < rounds; i++) {
		memcpy(bytes, whole, size);
		if (machine)
			((Elf64_Ehdr *)bytes)->e_machine = machine;
		damage(bytes, size, &seed);
		length = i % 4 ? size : test_random(&seed) % size;
		fd = tls_file(bytes, length);
		if (tls_object_read(&tls_object, fd) == 0)
			check_sanity(length);
		close(fd);
	}
	free(bytes);
	free(whole);
}

static void damaged_files_do_no_harm(void **state)
{
	(void)state;
	read_damaged("unsure.so", 0, 4000);
	read_damaged("program", 0, 2000);
	read_damaged("static", 0, 2000);
	read_damaged("i386.so", 0, 2000);
	read_damaged("library.so", EM_AARCH64, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_symbol_table_that_is_too_large_is_not_read),
		test_case(names_end_where_their_table_ends),
		test_case(a_function_of_another_library_is_none),
		test_case(what_is_not_in_executable_memory_says_so),
		test_case(frames_that_cannot_be_read_are_none),
		test_case(damaged_files_do_no_harm),
	};

	return run_all("tls_damage", tests);
}
