// SPDX-License-Identifier: GPL-2.0
/* Functions of the same names that nobody else sees. */
#define HIDDEN __attribute__((noinline, used)) static

/* One that never returns. */
__asm__(".pushsection .text\n"
	".type SSL_write, @function\n"
	"SSL_write: .cfi_startproc\n"
	"ud2\n"
	".cfi_endproc\n"
	".size SSL_write, . - SSL_write\n"
	".popsection\n");

HIDDEN int gnutls_record_recv(const char *text)
{
	return *text;
}
