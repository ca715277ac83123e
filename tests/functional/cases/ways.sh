# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# Every way of sending: one case each, then what is particular to some, then all at the same time.

needs_late ways_msg.early

shows ways.send "send is shown on TCP, UDP and unix sockets, call=sendto"
shows ways.sendmsg "sendmsg is shown, its pieces joined"
shows ways.sendmmsg "sendmmsg is shown"
shows ways.write "write is shown"
shows ways.writev "writev is shown, its pieces joined"
shows ways.pwritev2 "pwritev2 at the current position is shown"
shows ways.aio_pwrite "io_submit of a write is shown, without a descriptor"
shows ways.aio_pwritev "io_submit of a vector is shown, its pieces joined"
shows ways.zerocopy "a send without a copy (MSG_ZEROCOPY) is shown"
shows ways.SEND "io_uring's SEND is shown"
shows ways.SENDMSG "io_uring's SENDMSG is shown"
shows ways.WRITE "io_uring's WRITE is shown"
shows ways.WRITEV "io_uring's WRITEV is shown"
shows ways.WRITE_FIXED "io_uring's WRITE_FIXED is shown"
shows ways.SEND_ZC "io_uring's SEND_ZC is shown"
shows ways.SENDMSG_ZC "io_uring's SENDMSG_ZC is shown"

# ---- Threads of the kernel that make the call for the process --------------------------------

# plain_workers FILE: replaces tid and name of io_uring's threads, which nobody knows beforehand
plain_workers() {
	sed -i -E 's/^(([a-z]+ )?pid=[0-9]+) tid=[0-9]+ comm=iou-(wrk|sqp)-[0-9]+ /\1 tid=WORKER comm=WORKER /' "$1"
}

# by_worker PROGRAM CASE READER'S ARGUMENT...
by_worker() {
	binary=$1 way=$2
	shift 2
	start_reader main "$@"
	program main "$binary" "$way"
	stop_reader main
	plain_workers main.out
	[ -s skipped ] || same main.want main.out
}

scenario ways.SEND_async "io_uring's SEND by a worker (IOSQE_ASYNC) is shown as the process's"
case_ways_SEND_async() {
	by_worker ways SEND_async ways
}

scenario ways.SENDMSG_async "io_uring's SENDMSG by a worker is shown as the process's"
case_ways_SENDMSG_async() {
	by_worker ways SENDMSG_async ways
}

scenario ways.WRITE_async "io_uring's WRITE by a worker is shown as the process's"
case_ways_WRITE_async() {
	by_worker ways WRITE_async ways
}

scenario ways.SEND_polled "io_uring's SEND by a polling thread (IORING_SETUP_SQPOLL) is shown as the process's"
case_ways_SEND_polled() {
	by_worker ways SEND_polled ways
}

scenario ways.WRITE_polled "io_uring's WRITE by a polling thread is shown as the process's"
case_ways_WRITE_polled() {
	by_worker ways WRITE_polled ways
}

# ---- Pages -----------------------------------------------------------------------------------

# joined CASE: all pieces together are what was sent; each is shown whole
joined() {
	start_reader main ways
	program main ways "$1"
	stop_reader main
	"$test/build/ways_join" <main.out >joined.out 2>join.err || {
		fail "sendread's lines cannot be joined"
		show join.err
	}
	same main.want joined.out
}

scenario ways.sendfile "sendfile from a file is shown in pieces that make up the file"
case_ways_sendfile() {
	joined sendfile
}

scenario ways.splice "splice from a pipe is shown in pieces that make up what was in it"
case_ways_splice() {
	joined splice
}

scenario ways.vmsplice "vmsplice and splice are shown in pieces that make up the memory"
case_ways_vmsplice() {
	joined vmsplice
}

# ---- Long payloads ---------------------------------------------------------------------------

shows ways.long_whole "60,000 bytes are shown whole, whichever way they are sent"

scenario ways.long_ring "of 60,000 bytes that io_uring sends, what is copied inline is shown, why=async"
case_ways_long_ring() {
	by_worker ways long_ring ways
}

# ---- Messages --------------------------------------------------------------------------------

shows ways_msg.pieces "messages of 1 to 1,024 pieces, in any order in memory, some of them empty, are joined"
shows ways_msg.long_pieces "64 pieces of 999 bytes, more than is copied inline, are shown whole"
shows ways_msg.nothing "messages without a byte are shown with an empty msg"
shows ways_msg.addresses "a message with an address is shown with that address"
shows ways_msg.rights "ancillary data of unix sockets is named with its size, what is too much is counted"
shows ways_msg.inet_control "ancillary data of UDP is named with its size, an unknown kind by its numbers"
shows ways_msg.segments "one call that sends several datagrams (UDP_SEGMENT) is one event"
shows ways_msg.messages "each message of sendmmsg is an event"
shows ways_msg.messages_fail "the message that ends a sendmmsg is an event that failed, what follows is none"
shows ways_msg.messages_addresses "each message of sendmmsg has its own destination"
shows ways_msg.messages_behind "messages behind a long one are shown behind it"

scenario ways_msg.early "messages that cannot wait for a long one are shown before it, and counted; --sort puts them in order"
case_ways_msg_early() {
	unload
	load works=1
	start_reader main ways_msg
	start_reader sorted --sort=2s ways_msg
	program main ways_msg messages_behind
	equal "early" "$(value early)" 4
	stop_reader main
	stop_reader sorted
	same main.want sorted.out
	(sed 1d main.want && sed 1q main.want) >early.want
	same early.want main.out
	holds "the summary says so" grep -q "^2 events perhaps before an earlier one" main.err
	unload
	load
}

