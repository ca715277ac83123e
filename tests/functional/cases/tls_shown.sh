# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of ../lib.sh
# What sendread --tls shows of the calls of a TLS library, line by line: in a program of 64 bits, and
# in one of 32.

# shows_calls PROGRAM CASE: the program runs already when the reader starts
shows_calls() {
	can_trace || return
	runs_here "$1" || return
	start_program main "$1" "$2"
	start_reader main --tls "$1"
	open_gate main
	end_program main
	stop_reader main
	[ -s skipped ] || same main.want main.out
}

# runs_here PROGRAM: skips the case where it cannot run, or its calls cannot be seen. What the kernel
# does not execute busybox takes for a script, which ends with 2.
runs_here() {
	run_program "$1" runs >runs.out 2>runs.log
	status=$?
	case $status in
	0) ;;
	2 | 126) skip "the kernel runs no programs of 32 bits (CONFIG_IA32_EMULATION)" ;;
	*) program_ended runs $status "$1 runs" ;;
	esac
	[ $status = 0 ]
}

scenario tls_shown.written "what SSL_write() and SSL_write_ex() send is shown, and to whom; what fails is not"
case_tls_shown_written() {
	shows_calls tls_shown written
}

scenario tls_shown.partial "... and that it is less than they were asked to"
case_tls_shown_partial() {
	shows_calls tls_shown partial
}

scenario tls_shown.received "what SSL_read() and SSL_read_ex() return is shown, from whom, and the room that there was"
case_tls_shown_received() {
	shows_calls tls_shown received
}

scenario tls_shown.sendfile "SSL_sendfile() is shown with its length and its result, but without bytes"
case_tls_shown_sendfile() {
	shows_calls tls_shown sendfile
}

scenario tls_shown.sendfile_ktls "... and with its connection, if it is the first call"
case_tls_shown_sendfile_ktls() {
	shows_calls tls_shown sendfile_ktls
}

scenario tls_shown32.written "a 32-bit program's SSL_write() and SSL_write_ex() are shown"
case_tls_shown32_written() {
	shows_calls tls_shown32 written
}

scenario tls_shown32.partial "... and that they send less than they were asked to"
case_tls_shown32_partial() {
	shows_calls tls_shown32 partial
}

scenario tls_shown32.received "a 32-bit program's SSL_read() and SSL_read_ex() are shown"
case_tls_shown32_received() {
	shows_calls tls_shown32 received
}

scenario tls_shown32.sendfile "a 32-bit program's SSL_sendfile() is shown with its length: its offset has 64 bits"
case_tls_shown32_sendfile() {
	shows_calls tls_shown32 sendfile
}
