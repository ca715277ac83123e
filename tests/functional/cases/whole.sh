# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Whole payloads: the largest ones, lengths around every limit, pages that are not resident
# when they are copied, and what is shown where that fails.

needs_late whole.tcp whole.unix_stream whole.read whole_absent.unmapped_file \
	whole_absent.short_payload whole_absent.come_and_go whole_absent.dropped_file \
	whole_absent.paged_out whole_late.no_work whole_late.share

# summed CASE READER'S ARGUMENT...: the checksums of the bytes agree, and nothing was cut
summed() {
	sent=$1
	shift
	start_reader main "$@" whole
	# shellcheck disable=SC2086 # a case and its argument
	program main whole $sent
	stop_reader main
	"$test/build/whole_sum" <main.out >sums.out || fail "sendread's lines cannot be read back"
	rm main.out
	refuses "a line says cap=" grep -q ' cap=' sums.out
	holds "the summary reports no loss" grep -q '^[^a-z]*0 events lost' main.err
	same main.want sums.out
}

scenario whole.tcp "a send of 16 MiB on TCP is shown identically, by checksum"
case_whole_tcp() {
	summed "tcp 16777216" -s 67108864 -B 65536
}

scenario whole.unix_stream "a send of 16 MiB on a unix stream is shown identically, by checksum"
case_whole_unix_stream() {
	summed "unix_stream 16777216" -s 16777216 -B 65536
}

scenario whole.read "a send of 16 MiB is shown identically, by checksum, with --read"
case_whole_read() {
	summed "unix_stream 16777216" --read -s 67108864 -B 32768
}

scenario whole.datagrams "the largest datagrams of UDP and unix sockets are shown identically"
case_whole_datagrams() {
	summed datagrams
}

scenario whole.defaults "1 MiB is shown identically with sendread's defaults"
case_whole_defaults() {
	summed "tcp 1048576"
}

scenario whole.bounds "sessions with different snap lengths and rings show lengths around every limit whole"
case_whole_bounds() {
	limits="1 16383 16384 16385 65535 65536 65537 131072 1048576"
	buffer=1024
	for snap in $limits; do
		start_reader "$snap" -s "$snap" -B $buffer whole
		[ $buffer -ge 8192 ] || buffer=$((buffer * 2))
	done
	# shellcheck disable=SC2086 # several arguments
	program main whole bounds $limits
	for snap in $limits; do
		stop_reader "$snap"
		same "$snap.want" "$snap.out"
	done
}

shows whole.failing "of long sends that fail, at most the beginning is shown"

# ---- Pages that are not resident -----------------------------------------------------

shows whole_absent.unmapped_file "a payload in a dropped page of a file's mapping is shown whole"
shows whole_absent.short_payload "a short payload that is not resident is shown whole"
shows whole_absent.untouched "a failing call does not make untouched memory resident"
shows whole_absent.come_and_go "payloads whose pages are dropped repeatedly are shown whole"

# A file as a disk, for a file system or swap space that must really be read.
# disk NAME KIB: its device in $device
disk() {
	dd if=/dev/zero of="$1.disk" bs=1024 count="$2" 2>/dev/null
	device=$(losetup -f)
	losetup "$device" "$1.disk" || fail "losetup of $device"
}

scenario whole_absent.dropped_file "a payload in a file that is no longer in the page cache is shown whole"
case_whole_absent_dropped_file() {
	disk files 4096
	mke2fs "$device" >mke2fs.log 2>&1 || fail "mke2fs of $device"
	mkdir files
	mount -t ext4 "$device" files || fail "mount of $device"
	start_reader main whole_absent
	program main whole_absent dropped_file files
	stop_reader main
	umount files
	losetup -d "$device"
	same main.want main.out
}

scenario whole_absent.paged_out "a swapped-out payload is shown whole"
case_whole_absent_paged_out() {
	disk swap 8192
	mkswap "$device" >mkswap.log 2>&1 || fail "mkswap of $device"
	swapon "$device" || fail "swapon of $device"
	start_reader main whole_absent
	program main whole_absent paged_out
	stop_reader main
	swapoff "$device"
	losetup -d "$device"
	same main.want main.out
}

shows whole_absent.unmapped "if memory is unmapped during a send, what precedes it is shown, with the reason"
shows whole_absent.unmapped_first "of a payload that begins in unmapped memory, only the header is shown, with the reason"
shows whole_absent.forbidden "if memory becomes unreadable, what precedes it is shown, with the reason"
shows whole_absent.behind_end "if a mapping extends beyond its file's end, what precedes that is shown, with the reason"

scenario whole_absent.counted "faults are counted; sessions with a shorter snap length are not affected"
case_whole_absent_counted() {
	unload
	load
	start_reader main whole_absent
	start_reader short -s 40960 whole_absent
	start_reader inside -s 40961 whole_absent
	program main whole_absent unmapped
	stop_reader main
	stop_reader short
	stop_reader inside
	same main.want main.out
	sed 's/why=fault/why=snaplen/' main.want >short.want
	same short.want short.out
	same main.want inside.out
	equal "faults" "$(value faults)" 2
	equal "cut" "$(value cut)" 3
	equal "missed_send" "$(value missed_send)" 0
}

