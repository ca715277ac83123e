# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with ./run and the groups
#
# The functions that groups of measurements are written with. A fault makes the point of its
# figure fail.

points=0
bad=0
# Process ids of the current readers; the fault of the current figure, for its point.
readers=
fault=
# All words that wanted() was called with: the known names.
met=
# How many readers share the sends: each adds to the cost of a send.
share=1
# How many rounds are measured, after a warm-up round.
rounds=3

# parameter NAME DEFAULT: prints VALUE of bench.NAME=VALUE on the kernel's command line, with
# blanks for its commas
parameter() {
	value=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^bench\.$1=//p" | tr ',' ' ')
	echo "${value:-$2}"
}

# wanted LIST WORD: whether WORD is in LIST; an empty list has all words
wanted() {
	met="$met $2"
	case "${1:+ $1 }" in
	'' | *" $2 "*) ;;
	*) return 1 ;;
	esac
}

prepare() {
	who_wanted=$(parameter who "")
	rounds=$(parameter rounds $rounds)
	work=$(mktemp -d /tmp/bench.XXXXXX)
	cd "$work" || exit 1
	ip link set lo up
	# Wait until the kernel's work after booting is done; in this guest waiting takes no time.
	sleep 30
}

# How many sends a round needs to be exact to 1 %, where one takes some 7,000 instructions.
sends_of() {
	case $1 in
	1048576) echo $((5 / share + 2)) ;;
	*) echo $((20000000 / ($1 + 4000) / (share > 4 ? 4 : share))) ;;
	esac
}

# ---- Failing ----------------------------------------------------------------------

fail() {
	fault="${fault:+$fault; }$*"
}

# point SENTENCE: passes if nothing has failed since the last one
point() {
	points=$((points + 1))
	if [ -z "$fault" ]; then
		echo "ok $points - $1"
	else
		echo "not ok $points - $1"
		echo "# $fault"
		bad=$((bad + 1))
	fi
	fault=
}

# all_met WORD...: fails for each word that names nothing
all_met() {
	for word; do
		case "$met " in
		*" $word "*) ;;
		*)
			fail "expected one of these names, not '$word': $(echo "$met" | tr ' ' '\n' | sort -u | tr '\n' ' ')"
			point "$word, which was requested, is measured"
			;;
		esac
	done
}

# skip SENTENCE REASON: it cannot be measured here
skip() {
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
	fault=
}

# Seconds of wall-clock time. The guest's own clock stops while it is not emulated; the emulated
# hardware clock does not.
on_the_wall() {
	cat /sys/class/rtc/rtc0/since_epoch
}

# within SECONDS PID: kills it after SECONDS of wall-clock time
within() {
	end=$(($(on_the_wall) + $1))
	while kill -0 "$2" 2>/dev/null; do
		if [ "$(on_the_wall)" -ge $end ]; then
			echo "killed after $1 seconds" >>error
			kill -KILL "$2"
		fi
		sleep 1
	done
}

# ---- Measuring --------------------------------------------------------------------

# measure() notes a figure for $x, or for the size if $x is empty; runs the program with $prefix,
# if that is set; and makes $times as many calls.
x=
prefix=
times=1

# many COMMAND...: runs it with calls that take so few instructions that the kernel's own work, now
# and then, would be some per cent of theirs
many() {
	times=100
	"$@"
	times=1
}

# Prints the median of the rounds and their spread, of sender and reader together.
summary() {
	sort -n -k 3 | awk '
		{ sender[NR] = $1; reader[NR] = $2; sum[NR] = $3 }
		END {
			if (!NR)
				exit 1
			m = int((NR + 1) / 2)
			printf "%.1f|%.1f|%.2f\n", sender[m], reader[m],
				100 * (sum[NR] - sum[1]) / sum[1]
		}'
}

# measure VARIANT SIZE [OPTION OF bench...]: measures a figure
measure() {
	variant=$1 size=$2
	shift 2
	# shellcheck disable=SC2086 # process ids
	timeout -s KILL 1500 ${prefix:-"$test/build/bench"} -n $(($(sends_of "$size") * times)) -r $rounds "$@" \
		"$size" $readers >rounds 2>error || fail "bench: $(cat error)"
	figure=$(awk '{ print $1, $2, $1 + $2 }' rounds | summary) || fail "no figure"
	echo "# figure $group|$variant|${x:-$size}|$figure"
	echo "# rounds of $variant: $(tr '\n' ',' <rounds)"
	# shellcheck disable=SC2086
	awk "BEGIN { exit !(${figure##*|} <= ${tolerance:-1}) }" ||
		fail "the rounds differ by ${figure##*|} %, allowed are ${tolerance:-1} %"
}

