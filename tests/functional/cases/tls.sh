# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Calls of TLS libraries: what goes into them and comes out of them, and for which connection.

checks tls.whole "what SSL_write() and SSL_write_ex() are given is recorded whole, with the socket"
checks tls.received "what SSL_read() and SSL_read_ex() return, too, also without a socket call"
checks tls.libraries "what the functions of GnuTLS, wolfSSL and Mbed TLS are given and return, too"
checks tls.by_kernel "with kTLS, where the socket carries text, the connection is known"
checks tls.ambiguous "a call inside which two sockets carry records has an unknown connection"
checks tls.reused "a TLS session that is freed, or uses another socket, has no stale connection"
checks tls.stacks "a call that goes on in another thread is joined, and its program is not harmed"
checks tls.jumped "a call that is left by longjmp() is forgotten"
checks tls.left "what such a call leaves is not taken for the next one"
checks tls.missed "calls beyond those that may be open are counted as missed"

checks tls_bad.values "addresses that are not a function's, and returns that are none, are refused"
checks tls_bad.inside "no byte of a function before its return is taken for one, also inside of instructions"
checks tls_bad.random "20,000 random values, of which one is wrong for certain, are refused"

checks tls_file.other "a function is refused if another file is mapped there than was looked at"
checks tls_file.overlay "the file that overlayfs shows of a mapped one is as good as that"
checks tls_file.unmounted "a file system can be unmounted when nobody maps its library any more"
checks tls_file.start "a start that fails, since a function cannot be probed, leaves the session as it was"

checks tls_life.refused "a child that no session wants loses the breakpoints that it has from its parent"
checks tls_life.renamed "a call of a process that is renamed meanwhile is seen to return"
checks tls_life.forked "a call in which a process forks is its parent's alone"
checks tls_life.exec "a program that is executed has no connections of the one before"
checks tls_life.exit "a process that gets the number of another has no connections of that"
checks tls_life.stopped "a session that stops and starts again has forgotten all connections"

scenario tls_life.sleepers "the module is unloaded while threads sleep in a library, which then return normally"
case_tls_life_sleepers() {
	program has tls_life uprobes
	[ ! -s skipped ] || return
	start_program main tls_life sleepers
	holds "rmmod succeeds" unload
	refuses "the module is gone" loaded
	open_gate main
	end_program main
	holds "insmod succeeds again" load
}

checks tls_memory.sent "a library that encrypts to memory: the connection is known once its bytes have been sent"
checks tls_memory.handshake "with its handshake, it is known from the first call on"
checks tls_memory.equal "what two sessions have encrypted to the same bytes tells no connection"
checks tls_memory.other_process "what another process sends tells none, either"
checks tls_memory.again "a session that begins another connection, or is freed, has no stale one"
