# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# By the clock: what share of a burst each reader shows, how many sends it can follow, how late
# its lines are, and how much it delays a server.

group=rate
# shellcheck source=/dev/null
. "$test/peers.sh"
shares="share:128:30200 share:1024:30200"
# More than the ring that bpftrace chooses on a machine with that much memory can hold.
long_share="share:128:120800"
small="most:16 most:128 most:1024"
rates="$small most:16384 most:65536 most:1048576"
answers="latency:128 server"
# Only these tasks; empty: all of them.
tasks_wanted=$(parameter tasks "")
# How many seconds of wall-clock time each reader may take.
limit=$(parameter limit 420)
# How many bytes of lines stdio keeps back if they do not go to a terminal.
stdio=4096

# choose TASK...: sets $now to those that are wanted
choose() {
	now=
	for task; do
		! wanted "$tasks_wanted" "$task" || now="$now $task"
	done
}

# figures_of WHO: prints figures, "# figure rate|WHO|TASK|VALUE|99TH PERCENTILE, OR BYTES OF A LINE|"
figures_of() {
	while read -r task value more _; do
		[ "$value" = - ] || echo "# figure rate|$1|$task|$value|$more|"
	done <got
	for task in $now; do
		grep -q "^$task [0-9]" got || fail "$task was not measured: $(tr '\n' ' ' <error)"
	done
	grep -q ' [1-9]' got || fail "it shows nothing: $(tail -n 3 said.peer | tr '\n' ' ')"
	point "$1 was measured by the clock"
}

# rate_by COMMAND...: runs it with a limit of wall-clock time, since the guest's clock may be a
# hundred times slower. What was measured until then counts.
rate_by() {
	# shellcheck disable=SC2086
	(cd /tmp && exec "$@" -b $kept_back "$shown" $now >"$work/got" 2>"$work/error") &
	rate=$!
	within $limit $rate &
	watch=$!
	wait $rate || {
		fail "rate ended: $(tail -n 1 error)"
		# strace leaves the traced processes running.
		killall -KILL bench 2>/dev/null
	}
	kill $watch 2>/dev/null
	wait $watch
}

# rated LABEL "TASK..." BYTES_KEPT_BACK START...: measures a reader that prints to the fifo. A
# missing one is named, and the others are measured nevertheless.
rated() {
	label=$1 kept_back=$3
	wanted "$who_wanted" "$label" || return 0
	# shellcheck disable=SC2086
	choose $2
	[ -n "$now" ] || return 0
	shift 3
	shown=$work/lines
	: >said.peer
	rm -f "$shown"
	mkfifo "$shown"
	# Held open, so that neither side waits for the other to open it.
	exec 9<>"$shown"
	"$@"
	if [ -n "$fault" ]; then
		note "$label" "" "absent: $fault"
		skip "$label was measured by the clock" "$fault"
	else
		rate_by ${prefix:-/tmp/rate/bench}
		figures_of "$label"
	fi
	exec 9>&-
	rm "$shown"
	shown=
}

start_sendread() {
	sendread bench >"$shown" 2>said.1 &
	readers=$!
	wait_listening said.1
}

start_strace_rate() {
	start_strace "$@"
	prefix=$(echo "$prefix" | sed 's|/tmp/bench$|/tmp/rate/bench|')
}

# With sendread's default rings, and with whole messages: if a ring has no room for a message,
# the line has none.
shows_all() {
	for at in $now; do
		case $at in share:*) ;; *) continue ;; esac
		size=${at#share:} sends=${at##*:}
		size=${size%:*}
		awk -v task="$at" -v size="$size" '
			$1 == task { shown = $2; shortest = $4 }
			END { exit !(shown == 100 && shortest > size + 0) }' got ||
			fail "expected 100 %, in lines of more than $size bytes, not: $(grep "^$at " got)"
		point "sendtrace shows all of $sends sends of $size bytes at full speed"
	done
}

sendtrace_rates() {
	wanted "$who_wanted" sendtrace || return 0
	load
	[ -z "$fault" ] || return 0
	rated sendtrace "$shares $long_share $rates $answers" 0 start_sendread
	shows_all
	stop_readers
	unload
}

enter_peers
# Copied to the traced name: sysdig does not notice a name that is set later.
mkdir /tmp/rate
cp "$test/build/rate" /tmp/rate/bench

# shellcheck disable=SC2086
choose $rates server
if [ -n "$now" ] && wanted "$who_wanted" untraced; then
	shown=- kept_back=0
	rate_by /tmp/rate/bench
	figures_of untraced
fi
shown=

sendtrace_rates

rated bpftrace "$shares $long_share $rates $answers" 0 start_bpftrace ""
stop_peer
rated bpftrace-best "$shares $long_share $small" $stdio start_bpftrace "BPFTRACE_PERF_RB_PAGES=16384" -B full
stop_peer

rated sysdig "$shares $long_share $rates server" $stdio start_sysdig
stop_peer
rated sysdig-unbuffered "most:128 latency:128" 0 start_sysdig --unbuffered
stop_peer
rated sysdig-whole "$shares $rates" $stdio start_sysdig -v -s 65000
stop_peer
[ ! -d /sys/module/scap ] || rmmod scap

rated ftrace "$shares $rates $answers" 0 start_ftrace '+0(%si):x8[64]'
stop_ftrace
rated ftrace-string "$shares $small" 0 start_ftrace '+0(%si):ustring'
stop_ftrace

rated strace "$shares $rates $answers" 0 start_strace_rate -f -e trace=sendto
stop_peer
# Without the largest payload: a line of a megabyte would use up its time.
rated strace-whole "$shares $small most:16384 most:65536 $answers" 0 start_strace_rate -f --seccomp-bpf -e trace=sendto -s 1048576
stop_peer

rated perf "$shares $rates server" $stdio start_perf
stop_peer
rated perf-stderr "most:128 latency:128" 0 start_perf_stderr
stop_peer
