# SPDX-License-Identifier: GPL-2.0
# Functions that leave in all ways: tls_flow_test.c says what is expected of each.

	.macro function name
	.type \name, @function
\name:
	.cfi_startproc
	.endm

	.macro end name
	.cfi_endproc
	.size \name, . - \name
	.endm

	.text

	function one
	endbr64
	push %rbp
	mov $0xc3c3c3c3, %eax
	pop %rbp
	ret
	end one

	function several
	test %rdi, %rdi
	je 1f
	js 2f
	repz ret
1:	xor %eax, %eax
	ret
	nopw 0(%rax, %rax)
2:	ret $8
	end several

	function none
1:	jmp 1b
	end none

# ---- Other functions and other parts

	function tail
	sub $8, %rsp
	add $8, %rsp
	jmp several
	end tail

	function tail_if
	test %rdi, %rdi
	jne several
	js one
	ret
	end tail_if

	function round_1
	jmp round_2
	end round_1

	function round_2
	test %rdi, %rdi
	je round_1
	ret
	end round_2

	function split
	test %rdi, %rdi
	je split_cold
back:	ret
	end split

	function split_middle
	test %rdi, %rdi
	je in_cold
	ret
	end split_middle

	.section .text.cold, "ax", @progbits
	.type split_cold, @function
split_cold:
	.cfi_startproc
	xor %eax, %eax
	test %rsi, %rsi
	je back
in_cold:
	js 1f
	ret
1:	call one
	.cfi_endproc
	.size split_cold, . - split_cold
	.text

	.macro chain from, to
	function chain_\from
	jmp chain_\to
	end chain_\from
	.endm

	function chain_0
	ret
	end chain_0
	.altmacro
	.set n, 1
	.rept 40
	chain %n, %n-1
	.set n, n + 1
	.endr
	.noaltmacro

# ---- Switches

	function switch
	cmp $3, %edi
	ja 9f
	lea table(%rip), %rdx
	mov %edi, %edi
	movslq (%rdx, %rdi, 4), %rax
	add %rdx, %rax
	notrack jmp *%rax
case_0:	mov $1, %eax
	ret
case_1:	mov $2, %eax
	ret
9:	ret
	end switch

	function switch_memory
	cmpl $3, 0x548(%rbx)
	ja 9f
	mov 0x548(%rbx), %eax
	lea table_memory(%rip), %rdx
	movslq (%rdx, %rax, 4), %rax
	add %rdx, %rax
	jmp *%rax
memory_8:
	ret
9:
memory_9:
	ret
	end switch_memory

	function switch_base_again
	cmp $3, %edi
	ja 9f
	lea table(%rip), %rdx
	movslq (%rdx, %rdi, 4), %rdx
	lea table(%rip), %rax
	add %rax, %rdx
	jmp *%rdx
9:	ret
	end switch_base_again

	function switch_unlimited
	lea table(%rip), %rdx
	movslq (%rdx, %rdi, 4), %rax
	add %rdx, %rax
	jmp *%rax
	ret
	end switch_unlimited

	function switch_scaled
	cmp $1, %edi
	ja 9f
	lea table(%rip), %rdx
	movslq (%rdx, %rdi, 8), %rax
	add %rdx, %rax
	jmp *%rax
9:	ret
	end switch_scaled

	function switch_beyond
	cmp $5, %edi
	ja 9f
	lea table(%rip), %rdx
	movslq (%rdx, %rdi, 4), %rax
	add %rdx, %rax
	jmp *%rax
9:	ret
	end switch_beyond

	function switch_written
	cmp $1, %edi
	ja 9f
	lea written(%rip), %rdx
	movslq (%rdx, %rdi, 4), %rax
	add %rdx, %rax
	jmp *%rax
9:	ret
	end switch_written

	function switch_otherwise
	cmp $3, %edi
	ja 9f
	lea table(%rip), %rdx
	lea table+4(%rip), %rcx
	movslq (%rdx, %rdi, 4), %rax
	add %rcx, %rax
	jmp *%rax
9:	ret
	end switch_otherwise

	.section .rodata
	.balign 4
table:	.long case_0 - table, case_1 - table, split_cold - table, case_0 - table
	.long 0x7ffffff0, 0
table_memory:
	.long memory_8 - table_memory, memory_8 - table_memory
	.long memory_9 - table_memory, one - table_memory
	.data
written: .long 0, 0
	.text

# ---- What is not certain

	function by_register
	jmp *%rax
	end by_register

	function by_memory
	test %rdi, %rdi
	je 1f
	jmp *8(%rdi)
1:	ret
	end by_memory

	function by_plt
	jmp elsewhere@plt
	end by_plt

	function by_thunk
	jmp thunk
	end by_thunk

	function thunk
	call 2f
1:	pause
	jmp 1b
2:	mov %rax, (%rsp)
	ret
	end thunk

	function by_push
	push %rax
	ret
	end by_push

	function far
	lretl
	end far

	function unknown
	test %eax, %eax
	je 1f
	ret
	.byte 0x06
1:	ret
	end unknown

	function half
	ret
	.byte 0x48
	end half

	function runs_on
	test %rdi, %rdi
	je 1f
	ret
1:	nop
	end runs_on

	function data_behind_return
	ret
	.long 0xc3909090
	end data_behind_return

	function ends_in_call
	test %rdi, %rdi
	jne 1f
	ret
1:	call one
	nopl (%rax)
	nop
	end ends_in_call

	function ends_in_call_not
	test %rdi, %rdi
	jne 1f
	ret
1:	call one
	nop
	inc %eax
	end ends_in_call_not

	function in_the_middle
	test %rdi, %rdi
	je 1f + 1
1:	mov $0xc3c3c3c3, %eax
	ret
	end in_the_middle

	function short_jump
	.byte 0x66, 0xeb, 0			# data16 jmp
	ret
	end short_jump

	.type no_extent, @function
no_extent:
	ret
	.size no_extent, . - no_extent

	function to_no_extent
	jmp no_extent
	end to_no_extent

	.type other_size, @function
other_size:
	.cfi_startproc
	ret
	.size other_size, . - other_size
	nop
	.cfi_endproc

	.type unsized, @function
unsized:
	.cfi_startproc
	ret
	.cfi_endproc

	function two_begin
	nop
	.type behind, @function
	.type behind_unsized, @function
behind:
behind_unsized:
	ret
	.size behind, . - behind
	end two_begin

# ---- Numbers

	function returns_64
	.rept 63
	js 1f
	ret
1:
	.endr
	ret
	end returns_64

	function returns_65
	.rept 64
	js 1f
	ret
1:
	.endr
	ret
	end returns_65

	function large
	.rept 65536
	nop
	.endr
	ret
	end large

	function largest
	.rept 65535
	nop
	.endr
	ret
	end largest

	function jumps_8192
	.rept 8192
	je . + 2
	.endr
	ret
	end jumps_8192

	function jumps_8193
	.rept 8193
	je . + 2
	.endr
	ret
	end jumps_8193

	# Each block jumps to the one before.
	.macro block number, before
back_\number:
	jmp back_\before
	.endm

	function to_and_fro
	jmp back_150
back_0:	ret
	.altmacro
	.set n, 1
	.rept 150
	block %n, %n-1
	.set n, n + 1
	.endr
	.noaltmacro
	end to_and_fro
