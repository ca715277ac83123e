# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# Every way of receiving, and from whom; what is received in part, or not at all.

receives() {
	shows "$1" "$2" -e recv "${1%%.*}"
}

receives recv.recv "recv is shown on TCP, UDP and unix sockets, call=recvfrom"
receives recv.recvfrom "recvfrom with an address is shown, with the length of the address"
receives recv.recvmsg "recvmsg is shown, its pieces joined"
receives recv.recvmmsg "recvmmsg is shown"
receives recv.read "read is shown"
receives recv.readv "readv is shown, its pieces joined"
receives recv.preadv2 "preadv2 at the current position is shown"
receives recv.aio_pread "io_submit of a read is shown, without a descriptor"
receives recv.aio_preadv "io_submit of a vector is shown, its pieces joined"
receives recv.RECV "io_uring's RECV is shown"
receives recv.RECVMSG "io_uring's RECVMSG is shown"
receives recv.READ "io_uring's READ is shown"
receives recv.READV "io_uring's READV is shown"
receives recv.READ_FIXED "io_uring's READ_FIXED is shown"
receives recv.provided "io_uring's RECV into a buffer that the kernel chooses is shown"
receives recv.splice_out "splice out of a socket is shown with length and source, why=not_copied"

scenario recv.RECV_async "io_uring's RECV by a worker is shown as the process's"
case_recv_RECV_async() {
	by_worker recv RECV_async -e recv recv
}

scenario recv.RECV_polled "io_uring's RECV by a polling thread is shown as the process's"
case_recv_RECV_polled() {
	by_worker recv RECV_polled -e recv recv
}

receives recv.long_whole "60,000 received bytes are shown whole, whichever way they are received"
receives recv.pieces "receives into 1 to 1,024 pieces, some of them empty, are joined"
receives recv.messages "each message of recvmmsg is an event, and the one that does not come is none"

receives recv_more.peek "a receive that only looks (MSG_PEEK) is shown with its flag"
receives recv_more.truncated "a datagram that is cut says so in flg, and in ret if its length was asked for"
receives recv_more.thrown_away "TCP's bytes that are thrown away (MSG_TRUNC) are counted, why=not_copied"
receives recv_more.wait_all "a receive that waits for all (MSG_WAITALL) is one event"
receives recv_more.end "the end of a connection is a receive of nothing"
receives recv_more.fails "receives that fail are shown with their error"
receives recv_more.error_queue "what comes from the error queue (MSG_ERRQUEUE) is not shown"
receives recv_more.interrupted "a receive that a signal interrupts is shown with the kernel's error"
receives recv_more.by_ring "what io_uring receives at the end of a recv or read of the same socket is io_uring's"

scenario recv_more.would_block "a receive that finds nothing is not shown, but counted"
case_recv_more_would_block() {
	unload
	load
	start_reader main -e recv recv_more
	program main recv_more would_block
	equal "blocked" "$(value blocked)" 21
	stop_reader main
	same main.want main.out
}

# from_everywhere CASE: by every way, also by io_uring's threads
from_everywhere() {
	by_worker recv_from "$1" -e recv recv_from
}

scenario recv_from.udp4 "unconnected UDP is shown with its sender, whether the caller asks for it or not"
case_recv_from_udp4() {
	from_everywhere udp4
}

scenario recv_from.udp6 "unconnected UDP over IPv6 is shown with its sender"
case_recv_from_udp6() {
	from_everywhere udp6
}

scenario recv_from.udp_mapped "UDP over IPv4 on an IPv6 socket is shown with the mapped sender"
case_recv_from_udp_mapped() {
	from_everywhere udp_mapped
}

receives recv_from.unix_dgram "a unix datagram is shown with its sender if the caller asks for it"
receives recv_from.raw6 "what a raw IPv6 socket receives is shown, with the sender if the caller asks for it"
receives recv_from.little_room "the sender is shown whole however little room the caller has for it"
receives recv_from.rights "ancillary data that is received is named with its size, flg says if some is cut"
receives recv_from.inet_control "ancillary data of UDP that is received is named with its size"

# ---- Sleepers --------------------------------------------------------------------------------

# Of all functions: some kernels have one for each family (recv_unix and others) instead of recv.
missed_receives() {
	awk '/^missed_recv/ { sum += $2 } END { print sum + 0 }' $stats
}

# received_beside SLEEPERS ROUNDS: 100 threads make ROUNDS receives each while SLEEPERS sleep; the
# lines and what was missed are all that there were
received_beside() {
	limit=900 wait_limit=400
	# shellcheck disable=SC3045 # the guest's shell has it
	ulimit -n 20000
	echo 40000 >/proc/sys/kernel/threads-max
	start_reader main -B 65536 -e recv recv_sleepers
	start_program main recv_sleepers asleep "$1" "$2"
	open_gate main
	end_program main
	missed=$(missed_receives)
	stop_reader main
	holds "lines and missed calls are all" \
		sh -c "'$test/build/recv_sleepers' look $1 $2 $missed <main.out"
	echo "# $missed of $(($1 + 100 * $2)) missed"
}

scenario recv.sleepers "while 8,192 threads sleep in recv, nothing of 100 others is missed without being counted"
case_recv_sleepers() {
	unload
	load
	received_beside 8192 20
	[ "$missed" = 0 ] || holds "the summary reports what was missed" grep -q "\<$missed\>.*missed\|missed.*\<$missed\>" main.err
}

# Receives have three times as many instances: fewer than there are sleepers.
scenario recv.few_instances "with maxactive=8 every receive that is missed is counted"
case_recv_few_instances() {
	unload
	load maxactive=8
	received_beside 256 20
	holds "some were missed" [ "$missed" -gt 0 ]
	unload
	load
}
