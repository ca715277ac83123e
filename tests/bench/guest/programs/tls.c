// SPDX-License-Identifier: GPL-2.0
#include "tls.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

enum {
	HEADER = TLS_HEADER,
	RECORD_MAX = 16384,
};

typedef struct {
	int fd;
	bool quiet;
} SSL;

/* In assembler, so that the return instruction has a name. */
__asm__(".pushsection .text\n"
	".globl SSL_write, SSL_write_returns\n"
	".type SSL_write, @function\n"
	"SSL_write:\n"
	"	.cfi_startproc\n"
	"	push %rbx\n"
	"	.cfi_adjust_cfa_offset 8\n"
	"	call write_record\n"
	"	pop %rbx\n"
	"	.cfi_adjust_cfa_offset -8\n"
	"SSL_write_returns:\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size SSL_write, . - SSL_write\n"
	".popsection\n");
extern char SSL_write_returns[];
int SSL_write(SSL *ssl, const void *buf, int num);

__attribute__((used)) int write_record(SSL *ssl, const void *buf, int num)
{
	static unsigned char record[HEADER + RECORD_MAX] = { 23, 3, 3 };

	record[3] = num >> 8;
	record[4] = num;
	memcpy(record + HEADER, buf, num);
	if (ssl->quiet)
		return num;
	return write(ssl->fd, record, HEADER + num) == HEADER + num ? num : -1;
}

/* Never called: sslsniff of bcc wants a library to have both. */
__attribute__((used)) int SSL_read(SSL *ssl, void *buf, int num)
{
	return read(ssl->fd, buf, num);
}

static SSL loud, silent = { .quiet = true };

struct way tls_open(size_t size)
{
	if (size > RECORD_MAX)
		die("expected at most %d bytes, not %zu", RECORD_MAX, size);
	return way_open_gathered(size + HEADER);
}

ssize_t tls_write(int fd, char *bytes, size_t size)
{
	loud.fd = fd;
	return SSL_write(&loud, bytes, size);
}

/* The connection is known from the first call. */
struct way tls_open_quiet(size_t size)
{
	struct way way = tls_open(size);
	char byte = 0;

	silent.fd = way.fd;
	silent.quiet = false;
	SSL_write(&silent, &byte, 1);
	silent.quiet = true;
	way_gather(&way, 1, HEADER + 1);
	way.gather = -1;
	return way;
}

ssize_t tls_write_quiet(int fd, char *bytes, size_t size)
{
	(void)fd;
	return SSL_write(&silent, bytes, size);
}

struct sendtrace_tls tls_function(void)
{
	int self = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open");

	return (struct sendtrace_tls){
		.pid = getpid(),
		.function = SENDTRACE_CALL_SSL_WRITE,
		.address = (uintptr_t)SSL_write,
		.nr_returns = 1,
		.file = self,
		.returns = { (uintptr_t)SSL_write_returns },
	};
}

static uint64_t offset_of(uintptr_t address)
{
	uint64_t start, end, offset;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps)
		die("/proc/self/maps");
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &start, &end,
			   &offset) == 3 &&
		    address >= start && address < end) {
			fclose(maps);
			return address - start + offset;
		}
	die("%p is not mapped", (void *)address);
}

void tls_print_offsets(void)
{
	printf("entry=%" PRIu64 " leave=%" PRIu64 "\n", offset_of((uintptr_t)SSL_write),
	       offset_of((uintptr_t)SSL_write_returns));
}
