# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What one send costs with each of the peers; after main, in the same boot.

group=main
# shellcheck source=/dev/null
. "$test/peers.sh"
# shellcheck source=/dev/null
. "$test/with.sh"
sizes=$(parameter sizes "16 128 1024 16384 1048576")

enter_peers

few="-n 600 -b 100"
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
