# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# What is shown: payloads of all lengths, failed and partial sends, all ways into the kernel.

shows bulk.sixty_four_kib "64 KiB of all byte values are shown, byte for byte"
shows bulk.long_payloads "payloads longer than a record are shown whole, up to the snap length"
shows_each bulk.long_threads "long payloads of concurrent threads are shown whole and not mixed up"
shows bulk.page_boundary "a payload that ends before unmapped memory is shown whole"
shows bulk.unaligned "payloads at odd addresses, over several pages, are shown whole"
shows bulk.part_nonblocking "of a non-blocking send, what was sent is shown"
shows bulk.part_timeout "of a send that timed out, what was sent is shown"
shows bulk.part_signal "of a send that a signal interrupted, what was sent is shown"
shows bulk.part_fault "of a send that reached unmapped memory, what was sent is shown"

# snapped LENGTH
snapped() {
	start_reader main -s "$1" bulk
	program main bulk snaplen "$1"
	stop_reader main
	same main.want main.out
}

scenario bulk.snaplen_prime "-s 127 cuts longer payloads, and nothing else"
case_bulk_snaplen_prime() {
	snapped 127
}

scenario bulk.snaplen_aligned "-s 4096 cuts longer payloads, and nothing else"
case_bulk_snaplen_aligned() {
	snapped 4096
}

scenario bulk.snaplen_long "-s 100003 cuts longer payloads, and nothing else"
case_bulk_snaplen_long() {
	snapped 100003
}

scenario bulk.snaplen_each "concurrent sessions with different snap lengths each get their own part"
case_bulk_snaplen_each() {
	start_reader small -s 1000 bulk
	start_reader long -s 131072 --read bulk
	start_reader whole bulk
	program whole bulk sixty_four_kib
	program more bulk sixty_four_kib
	cat more.want >>whole.want
	stop_reader small
	stop_reader long
	stop_reader whole
	same whole.want whole.out
	same whole.want long.out
	equal "lines cut at 1000" "$(grep -c ' ret=65536 call=sendto cap=1000 why=snaplen$' small.out)" 2
}

shows fail.reset "sends on a reset connection fail with ECONNRESET, then EPIPE"
shows fail.shut_down "a send after shutdown fails with EPIPE"
shows fail.no_destination "sends without a destination fail and show none"
shows fail.refused_addresses "sends to refused addresses show them"
shows fail.message_size "of a datagram that is too large and fails with EMSGSIZE, the beginning is shown"
shows fail.would_block "a send that would block fails with EAGAIN and shows no payload, why=again"
shows fail.would_block_datagram "of a datagram that would block the beginning is shown, why=failed"
shows fail.restarted "a send that a signal interrupts and the kernel restarts shows its payload once"

scenario fail.refused "40 refused sends of 1 MiB put no payload into the ring, one to no file 4 KiB; none is cut"
case_fail_refused() {
	unload
	load
	start_reader main fail
	program main fail refused
	stop_reader main
	same main.want main.out
	equal "bytes" "$(value bytes)" 4096
	equal "cut" "$(value cut)" 0
	equal "faults" "$(value faults)" 0
	refuses "the summary says that events were cut" grep -q ' cut: ' main.err
}

shows fail.bad_flags "a send with invalid flags fails and is shown"
shows fail.bad_pointer "of a send from a bad pointer no byte is shown, why=failed"
shows fail.bad_address_pointer "a sendto with a bad address fails and has no destination"
shows fail.nothing "sends of zero bytes are shown with an empty msg"

shows bits32.direct "a 32-bit program's sendto is shown"
shows bits32.socketcall "a 32-bit program's socketcall is shown, both SEND and SENDTO"
shows bits32.high_half "a 32-bit program's pointers and lengths of 2 GiB and more are right"
shows entry.int80_socketcall "a 64-bit program's call through int 0x80 is shown"
shows entry.x32 "a call through x32 is shown"

shows_each move.threads "sends of threads that move between CPUs are shown whole and in order"
shows move.dialogue "the calls of a dialogue on different CPUs are shown in order"
scenario move.read "--read shows sends of threads that move between CPUs in order, too"
case_move_read() {
	start_reader main --read move
	program main move threads
	stop_reader main
	same_each main.want main.out
}
