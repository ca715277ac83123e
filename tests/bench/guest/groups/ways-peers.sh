# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What each way of sending and receiving costs with each of the peers; after ways, in the same
# boot.

group=ways
# shellcheck source=/dev/null
. "$test/peers.sh"
# shellcheck source=/dev/null
. "$test/with.sh"
sizes=$(parameter sizes "16 128 16384")

enter_peers
for call in $sends $receives; do
	few="-n 600 -b 100"
	with "bpftrace/$call" start_bpftrace ""
	stop_peer

	few="-n 2000 -b 1000"
	with "sysdig/$call" start_sysdig
	stop_peer

	few="-n 300 -b 300"
	with "strace/$call" start_strace -f --seccomp-bpf -e trace="$call"
	stop_strace

	few="-n 2000 -b 500"
	with "perf/$call" start_perf
	stop_peer
done
call=
[ ! -d /sys/module/scap ] || rmmod scap
