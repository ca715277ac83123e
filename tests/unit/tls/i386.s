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

	function gnutls_record_send2
	push %ebx
	call get_pc
	add $_GLOBAL_OFFSET_TABLE_, %ebx
	cmp $2, %eax
	ja 9f
	mov table@GOTOFF(%ebx, %eax, 4), %ecx
	add %ebx, %ecx
	jmp *%ecx
case_0:	pop %ebx
	ret
case_1:	pop %ebx
	jmp SSL_write_internal
9:	pop %ebx
	ret
	end gnutls_record_send2

	# Here the register is another one.
	function gnutls_record_recv
	call get_pc
	add $_GLOBAL_OFFSET_TABLE_, %ebx
	cmp $2, %eax
	ja 9f
	mov table@GOTOFF(%ebx, %eax, 4), %ecx
	add %esi, %ecx
	jmp *%ecx
9:	ret
	end gnutls_record_recv

	# Here only the sum's.
	function SSL_read_ex
	call get_pc
	add $_GLOBAL_OFFSET_TABLE_, %ebx
	cmp $2, %eax
	ja 9f
	mov table@GOTOFF(%esi, %eax, 4), %ecx
	add %ebx, %ecx
	jmp *%ecx
9:	ret
	end SSL_read_ex

	# Here what is added to is not known.
	function SSL_sendfile
	nop
	add $_GLOBAL_OFFSET_TABLE_, %ebx
	cmp $2, %eax
	ja 9f
	mov table@GOTOFF(%ebx, %eax, 4), %ecx
	add %ebx, %ecx
	jmp *%ecx
9:	ret
	end SSL_sendfile

	.type get_pc, @function
get_pc:
	.cfi_startproc
	mov (%esp), %ebx
	ret
	.cfi_endproc
	.size get_pc, . - get_pc

	.section .rodata
	.balign 4
table:	.long case_0@GOTOFF, case_1@GOTOFF, case_0@GOTOFF, 0x7ffffff0
