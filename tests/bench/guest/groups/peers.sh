# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What one send costs under others who show it; after main, in the same boot.

group=main
# shellcheck source=/dev/null
. "$test/peers.sh"
sizes=$(parameter sizes "16 128 1024 16384 1048576")
# Fewer, and these in parts, so that nobody's buffer overflows.
few="-n 600 -b 100"
# The same for 16 KiB, where those are too many.
few_long=

measured() {
	at=$1
	# shellcheck disable=SC2086
	case $at in
	1048576) measure "$label" "$at" -n 5 -b 5 ;;
	16384) measure "$label" "$at" ${few_long:-$few} ;;
	*) measure "$label" "$at" $few ;;
	esac
	! grep -Eiq '(lost|dropped|skipped).*[1-9]' said.peer || fail "it lost events: $(cat said.peer)"
	point "$label, $at bytes"
}

# with LABEL START...: measures all sizes, or says why not
with() {
	label=$1
	wanted "$who_wanted" "$label" || return 0
	shift
	: >said.peer
	"$@"
	if [ -n "$fault" ]; then
		note "$label" "" "absent: $fault"
		fault=
	else
		tolerance=2
		for size in $sizes; do
			measured "$size"
		done
		tolerance=
	fi
}

# with_anew LABEL START...: started anew for each size; one that says at its end what it lost
with_anew() {
	wanted "$who_wanted" "$1" || return 0
	all_sizes=$sizes
	for sizes in $all_sizes; do
		with "$@"
		stop_peer
		! grep -q 'Drops:[1-9]' said.peer || fail "$(grep Drops: said.peer)"
		point "$1 has lost nothing of $sizes bytes"
	done
	sizes=$all_sizes
}

enter_peers

with bpftrace start_bpftrace ""
stop_peer
with bpftrace-best start_bpftrace "BPFTRACE_PERF_RB_PAGES=16384" -B full
stop_peer
whom=somebody
with bpftrace-nomatch start_bpftrace ""
stop_peer
whom=

few="-n 2000 -b 2000"
with sysdig start_sysdig
stop_peer
# It shows all that it has copied with -v alone. There are two pages behind the end of its
# ring of 8 MiB: what begins before the end and is longer than that is lost, and so is the
# next, until smaller events have gone past the end; and the figures become lower. So no
# ring comes to its end here.
few="-n 300 -b 100"
few_long="-n 80 -b 80 -w 60"
with_anew sysdig-whole start_sysdig -v -s 65000
few_long=
few="-n 2000 -b 2000"
whom=somebody
with sysdig-nomatch start_sysdig
stop_peer
whom=
[ ! -d /sys/module/scap ] || rmmod scap

few="-n 300 -b 300"
with strace start_strace -f -e trace=sendto
stop_strace() { readers='' prefix=''; }
stop_strace
with strace-seccomp start_strace -f --seccomp-bpf -e trace=sendto
stop_strace
with strace-whole start_strace -f --seccomp-bpf -e trace=sendto -s 1048576
stop_strace

few="-n 2000 -b 500"
with ftrace start_ftrace '+0(%si):x8[64]'
stop_ftrace
with ftrace-string start_ftrace '+0(%si):ustring'
stop_ftrace

with perf start_perf
stop_peer
