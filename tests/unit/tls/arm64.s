# SPDX-License-Identifier: GPL-2.0
# Functions of arm64 in words, so that any assembler makes them; the test changes the machine in
# the file's header. tls_flow_test.c says what is expected of each.

	.macro function name
	.balign 4
	.type \name, @function
\name:
	.cfi_startproc
	.endm

	.macro end name
	.cfi_endproc
	.size \name, . - \name
	.endm

	.set nop, 0xd503201f
	.set ret, 0xd65f03c0

	.macro b to
	.long 0x14000000 | (((\to - .) / 4) & 0x3ffffff)
	.endm

	.macro bl to
	.long 0x94000000 | (((\to - .) / 4) & 0x3ffffff)
	.endm

	# cbz x0; b.ne; tbnz w0, #3
	.macro cbz to
	.long 0xb4000000 | ((((\to - .) / 4) & 0x7ffff) << 5)
	.endm

	.macro bne to
	.long 0x54000001 | ((((\to - .) / 4) & 0x7ffff) << 5)
	.endm

	.macro tbnz to
	.long 0x37180000 | ((((\to - .) / 4) & 0x3fff) << 5)
	.endm

	.text
	.balign 4

	function one
	.long 0xd503233f, 0xa9be7bfd		# paciasp; stp x29, x30, [sp, #-32]!
	bl several
	.long 0xd63f0000, 0xa8c27bfd		# blr x0; ldp x29, x30, [sp], #32
	.long 0xd50323bf, ret			# autiasp; ret
	end one

	function several
	cbz 1f
	bne 2f
	tbnz 3f
	.long ret
1:	.long ret
2:	.long ret
3:	.long 0xd4200000			# brk
	end several

	function tail
	.long nop
	b several
	end tail

	function tail_if
	cbz several
	.long ret
	end tail_if

	function by_register
	.long 0xd61f0200			# br x16
	end by_register

	function by_other
	.long 0xd65f0020			# ret x1
	end by_other

	function signed
	.long 0xd65f0bff			# retaa
	end signed

	function data
	.long ret, 0x00000010
	end data

	function half
	.long ret
	.short 0
	end half

	function runs_on
	cbz 1f
	.long ret
1:	.long nop, 0x91000400			# add x0, x0, #1
	end runs_on

	# What linkers do against errata of the Cortex-A53.
	function detour
	b veneer
behind:	.long ret
	end detour

veneer:	.long 0xf9400000			# ldr x0, [x0]
	b behind

	function no_detour
	b no_veneer
	.long ret
	end no_detour

no_veneer:
	.long 0xf9400000
	b behind
