// SPDX-License-Identifier: GPL-2.0
/* Which functions files have: those built from tls/, damaged copies, and this machine's libraries. */
#include "test.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "tls_sample.h"

static struct tls_object object;

static const struct tls_code *of(enum tls_function function)
{
	unsigned int i;

	for (i = 0; i < object.number; i++)
		if (object.codes[i].function == function)
			return &object.codes[i];
	return NULL;
}

static int read_sample(const char *name)
{
	size_t size;
	unsigned char *bytes = tls_sample(name, &size);
	int fd = tls_file(bytes, size), error = tls_object_read(&object, fd);

	close(fd);
	free(bytes);
	return error;
}

static void leaves_by(enum tls_function function, unsigned int number)
{
	const struct tls_code *code = of(function);

	if (!code)
		fail_msg("there is no %s", tls_function_name(function));
	if (code->why)
		fail_msg("%s: it %s", tls_function_name(function), code->why);
	assert_int_equal(code->nr_returns, number);
	assert_true(code->entry > 0);
}

static void is_uncertain(enum tls_function function, const char *why)
{
	const struct tls_code *code = of(function);

	if (!code)
		fail_msg("there is no %s", tls_function_name(function));
	assert_non_null(code->why);
	assert_string_equal(code->why, why);
	assert_int_equal(code->nr_returns, 0);
}

static void returns(enum tls_function function)
{
	assert_non_null(of(function));
	assert_true(of(function)->nr_returns > 0);
	leaves_by(function, of(function)->nr_returns);
}

static void a_library_has_its_functions(void **state)
{
	(void)state;
	assert_int_equal(read_sample("library.so"), 0);
	assert_int_equal(object.number, 4);
	returns(TLS_SSL_WRITE);
	returns(TLS_SSL_WRITE_EX2);
	returns(TLS_SSL_READ);
	/* Not what is data, and what is defined elsewhere. */
	assert_null(of(TLS_SSL_READ_EX));
	assert_null(of(TLS_SSL_SENDFILE));
}

static void an_older_function_counts_only_without_the_newer_one(void **state)
{
	(void)state;
	assert_int_equal(read_sample("library.so"), 0);
	assert_null(of(TLS_SSL_WRITE_EX));
	assert_int_equal(read_sample("old.so"), 0);
	returns(TLS_SSL_WRITE_EX);
	assert_null(of(TLS_SSL_WRITE_EX2));
}

static void of_what_only_begins_the_ways_out_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(read_sample("library.so"), 0);
	leaves_by(TLS_SSL_FREE, 0);
}

static void what_cannot_be_traced_is_there_with_its_reason(void **state)
{
	(void)state;
	assert_int_equal(read_sample("unsure.so"), 0);
	assert_non_null(of(TLS_GNUTLS_RECORD_RECV));
	assert_string_equal(of(TLS_GNUTLS_RECORD_RECV)->why,
			    "leaves by a jump through memory");
	assert_int_equal(of(TLS_GNUTLS_RECORD_RECV)->nr_returns, 0);
}

static void a_program_that_exports_nothing_has_them_unless_it_is_stripped(void **state)
{
	(void)state;
	assert_int_equal(read_sample("program"), 0);
	returns(TLS_SSL_WRITE);
	returns(TLS_SSL_READ);
	assert_int_equal(read_sample("stripped"), 0);
	assert_int_equal(object.number, 0);
}

static void of_several_functions_of_a_name_the_global_one_counts(void **state)
{
	(void)state;
	assert_int_equal(read_sample("program"), 0);
	/* The local one does not return. */
	returns(TLS_SSL_WRITE);
	is_uncertain(TLS_GNUTLS_RECORD_RECV, "is there more than once");
}

static void a_library_of_32_bits_has_them(void **state)
{
	(void)state;
	assert_int_equal(read_sample("i386.so"), 0);
	assert_int_equal(object.number, 6);
	leaves_by(TLS_SSL_WRITE, 2);
	is_uncertain(TLS_SSL_READ, "leaves by a jump through memory");
	/* Two of its own, and one of a function that its switch jumps to. */
	leaves_by(TLS_GNUTLS_RECORD_SEND2, 3);
	is_uncertain(TLS_GNUTLS_RECORD_RECV, "leaves by a jump through a register");
	is_uncertain(TLS_SSL_READ_EX, "leaves by a jump through a register");
	is_uncertain(TLS_SSL_SENDFILE, "leaves by a jump through a register");
}

/* Return: what reading a copy said in which some bytes are others. */
static int read_with(const char *name, size_t at, const void *value, size_t length)
{
	size_t size;
	unsigned char *bytes = tls_sample(name, &size);
	int fd, error;

	memcpy(bytes + at, value, length);
	fd = tls_file(bytes, size);
	error = tls_object_read(&object, fd);
	close(fd);
	free(bytes);
	return error;
}