alone() {
	wanted "$who_wanted" "$1" || return 0
	measure "$@"
	point "$1, $2 bytes"
}

# each_size COMMAND...: runs it with each of $sizes
each_size() {
	for at in $sizes; do
		"$@" "$at"
	done
}

# ---- sendtrace --------------------------------------------------------------------

load() {
	insmod /modules/sendtrace.ko "$@" || fail "the module cannot be loaded"
}

unload() {
	rmmod sendtrace || fail "the module cannot be unloaded"
}

# wait_listening FILE [WORD]: waits until a reader prints there that it is listening
wait_listening() {
	tries=0
	until grep -q "${2:-listening}" "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || { fail "the reader does not listen: $(tail -n 3 "$1")" && return; }
		usleep 10000
	done
}

# start_text NUMBER [ARGUMENT...]: starts NUMBER sendreads, which print to /dev/null
start_text() {
	number=$1 share=$1
	shift
	readers=
	for i in $(seq "$number"); do
		sendread "$@" >/dev/null 2>"said.$i" &
		readers="$readers $!"
		wait_listening "said.$i"
	done
}

# start_drop SESSIONS: starts one reader that discards records
start_drop() {
	"$test/build/drop" "$1" 2>said.drop &
	readers=$!
	wait_listening said.drop
}

# counted KEYS: the sum of the counters of /proc/sendtrace/stats whose names match
counted() {
	awk -v keys="^($1)\$" '$1 ~ keys { sum += $2 } END { print sum + 0 }' /proc/sendtrace/stats
}

stop_readers() {
	# shellcheck disable=SC2086
	[ -z "$readers" ] || kill -TERM $readers
	# shellcheck disable=SC2086
	[ -z "$readers" ] || wait $readers 2>/dev/null
	readers='' share=1
}

# checked ALL NONE VARIANT SIZE [OPTION...]: measures with the running readers. The counters ALL
# must count every call, unless that is empty, and the counters NONE at most $strays. The cost of
# calls that no hook has seen would look good.
strays=0
checked() {
	all=$1 none=$2
	shift 2
	wanted "$who_wanted" "$1" || return 0
	least=$(($(sends_of "$2") * (rounds + 1)))
	all_before=$(counted "$all") none_before=$(counted "$none")
	measure "$@"
	more=$(($(counted "$all") - all_before))
	[ -z "$all" ] || [ $more -ge $least ] || fail "of at least $least calls, $more were $all"
	more=$(($(counted "$none") - none_before))
	[ $more -le $strays ] || fail "$more calls were counted as $none"
	point "$1, $2 bytes"
}

# traced VARIANT SIZE [OPTION...]: all calls must be recorded
traced() {
	checked captured 'lost_.*' "$@"
}

# refused VARIANT SIZE [OPTION...]: all calls must be seen, and none recorded
refused() {
	checked filtered 'captured|lost_.*' "$@"
}

# unseen VARIANT SIZE [OPTION...]: no call may be seen, except for a few when the program begins
# and ends
unseen() {
	strays=20
	checked "" hits "$@"
	strays=0
}

# Bare probes on the entry and the return of bench's SSL_write().
load_tls_floor() {
	# shellcheck disable=SC2046 # parameters
	insmod /modules/floor_tls.ko path="$test/build/bench" $("$test/build/bench" -o) ||
		fail "floor_tls.ko cannot be loaded"
}

# probed VARIANT SIZE [OPTION...]: floor_tls.ko must have counted every call
probed() {
	wanted "$who_wanted" "$1" || return 0
	before=$(cat /sys/module/floor_tls/parameters/calls)
	measure "$@"
	more=$(($(cat /sys/module/floor_tls/parameters/calls) - before))
	[ $more -ge $(($(sends_of "$2") * (rounds + 1))) ] || fail "only $more calls were counted"
	point "$1, $2 bytes"
}

# binary VARIANT SIZE: the same as traced with random bytes instead of letters
binary() {
	traced "$@" -x
}

# ---- Ways ---------------------------------------------------------------------------

sends="sendto sendmsg write"
receives="recvfrom recvmsg read"

# ways HOW VARIANT WAY...: HOW is one of the above; each way with each of $sizes. Figures of
# sendto have the variant's name, those of another way VARIANT/WAY
ways() {
	how=$1 of=$2
	shift 2
	for way; do
		case $way in
		sendto) each_size "$how" "$of" ;;
		*) each_size way_of "$how" "$of" "$way" ;;
		esac
	done
}

# Calls of a TLS library: with a system call inside, and without one.
tls="SSL_write SSL_quiet"

# Options of bench for a group's ways.
with=

way_of() {
	# shellcheck disable=SC2086 # options
	"$1" "$2/$3" "$4" -m "$3" $with
}
