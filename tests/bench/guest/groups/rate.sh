# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# By the clock: how much each can follow, how late its lines are, and how much it delays.

group=rate
# shellcheck source=/dev/null
. "$test/peers.sh"
tasks=$(parameter tasks "most:16 most:128 most:1024 most:16384 most:65536 most:1048576 latency:128 server")

# The figures: # figure rate|WHO|TASK|VALUE|99TH PERCENTILE|
figures_of() {
	while read -r task value more; do
		echo "# figure rate|$1|$task|$value|$more|"
	done <got
	for task in $tasks; do
		grep -q "^$task [0-9]" got || fail "$task was not measured: $(cat error)"
	done
	point "$1 was measured by the clock"
}

# rated LABEL START...: who prints to the fifo
rated() {
	label=$1
	shift
	shown=$work/lines
	rm -f "$shown" started
	mkfifo "$shown"
	# shellcheck disable=SC2086
	timeout -s KILL 1200 "$test/build/rate" "$shown" $tasks >got 2>error &
	rate=$!
	"$@"
	: >started
	wait $rate || fail "rate: $(cat error)"
	figures_of "$label"
	shown=
}

rated_strace() {
	label=$1
	shift
	shown=$work/lines
	rm -f "$shown" started
	mkfifo "$shown"
	: >started
	# strace opens it before it starts who reads it.
	exec 9<>"$shown"
	start_strace "$@"
	prefix=$(echo "$prefix" | sed 's|/tmp/bench$|/tmp/rate|')
	# shellcheck disable=SC2086
	(cd /tmp && timeout -s KILL 1200 $prefix "$shown" $tasks >"$work/got" 2>"$work/error") ||
		fail "rate: $(cat error)"
	exec 9>&-
	figures_of "$label"
	shown='' prefix='' readers=''
}

start_sendread() {
	sendread bench >"$shown" 2>said.1 &
	readers=$!
	wait_listening said.1
}

enter_peers
cp "$test/build/rate" /tmp

# shellcheck disable=SC2086
"$test/build/rate" - server >got 2>error || fail "rate: $(cat error)"
read -r task value more <got
echo "# figure rate|untraced|server|$value|$more|"
point "a server that nobody traces"

load
rated sendtrace start_sendread
stop_readers
unload

rated bpftrace start_bpftrace ""
stop_peer
rated bpftrace-buffers start_bpftrace "BPFTRACE_PERF_RB_PAGES=4096"
stop_peer
rated sysdig start_sysdig --unbuffered
stop_peer
rated sysdig-whole start_sysdig --unbuffered -s 65000
stop_peer
rmmod scap
rated ftrace start_ftrace '+0(%si):x8[64]'
stop_ftrace
rated_strace strace -f -e trace=sendto
rated_strace strace-whole -f --seccomp-bpf -e trace=sendto -s 1048576