# ---- Refused calls ---------------------------------------------------------------------------

shows ways_bad.vectors "a bad array of pieces is refused as without a trace; no socket is reached, so there is no event" \
	-e send,recv ways_bad
shows ways_bad.lengths "lengths beyond what a call may have are shown as the kernel cuts them"
shows ways_bad.memory "calls with unreadable memory fail as without a trace, and are shown without a byte"
shows ways_bad.addresses "addresses of 0 to 129 bytes are taken or refused as without a trace, and shown"
shows ways_bad.bad_addresses "an address that cannot be read is refused before a socket is reached: no event"
shows ways_bad.controls "ancillary data that lies is refused as without a trace, and the call is shown"
shows ways_bad.messages "a bad array of messages is refused as without a trace; the messages before are shown"
shows ways_bad.rings "what io_uring refuses before a socket is reached is no event; what fails there is one"

# ---- 32-bit callers --------------------------------------------------------------------------

shows ways32.vectors "a 32-bit program's writev and readv are shown" -e send,recv ways32
shows ways32.plain "a 32-bit program's write, read and recvfrom are shown" -e send,recv ways32
shows ways32.direct "a 32-bit program's sendmsg, recvmsg, sendmmsg and recvmmsg are shown" \
	-e send,recv ways32
shows ways32.time64 "a 32-bit program's recvmmsg with 64-bit times is shown" -e send,recv ways32
shows ways32.socketcall "a 32-bit program's messages through socketcall are shown" -e send,recv ways32
shows ways32.socketcall_life "a 32-bit program's connect, accept and shutdown through socketcall are shown" \
	-e accept,connect,shutdown ways32
shows ways_entry.int80 "a 64-bit program's vectors and messages through int 0x80 are shown" \
	-e send,recv ways_entry
shows ways_entry.x32 "vectors and messages through x32 are shown" -e send,recv ways_entry

# ---- What is no send -------------------------------------------------------------------------

shows ways_quiet.files "what is written to and read from files, by every way, is not shown" \
	-e send,recv ways_quiet
shows ways_quiet.pipes "what is written to and read from pipes is not shown" -e send,recv ways_quiet
shows ways_quiet.terminals "what is written to and read from terminals is not shown" \
	-e send,recv ways_quiet
shows ways_quiet.positions "a write to a position in a socket is refused, and not shown" \
	-e send,recv ways_quiet
shows ways_quiet.kernel_socket "what the kernel sends on sockets of its own, for NFS, is not shown" \
	-e send,recv .

# ---- Choosing --------------------------------------------------------------------------------

senders="sendto sendmsg sendmmsg write writev pwritev2 io_submit io_uring"
receivers="recvfrom recvmsg recvmmsg read readv preadv2 io_submit io_uring"

# chosen "READER'S ARGUMENTS" CALL...: with these, only those calls are shown
chosen() {
	# shellcheck disable=SC2086 # words
	set -f && start_reader main $1 ways_select && set +f
	shift
	program main ways_select only "$@"
	stop_reader main
	# Connections begin and end, too.
	grep '^pid=' main.out >calls.out
	same main.want calls.out
}

# without NAME LIST: LIST, but for NAME
without() {
	echo "$2" | tr ' ' '\n' | grep -vx "$1" | tr '\n' ' '
}

scenario ways_select.default "without -e every way of sending is shown, and no receive"
case_ways_select_default() {
	chosen "" send
}

scenario ways_select.sendto "-e sendto shows send and sendto alone, as the ancestor did"
case_ways_select_sendto() {
	chosen "-e sendto" sendto
}

scenario ways_select.write "-e write shows write alone"
case_ways_select_write() {
	chosen "-e write" write
}

scenario ways_select.recv "-e recv shows every way of receiving, and no send"
case_ways_select_recv() {
	chosen "-e recv" recv
}

scenario ways_select.several "-e read,sendmsg and another -e add up"
case_ways_select_several() {
	chosen "-e read,sendmsg -e writev" read sendmsg writev
}

scenario ways_select.all_but "-e 'all,!read' shows all but read"
case_ways_select_all_but() {
	# shellcheck disable=SC2046,SC2086 # words
	chosen "-e all,!read" $senders $(without read "$receivers")
}

scenario ways_select.send_but "a list that begins with ! takes something away from the default"
case_ways_select_send_but() {
	# shellcheck disable=SC2046 # words
	chosen "-e !write,!io_uring,!io_submit" \
		$(without write "sendto sendmsg sendmmsg write writev pwritev2")
}

# ---- All at the same time --------------------------------------------------------------------

# accounted MESSAGES READER'S ARGUMENT...
accounted() {
	number_each=$1
	shift
	limit=600
	start_reader main -B 65536 -e send,recv "$@" ways_all
	program main ways_all run "$number_each"
	stop_reader main
	[ ! -s skipped ] || return 0
	holds "the summary reports no loss" grep -q '^[^a-z]*0 events lost' main.err
	holds "each byte of each thread is there once, in its order" \
		sh -c "'$test/build/ways_all' look $number_each <main.out"
	echo "# $(lines main.out) events"
	"$test/build/ways_all" list 1 | sed 's/^/# /'
}

scenario ways_all.accounts "six threads send and receive through every way: each byte is shown once at both ends, in order"
case_ways_all_accounts() {
	accounted 480
}

scenario ways_all.read "six threads send and receive through every way: each byte is shown once, with --read"
case_ways_all_read() {
	accounted 480 --read
}