static void other_files_are_none(void **state)
{
	static const unsigned char big = ELFDATA2MSB, class = 3;
	static const uint16_t riscv = EM_RISCV, relocatable = ET_REL, many = 65, zero = 0;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(tls_object_read(&object, fd), -ENOEXEC);
	close(fd);
	assert_int_equal(read_with("library.so", 0, "#!/bin/sh", 9), -ENOEXEC);
	assert_int_equal(read_with("library.so", EI_DATA, &big, 1), -ENOEXEC);
	assert_int_equal(read_with("library.so", EI_CLASS, &class, 1), -ENOEXEC);
	assert_int_equal(read_with("library.so", offsetof(Elf64_Ehdr, e_machine), &riscv,
				   2),
			 -ENOEXEC);
	assert_int_equal(read_with("library.so", offsetof(Elf64_Ehdr, e_type),
				   &relocatable, 2),
			 -ENOEXEC);
	assert_int_equal(read_with("library.so", offsetof(Elf64_Ehdr, e_phnum), &many, 2),
			 -ENOEXEC);
	assert_int_equal(read_with("library.so", offsetof(Elf64_Ehdr, e_shnum), &zero, 2),
			 0);
	assert_int_equal(object.number, 0);
}

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
	assert_int_equal(tls_object_read(&object, fd), -EFBIG);
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
	assert_int_equal(tls_object_read(&object, fd), 0);
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
	assert_int_equal(object.number, 4);
	read_changed(cut_names);
	returns(TLS_SSL_WRITE);
	assert_true(object.number < 4);
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
	assert_int_equal(object.number, 4);
	assert_null(of(TLS_SSL_SENDFILE));
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
	memset(bytes + frames->sh_offset + 12, 0x80, frames->sh_size - 12);
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
	is_uncertain(TLS_SSL_WRITE, why);
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

	assert_true(object.number <= TLS_FUNCTIONS);
	for (i = 0; i < object.number; i++) {
		const struct tls_code *code = &object.codes[i];

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
		if (tls_object_read(&object, fd) == 0)
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
	read_damaged("i386.so", 0, 2000);
	read_damaged("library.so", EM_AARCH64, 1000);
}

static bool read_library(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		print_message("skipped: there is no %s on this machine\n", path);
		return false;
	}
	assert_int_equal(tls_object_read(&object, fd), 0);
	close(fd);
	return true;
}

/* A probe on a return that is no `ret` would change what the library does. */
static void are_returns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int i, j;
	unsigned char byte;

	for (i = 0; i < object.number; i++)
		for (j = 0; j < object.codes[i].nr_returns; j++) {
			assert_int_equal(pread(fd, &byte, 1,
					       (off_t)object.codes[i].returns[j]),
					 1);
			assert_true(byte == 0xc3 || byte == 0xf3);
		}
	close(fd);
}

static void the_library_of_OpenSSL_here_can_be_traced(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libssl.so.3";

	(void)state;
	if (!read_library(path))
		skip();
	leaves_by(TLS_SSL_WRITE, 1);
	leaves_by(of(TLS_SSL_WRITE_EX2) ? TLS_SSL_WRITE_EX2 : TLS_SSL_WRITE_EX, 1);
	leaves_by(TLS_SSL_READ, 1);
	leaves_by(TLS_SSL_READ_EX, 1);
	leaves_by(TLS_SSL_SENDFILE, 1);
	leaves_by(TLS_SSL_FREE, 0);
	assert_int_equal(object.number, 6);
	are_returns(path);
}

static void the_library_of_GnuTLS_here_can_be_traced(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libgnutls.so.30";

	(void)state;
	if (!read_library(path))
		skip();
	returns(TLS_GNUTLS_RECORD_SEND2);
	returns(TLS_GNUTLS_RECORD_RECV);
	leaves_by(TLS_GNUTLS_DEINIT, 0);
	assert_int_equal(object.number, 3);
	are_returns(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_case(a_library_has_its_functions),
		test_case(an_older_function_counts_only_without_the_newer_one),
		test_case(of_what_only_begins_the_ways_out_do_not_matter),
		test_case(what_cannot_be_traced_is_there_with_its_reason),
		test_case(a_program_that_exports_nothing_has_them_unless_it_is_stripped),
		test_case(of_several_functions_of_a_name_the_global_one_counts),
		test_case(a_library_of_32_bits_has_them),
		test_case(other_files_are_none),
		test_case(a_symbol_table_that_is_too_large_is_not_read),
		test_case(names_end_where_their_table_ends),
		test_case(a_function_of_another_library_is_none),
		test_case(what_is_not_in_executable_memory_says_so),
		test_case(frames_that_cannot_be_read_are_none),
		test_case(damaged_files_do_no_harm),
		test_case(the_library_of_OpenSSL_here_can_be_traced),
		test_case(the_library_of_GnuTLS_here_can_be_traced),
	};

	return run_all("tls_object", tests);
}
