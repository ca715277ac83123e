# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with ./run and the groups
#
# What the groups of measurements are written with. Whatever is not as it should be makes
# the figure's point fail.

points=0
bad=0
# What reads now: process ids. What went wrong with the current figure, for its point.
readers=
fault=
# What wanted() was asked for: the names that mean something.
met=
# Among how many readers the sends are shared out: each adds to what one takes.
share=1
# How often each is measured, after once for the caches.
rounds=3

# parameter NAME DEFAULT: bench.NAME=VALUE of the kernel's command line, commas for blanks
parameter() {
	value=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^bench\.$1=//p" | tr ',' ' ')
	echo "${value:-$2}"
}

# wanted LIST WORD: whether it is one of them; the list of all is empty
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
	# What the kernel has to do after it has started is none of ours; waiting is quick here.
	sleep 30
}

# So many that a round takes long enough for 1 %, and no longer.
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

# all_met WORD...: what was wanted, and nobody has met, is a mistake of who wanted it
all_met() {
	for word; do
		case "$met " in
		*" $word "*) ;;
		*)
			fail "nothing is called $word among: $(echo "$met" | tr ' ' '\n' | sort -u | tr '\n' ' ')"
			point "$word, which was wanted, is measured"
			;;
		esac
	done
}

# skip SENTENCE REASON: what cannot be measured here
skip() {
	points=$((points + 1))
	echo "ok $points - $1 # SKIP $2"
	fault=
}

# The machine's clock is not the guest's, which stands still while it is not emulated: the
# emulated hardware's is that of the wall.
on_the_wall() {
	cat /sys/class/rtc/rtc0/since_epoch
}

# within SECONDS PID: kills it after so many on the wall
within() {
	end=$(($(on_the_wall) + $1))
	while kill -0 "$2" 2>/dev/null; do
		if [ "$(on_the_wall)" -ge $end ]; then
			echo "after $1 seconds it was ended" >>error
			kill -KILL "$2"
		fi
		sleep 1
	done
}

# ---- Measuring --------------------------------------------------------------------

# measure() notes a figure as that of $x, or, where that is not set, of the size; and runs
# the program by $prefix, where that is set.
x=
prefix=

# The median of the rounds and how far they lie apart, on both sides together.
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

# measure VARIANT SIZE [OPTION OF bench...]: a figure, and its point
measure() {
	variant=$1 size=$2
	shift 2
	# shellcheck disable=SC2086 # process ids
	timeout -s KILL 1500 ${prefix:-"$test/build/bench"} -n "$(sends_of "$size")" -r $rounds "$@" \
		"$size" $readers >rounds 2>error || fail "bench: $(cat error)"
	figure=$(awk '{ print $1, $2, $1 + $2 }' rounds | summary) || fail "no figure"
	echo "# figure $group|$variant|${x:-$size}|$figure"
	echo "# rounds of $variant: $(tr '\n' ',' <rounds)"
	# shellcheck disable=SC2086
	awk "BEGIN { exit !(${figure##*|} <= ${tolerance:-1}) }" ||
		fail "the rounds lie ${figure##*|} % apart, of ${tolerance:-1} that they may"
}

alone() {
	wanted "$who_wanted" "$1" || return 0
	measure "$@"
	point "$1, $2 bytes"
}

# each_size COMMAND...: of $sizes
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

# wait_listening FILE [WORD]: until a reader says there that it is
wait_listening() {
	tries=0
	until grep -q "${2:-listening}" "$1"; do
		tries=$((tries + 1))
		[ $tries -lt 3000 ] || { fail "the reader does not listen: $(tail -n 3 "$1")" && return; }
		usleep 10000
	done
}

# start_text NUMBER [ARGUMENT...]: so many sendreads, which print to nowhere
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

# start_drop SESSIONS: one reader that throws away
start_drop() {
	"$test/build/drop" "$1" 2>said.drop &
	readers=$!
	wait_listening said.drop
}

lost() {
	awk '/^lost/ { sum += $2 } END { print sum + 0 }' /proc/sendtrace/stats
}

stop_readers() {
	# shellcheck disable=SC2086
	[ -z "$readers" ] || kill -TERM $readers
	# shellcheck disable=SC2086
	[ -z "$readers" ] || wait $readers 2>/dev/null
	readers='' share=1
}

# traced VARIANT SIZE [OPTION...]: with the readers that run, losing nothing
traced() {
	wanted "$who_wanted" "$1" || return 0
	lost_before=$(lost)
	measure "$@"
	[ "$(lost)" = "$lost_before" ] || fail "$(($(lost) - lost_before)) events were lost"
	point "$1, $2 bytes"
}

# binary VARIANT SIZE: the same with any bytes instead of letters
binary() {
	traced "$@" -x
}
