# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What one send costs with each of the peers; after main, in the same boot.

group=main
# shellcheck source=/dev/null
. "$test/peers.sh"
sizes=$(parameter sizes "16 128 1024 16384 1048576")
# Fewer sends, in batches, so that no peer's buffer overflows.
few="-n 600 -b 100"
# The same for 16 KiB, where these are too many.
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

# with LABEL START...: measures all sizes, or notes the reason if the peer is missing
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

# with_restarts LABEL START...: restarts the peer for each size, since it reports losses only at
# its end
with_restarts() {
	wanted "$who_wanted" "$1" || return 0
	all_sizes=$sizes
	for sizes in $all_sizes; do
		with "$@"
		stop_peer
		! grep -q 'Drops:[1-9]' said.peer || fail "$(grep Drops: said.peer)"
		point "$1 has lost no event of $sizes bytes"
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
# Only with -v it shows everything that it has copied. There are two pages behind the end of
# its ring of 8 MiB: a longer event that begins before the end is lost, and so is the next one,
# until smaller events have passed the end; then the figures are too low. So here no ring
# reaches its end.
few="-n 300 -b 100"
few_long="-n 80 -b 80 -w 60"
with_restarts sysdig-whole start_sysdig -v -s 65000
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