# A page that is not resident faults in the handler, and kprobes of old kernels counts such a
# fault as a missed call.
scenario whole_absent.not_missed "a page that is not resident is not counted as a missed call"
case_whole_absent_not_missed() {
	unload
	load
	start_reader main whole_absent
	program main whole_absent short_payload
	stop_reader main
	equal "missed_send" "$(value missed_send)" 0
}

# ---- No free work ---------------------------------------------------------------------

scenario whole_late.no_work "without a free work only the inline copy is shown, why=no_work, and the cut is counted"
case_whole_late_no_work() {
	unload
	load works=1
	start_reader held whole_late
	start_reader main whole
	start_program held whole_late whole
	program main whole cut 65536 16384 no_work
	program fits whole cut 16384 16384 none
	equal "cut" "$(value cut)" 1
	open_gate held
	end_program held
	program again whole cut 65536 65536 none
	stop_reader held
	stop_reader main
	cat fits.want again.want >>main.want
	same held.want held.out
	same main.want main.out
	equal "faults" "$(value faults)" 0
	unload
	load
}

scenario whole_late.share "one user cannot hold all works: another user's long payload is shown whole"
case_whole_late_share() {
	unload
	load works=8
	start_reader held whole_late
	start_reader main whole
	start_program held whole_late many 7 1000
	program main whole cut 65536 65536 none
	open_gate held
	end_program held
	stop_reader held
	stop_reader main
	same_each held.want held.out
	same main.want main.out
	equal "cut" "$(value cut)" 1
	unload
	load
}

# ---- A kernel without task_work for modules ------------------------------------------

# inline_module ARGUMENT...: loads the module as built for such a kernel
inline_module() {
	unload
	ko=/modules/sendtrace-inline.ko
	load "$@"
}

usual_module() {
	unload
	ko=/modules/sendtrace.ko
	load
}

# at_once BYTES: prints how much of BYTES is copied of a call: at most 64 KiB where the handlers of
# kretprobes have interrupts off, which is on 5.10, and on arm64 again from 6.12 on
at_once() {
	case $(uname -m)-$(uname -r) in
	*-5.10.* | aarch64-6.1[0-9].* | aarch64-[7-9].*) [ "$1" -le 65536 ] || set -- 65536 ;;
	esac
	echo "$1"
}

scenario whole.inline "without task_work payloads up to inline_max are shown whole, longer ones are cut, why=inline_bound"
case_whole_inline() {
	inline_module inline_max=1048576
	most=$(at_once 1048576)
	start_reader main -s 2097152 whole
	program main whole cut "$most" "$most" none
	program more whole cut $((most + 1)) "$most" inline_bound
	program fail whole failing
	cat more.want fail.want >>main.want
	stop_reader main
	same main.want main.out
	usual_module
}

scenario whole.inline_shared "without task_work all readers together get inline_max bytes of a call"
case_whole_inline_shared() {
	inline_module inline_max=65536
	start_reader one whole
	start_reader little -s 10000 whole
	start_reader last whole
	program main whole cut 65536 65536 none
	stop_reader one
	stop_reader little
	stop_reader last
	equal "bytes" "$(value bytes)" 65536
	equal "the first gets a third" "$(grep -c ' cap=21845 why=inline_bound$' one.out)" 1
	equal "the second has enough" "$(grep -c ' cap=10000 why=snaplen$' little.out)" 1
	equal "the last gets the rest" "$(grep -c ' cap=33691 why=inline_bound$' last.out)" 1
	usual_module
}

scenario whole.inline_default "without task_work inline_max is 1 MiB by default, and 64 KiB on RT"
case_whole_inline_default() {
	inline_module
	bound=1048576
	! uname -v | grep -q PREEMPT_RT || bound=65536
	equal "inline_max" "$(cat /sys/module/sendtrace/parameters/inline_max)" $bound
	most=$(at_once $bound)
	start_reader main -s 2097152 whole
	program main whole cut "$most" "$most" none
	program more whole cut $((most + 1)) "$most" inline_bound
	stop_reader main
	cat more.want >>main.want
	same main.want main.out
	usual_module
}

scenario whole.inline_max "without task_work the parameter inline_max is the limit"
case_whole_inline_max() {
	inline_module inline_max=65536
	start_reader main whole
	program main whole cut 65536 65536 none
	program more whole cut 65537 65536 inline_bound
	stop_reader main
	cat more.want >>main.want
	same main.want main.out
	usual_module
}

scenario whole.inline_ring "without task_work at most half of the ring is shown, why=ring_size"
case_whole_inline_ring() {
	inline_module
	start_reader main -B 64 whole
	program main whole cut 32768 32768 none
	until_true "the line is printed" cmp main.want main.out
	program more whole cut 32769 32768 ring_size
	stop_reader main
	cat more.want >>main.want
	same main.want main.out
	usual_module
}

scenario whole.inline_fault "without task_work the payload ends at a page that is not resident, why=fault"
case_whole_inline_fault() {
	inline_module
	start_reader main whole_absent
	program main whole_absent unmapped_file
	program more whole_absent unmapped
	stop_reader main
	sed 's/ msg=[^ ]*/ msg=/; s/$/ cap=0 why=fault/' main.want >all.want
	cat more.want >>all.want
	same all.want main.out
	equal "faults" "$(value faults)" 2
	usual_module
}
