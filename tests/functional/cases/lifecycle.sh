# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of ../lib.sh
# What begins and ends connections: accept, connect, shutdown and close, also through io_uring.

shows lifecycle.accept "accept is shown with the new descriptor and the peer" -e accept lifecycle
shows lifecycle.accept4 "accept4 is shown as accept" -e accept lifecycle
shows lifecycle.accept_ring "io_uring's ACCEPT is shown" -e accept lifecycle
shows lifecycle.accept_ring_waits "an ACCEPT that waits in the ring is one event" -e accept lifecycle
shows lifecycle.connect "connect is shown with its result and both addresses" -e connect lifecycle

# decide NAME.want NAME.out: a line of NAME.want that begins with "maybe" is wanted if NAME.out has
# it in that place
decide() {
	awk -v out="$2" '
		{ maybe = sub(/^maybe /, "") }
		at <= done { at++; got = ""; getline got <out }
		!maybe || $0 == got { print; done++ }' "$1" >decided
	mv decided "$1"
}

scenario lifecycle.connect_ring "io_uring's CONNECT is shown when it begins to wait, and with its result if it is made again"
case_lifecycle_connect_ring() {
	start_reader main -e connect lifecycle
	program main lifecycle connect_ring
	stop_reader main
	[ ! -s skipped ] || return 0
	decide main.want main.out
	same main.want main.out
}

shows lifecycle.connect_later "a connect that does not wait, and those that ask again, are shown" \
	-e connect lifecycle
shows lifecycle.shutdown "shutdown is shown with its direction" -e shutdown lifecycle

scenario lifecycle.shutdown_ring "io_uring's SHUTDOWN, by a worker, is shown as the process's"
case_lifecycle_shutdown_ring() {
	by_worker lifecycle shutdown_ring -e shutdown lifecycle
}

# plain_times FILE: replaces how long sockets lived by T, after a look whether it can be true
plain_times() {
	sed -nE 's/^close .* (lived|seen)=([^ ]*) .*/\2/p' "$1" >times.list
	while read -r time; do
		case $time in
		[0-9]*.[0-9][0-9][0-9]) [ "${time%.*}" -le "$limit" ] || fail "a socket lived $time seconds" ;;
		*) fail "expected seconds with three digits, got '$time'" ;;
		esac
	done <times.list
	sed -i -E 's/^(close .*) (lived|seen)=[0-9]+\.[0-9]{3} /\1 \2=T /' "$1"
}

# closes CASE
closes() {
	start_reader main -e all lifecycle_close
	program main lifecycle_close "$1"
	stop_reader main
	cp main.out times.out
	plain_times main.out
	[ -s skipped ] || same main.want main.out
}

scenario lifecycle_close.closed "close says how many bytes went each way; what was only looked at does not count"
case_lifecycle_close_closed() {
	closes closed
}

scenario lifecycle_close.duplicated "a socket with several descriptors ends with the last one"
case_lifecycle_close_duplicated() {
	closes duplicated
}

scenario lifecycle_close.inherited "a socket that a child has, too, ends when the child closes it"
case_lifecycle_close_inherited() {
	closes inherited
}

scenario lifecycle_close.at_exit "a socket that an exiting process leaves open is shown when the kernel closes it"
case_lifecycle_close_at_exit() {
	closes at_exit
}

scenario lifecycle_close.at_abort "a socket of a process that a signal ends is shown, too"
case_lifecycle_close_at_abort() {
	closes at_abort
}

scenario lifecycle_close.by_ring "io_uring's CLOSE is shown"
case_lifecycle_close_by_ring() {
	closes by_ring
}

scenario lifecycle_close.accepted "an accepted connection lives from its accept on, a listening socket is only seen"
case_lifecycle_close_accepted() {
	closes accepted
}

scenario lifecycle_close.before "a connection that is older than the trace is seen from its first event on"
case_lifecycle_close_before() {
	start_program main lifecycle_close before
	start_reader main -e all lifecycle_close
	open_gate main
	end_program main
	stop_reader main
	plain_times main.out
	same main.want main.out
}

scenario lifecycle_close.lived "the time from connect to close is measured"
case_lifecycle_close_lived() {
	closes lived
	lived=$(sed -nE 's/.* lived=([0-9]+)\.([0-9]{3}) .*/\1\2/p' times.out)
	holds "it lived 300 ms or more, got $lived" [ "${lived:-0}" -ge 300 ]
}
