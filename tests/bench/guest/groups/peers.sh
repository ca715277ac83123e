# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What one send costs under others who show it; after main, in the same boot.

group=main
# shellcheck source=/dev/null
. "$test/peers.sh"
sizes=$(parameter sizes "16 128 1024 16384 1048576")
# Fewer, and these in parts, so that nobody's buffer overflows.
few="-n 600 -b 100"

measured() {
	at=$1
	# shellcheck disable=SC2086
	case $at in
	1048576) measure "$label" "$at" -n 5 -b 5 ;;
	*) measure "$label" "$at" $few ;;
	esac
	! grep -Eiq '(lost|dropped|skipped).*[1-9]' said.peer || fail "it lost events: $(cat said.peer)"
	point "$label, $at bytes"
}

# with LABEL START...: measures all sizes, or says why not
with() {
	label=$1
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

enter_peers

with bpftrace start_bpftrace ""
stop_peer
with bpftrace-best start_bpftrace "BPFTRACE_PERF_RB_PAGES=1024" -B full
stop_peer
whom=somebody
with bpftrace-nomatch start_bpftrace ""
stop_peer
whom=

few="-n 2000 -b 2000"
with sysdig start_sysdig
stop_peer
few="-n 300 -b 100"
with sysdig-whole start_sysdig -s 65000
stop_peer
few="-n 2000 -b 2000"
whom=somebody
with sysdig-nomatch start_sysdig
stop_peer
whom=
rmmod scap

few="-n 300 -b 300"
with strace start_strace -f -e trace=sendto
stop_strace() { readers='' prefix=''; }
stop_strace
with strace-seccomp start_strace -f --seccomp-bpf -e trace=sendto
stop_strace
with strace-whole start_strace -f --seccomp-bpf -e trace=sendto -s 1048576
stop_strace

with ftrace start_ftrace '+0(%si):x8[64]'
stop_ftrace
with ftrace-string start_ftrace '+0(%si):ustring'
stop_ftrace

with perf start_perf
stop_peer
