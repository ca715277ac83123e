// SPDX-License-Identifier: GPL-2.0
/* Which functions files have: those built from tls/, and this machine's libraries. */
#include "test.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "tls_sample.h"

static void a_library_has_its_functions(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("library.so"), 0);
	assert_int_equal(tls_object.number, 4);
	returns(TLS_SSL_WRITE);
	returns(TLS_SSL_WRITE_EX2);
	returns(TLS_SSL_READ);
	/* Not what is data, and what is defined elsewhere. */
	assert_null(tls_code_of(TLS_SSL_READ_EX));
	assert_null(tls_code_of(TLS_SSL_SENDFILE));
}

static void an_older_function_counts_only_without_the_newer_one(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("library.so"), 0);
	assert_null(tls_code_of(TLS_SSL_WRITE_EX));
	assert_int_equal(tls_read_sample("old.so"), 0);
	returns(TLS_SSL_WRITE_EX);
	assert_null(tls_code_of(TLS_SSL_WRITE_EX2));
}

static void of_what_only_begins_the_ways_out_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("library.so"), 0);
	leaves_by(TLS_SSL_FREE, 0);
}

static void what_cannot_be_traced_is_there_with_its_reason(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("unsure.so"), 0);
	assert_non_null(tls_code_of(TLS_GNUTLS_RECORD_RECV));
	assert_string_equal(tls_code_of(TLS_GNUTLS_RECORD_RECV)->why,
			    "leaves by a jump through memory");
	assert_int_equal(tls_code_of(TLS_GNUTLS_RECORD_RECV)->nr_returns, 0);
}

static void a_program_that_exports_nothing_has_them_unless_it_is_stripped(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("program"), 0);
	returns(TLS_SSL_WRITE);
	returns(TLS_SSL_READ);
	assert_int_equal(tls_read_sample("stripped"), 0);
	assert_int_equal(tls_object.number, 0);
}

static void so_has_one_without_a_table_of_extents(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("static"), 0);
	returns(TLS_SSL_WRITE);
	returns(TLS_SSL_READ);
	is_uncertain(TLS_GNUTLS_RECORD_RECV, "is there more than once");
}

static void of_several_functions_of_a_name_the_global_one_counts(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("program"), 0);
	/* The local one does not return. */
	returns(TLS_SSL_WRITE);
	is_uncertain(TLS_GNUTLS_RECORD_RECV, "is there more than once");
}

static void a_library_of_32_bits_has_them(void **state)
{
	(void)state;
	assert_int_equal(tls_read_sample("i386.so"), 0);
	assert_int_equal(tls_object.number, 6);
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
	error = tls_object_read(&tls_object, fd);
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
	assert_int_equal(tls_object_read(&tls_object, fd), -ENOEXEC);
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
	assert_int_equal(tls_object.number, 0);
}

static bool read_library(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		print_message("skipped: there is no %s on this machine\n", path);
		return false;
	}
	assert_int_equal(tls_object_read(&tls_object, fd), 0);
	close(fd);
	return true;
}

/* A probe on a return that is no `ret` would change what the library does. */
static void are_returns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned int i, j;
	unsigned char byte;

	for (i = 0; i < tls_object.number; i++)
		for (j = 0; j < tls_object.codes[i].nr_returns; j++) {
			assert_int_equal(pread(fd, &byte, 1,
					       (off_t)tls_object.codes[i].returns[j]),
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
		return; /* cmocka 1.1.5 calls a case that skips "not ok" */
	leaves_by(TLS_SSL_WRITE, 1);
	leaves_by(tls_code_of(TLS_SSL_WRITE_EX2) ? TLS_SSL_WRITE_EX2 : TLS_SSL_WRITE_EX,
		  1);
	leaves_by(TLS_SSL_READ, 1);
	leaves_by(TLS_SSL_READ_EX, 1);
	leaves_by(TLS_SSL_SENDFILE, 1);
	leaves_by(TLS_SSL_FREE, 0);
	leaves_by(TLS_SSL_DO_HANDSHAKE, 0);
	assert_int_equal(tls_object.number, 7);
	are_returns(path);
}

static void what_OpenSSL_s_other_library_here_writes_to_can_be_traced(void **state)
{
	(void)state;
	if (!read_library("/usr/lib/x86_64-linux-gnu/libcrypto.so.3"))
		return; /* cmocka 1.1.5 calls a case that skips "not ok" */
	leaves_by(TLS_BIO_WRITE, 0);
	assert_int_equal(tls_object.number, 1);
}

static void the_library_of_GnuTLS_here_can_be_traced(void **state)
{
	static const char path[] = "/usr/lib/x86_64-linux-gnu/libgnutls.so.30";

	(void)state;
	if (!read_library(path))
		return; /* cmocka 1.1.5 calls a case that skips "not ok" */
	returns(TLS_GNUTLS_RECORD_SEND2);
	returns(TLS_GNUTLS_RECORD_RECV);
	leaves_by(TLS_GNUTLS_DEINIT, 0);
	assert_int_equal(tls_object.number, 3);
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
		test_case(so_has_one_without_a_table_of_extents),
		test_case(of_several_functions_of_a_name_the_global_one_counts),
		test_case(a_library_of_32_bits_has_them),
		test_case(other_files_are_none),
		test_case(the_library_of_OpenSSL_here_can_be_traced),
		test_case(what_OpenSSL_s_other_library_here_writes_to_can_be_traced),
		test_case(the_library_of_GnuTLS_here_can_be_traced),
	};

	return run_all("tls_object", tests);
}
