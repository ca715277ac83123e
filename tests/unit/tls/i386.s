# SPDX-License-Identifier: GPL-2.0
# A library of 32 bits: what tls_object_test.c expects of it.

	.macro function name
	.globl \name
	.type \name, @function
\name:
	.cfi_startproc
	.endm

	.macro end name
	.cfi_endproc
	.size \name, . - \name
	.endm

	.text

	function SSL_write
	endbr32
	push %ebx
	call 1f
1:	pop %ebx
	test %eax, %eax
	je 2f
	pop %ebx
	ret
2:	pop %ebx
	jmp SSL_write_internal
	end SSL_write

	.type SSL_write_internal, @function
SSL_write_internal:
	.cfi_startproc
	inc %eax
	ret
	.cfi_endproc
	.size SSL_write_internal, . - SSL_write_internal

	function SSL_read
	jmp *16(%ebx)
	end SSL_read
