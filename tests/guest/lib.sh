# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of ./run
#
# The functions that cases are written with. A case fails if it calls fail(), and continues, so
# that one run shows everything that is wrong. Every wait has a deadline: programs and readers
# are killed after $limit seconds. Deadlines are long, for busy hosts: they cost nothing while
# everything works.

limit=120
wait_limit=60
ko=${SENDTRACE_KO:-/modules/sendtrace.ko}
stats=/proc/sendtrace/stats
table=

# ---- The table of cases: NAME|KIND|PROGRAM|READER'S ARGUMENTS|SENTENCE --------------

add() {
	table="$table$1|$2|$3|$4|$5
"
}

# shows PROGRAM.CASE SENTENCE [READER'S ARGUMENT...]: sendread must print the lines that the
# program's case prints; by default the reader's argument is the program's name
shows() {
	add_lines shows "$@"
}

# The same for concurrent processes or threads: only the order of each one's lines matters.
shows_each() {
	add_lines shows_each "$@"
}

add_lines() {
	kind=$1 name=$2 sentence=$3
	shift 3
	add "$name" "$kind" "${name%%.*}" "${*:-${name%%.*}}" "$sentence"
}

# checks PROGRAM.CASE SENTENCE [ARGUMENT...]: the program's case checks on its own
checks() {
	name=$1 sentence=$2
	shift 2
	add "$name" checks "${name%%.*}" "$*" "$sentence"
}

# scenario NAME SENTENCE: the function case_NAME checks, with _ for the dots in NAME
scenario() {
	add "$1" scenario - - "$2"
}

# needs_late CASE...: they need late copying; skipped where the kernel does not support it
late_only=
needs_late() {
	late_only="$late_only $* "
}

# Does the module use the symbol that late copying needs? A parameter's description mentions it,
# too, but in a longer string.
copies_late() {
	tr '\0' '\n' <"$ko" | grep -qx task_work_add
}

# ---- Failing ----------------------------------------------------------------------

fail() {
	echo "$*" >>"$work/failed"
}

# skip REASON: the case cannot run here
skip() {
	echo "$*" >"$work/skipped"
}

# Shows the end of a file that explains a failure, and both ends of long lines.
show() {
	[ -s "$1" ] || return 0
	{
		echo "--- $1"
		tail -n "${2:-15}" "$1" | sed 's/^\(.\{250\}\).*\(.\{150\}\)$/\1 [...] \2/'
	} >>"$work/failed"
}

# holds WHAT COMMAND...: it must succeed; with --tamper it must fail
holds() {
	what=$1
	shift
	if "$@" >"$work/holds.log" 2>&1; then
		[ -z "$tamper" ] || fail "(tampered) $what"
	else
		[ -n "$tamper" ] || { fail "$what" && show "$work/holds.log"; }
	fi
}

refuses() {
	what=$1
	shift
	holds "$what" is_refused "$@"
}

is_refused() {
	! "$@"
}

equal() {
	holds "$1: expected '$3', got '$2'" [ "$2" = "$3" ]
}

# ---- Waiting ----------------------------------------------------------------------

# until_true WHAT COMMAND...: repeats it until it succeeds; fails after $wait_limit seconds
until_true() {
	what=$1
	shift
	deadline=$(($(uptime_s) + wait_limit))
	until "$@" >/dev/null 2>&1; do
		if [ "$(uptime_s)" -ge "$deadline" ]; then
			fail "waited $wait_limit seconds until $what"
			return 1
		fi
		usleep 10000
	done
}

uptime_s() {
	read -r up rest </proc/uptime
	echo "${up%%.*}"
}

# A process that has ended stays as a zombie until it is waited for.
is_gone() {
	! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

# ---- Readers ----------------------------------------------------------------------

# Words that precede the arguments of each reader.
reader_options=

# start_reader NAME ARGUMENT...: starts sendread with NAME.out, NAME.err and its pid in
# $pid_NAME; it is listening when this returns
start_reader() {
	reader=$1
	shift
	# Here, because the shell truncates them later, in the child: until then they could hold
	# what an earlier reader of that name has printed.
	: >"$reader.out"
	: >"$reader.err"
	# shellcheck disable=SC2086 # they are words
	timeout -s KILL "$limit" sendread $reader_options "$@" >"$reader.out" 2>"$reader.err" &
	eval "pid_$reader=$!"
	until_true "sendread $* is listening" listening_or_gone "$reader" $!
	grep -q listening "$reader.err" || {
		fail "sendread $* did not begin to listen"
		show "$reader.err"
	}
}

listening_or_gone() {
	grep -q listening "$1.err" || is_gone "$2"
}

# end_reader NAME [STATUS]: waits until it has ended
end_reader() {
	eval "pid=\$pid_$1"
	wait "$pid"
	status=$?
	equal "exit status of sendread ($1)" $status "${2:-0}"
	[ $status = "${2:-0}" ] || show "$1.err"
}

stop_reader() {
	eval "kill -INT \$pid_$1" || fail "sendread ($1) ended before it was stopped"
	end_reader "$1"
}

# ---- Programs ---------------------------------------------------------------------

# program NAME PROGRAM CASE...: runs it; the lines it expects go to NAME.want; its failure is ours
program() {
	out=$1
	shift
	run_program "$@" >"$out.want" 2>"$out.log"
	program_ended "$out" $? "$*"
}

run_program() {
	binary=$1
	shift
	timeout -s KILL "$limit" "$test/build/$binary" "$@"
}

program_ended() {
	case $2 in
	0) ;;
	77) cat "$1.log" >"$work/skipped" ;;
	*) fail "$3 ended with exit status $2" && show "$1.log" ;;
	esac
}

# start_program NAME PROGRAM CASE...: starts it, with its pid in $program_NAME; it is set up and
# waits at its gate when this returns
start_program() {
	out=$1 binary=$2
	shift 2
	mkfifo "$out.gate"
	GATE=$work/$out.gate timeout -s KILL "$limit" "$test/build/$binary" "$@" \
		>"$out.want" 2>"$out.log" &
	eval "program_$out=$!"
	until_true "$binary $* is set up" [ -e "$out.gate.ready" ]
}

open_gate() {
	timeout -s KILL "$wait_limit" sh -c "echo go >'$1.gate'" || fail "$1 does not wait at its gate"
}

end_program() {
	eval "pid=\$program_$1"
	wait "$pid"
	program_ended "$1" $? "the program ($1)"
}

# ---- Comparing --------------------------------------------------------------------

# same NAME.want NAME.out: both must have the same lines
same() {
	[ -z "$tamper" ] || falsify "$2"
	cmp -s "$1" "$2" && return
	fail "sendread's lines in $2 (+) differ from the expected ones (-)"
	diff -U 1 "$1" "$2" >diff.log
	show diff.log 30
}

# same_each NAME.want NAME.out: each thread must have the same lines; threads may interleave
same_each() {
	sort -s -k 1,2 "$1" >"$1.each"
	sort -s -k 1,2 "$2" >"$2.each"
	same "$1.each" "$2.each"
}

# Changes a character of the last line, or adds a line to an empty file.
falsify() {
	if [ -s "$1" ]; then
		sed -i '$s/=\([^=]*\)$/=x\1/' "$1"
	else
		echo "pid=1" >"$1"
	fi
}

# whole_stream FILE LINES: its records are whole, and it has as many sends as LINES
whole_stream() {
	[ "$("$test/build/decode" lines "$1" 2>/dev/null | wc -l)" = "$2" ]
}

# value KEY: prints a value of the statistics
value() {
	sed -n "s/^$1 //p" $stats
}

lines() {
	wc -l <"$1" | tr -d ' '
}

# ---- The module -------------------------------------------------------------------

loaded() {
	[ -d /sys/module/sendtrace ]
}

# load [PARAMETER=VALUE...]
# shellcheck disable=SC2120
load() {
	insmod "$ko" "$@"
}

unload() {
	timeout -s KILL "$limit" rmmod sendtrace
}

unload_quietly() {
	! loaded || unload
}

# uses_ftrace: does ftrace call the module at entries, and no kprobe?
uses_ftrace() {
	[ "$(cat /sys/module/sendtrace/parameters/ftrace 2>/dev/null)" = Y ]
}

no_probes() {
	[ -z "$(cat /sys/kernel/debug/kprobes/list)" ]
}

prepare_guest() {
	work=$(mktemp -d /tmp/prepare.XXXXXX)
	ip link set lo up
	for module in $(sed 's/#.*//' "$test/modules"); do
		modprobe "${module#\?}" || echo "# cannot load $module"
	done
	LATE=0
	! copies_late || LATE=1
	export LATE
	until_true "lo has an IPv6 address" sh -c 'ip -6 addr show dev lo | grep -q ::1/128'
	[ ! -s "$work/failed" ] || { echo "Bail out! $(cat "$work/failed")" && exit 1; }
}

# What must hold after every case: no session is open, and the statistics add up.
check_end() {
	loaded || return 0
	until_true "all sessions are closed" grep -q '^sessions 0$' $stats
	awk '
		{ value[$1] = $2 }
		END {
			for (key in value)
				if (key ~ /(^|\.)hits$/) {
					at = substr(key, 1, length(key) - 4)
					sum = value[at "filtered"] + value[at "captured"] + \
						value[at "lost_ring_full"]
					if (sum != value[key])
						print at "filtered + captured + lost is " sum \
							", hits is " value[key]
				}
			if (value["running"] || value["armed"])
				print "running " value["running"] ", armed " value["armed"]
		}' $stats >>"$work/failed"
	no_probes || fail "probes are registered though no session runs"
}

# ---- Running a case ----------------------------------------------------------------

run_shows() {
	# shellcheck disable=SC2086 # arguments are words; patterns in them are not ours
	set -f && start_reader main $options && set +f
	program main "$program" "${name#*.}"
	stop_reader main
	[ -s skipped ] || "$1" main.want main.out
}

run_checks() {
	[ -z "$tamper" ] || export TAMPER=1
	# shellcheck disable=SC2086
	program main "$program" "${name#*.}" $options
	[ ! -s main.want ] || show main.want
}

run_body() {
	case $kind in
	shows) run_shows same ;;
	shows_each) run_shows same_each ;;
	checks) run_checks ;;
	scenario) "case_$(echo "$name" | tr . _)" ;;
	esac
}

run_body_if_possible() {
	case $late_only in
	*" $name "*) copies_late || { skip "the kernel exports no task_work_add()" && return; } ;;
	esac
	run_body
}

# Prints the TAP point of one case; $name and the rest are its line in the table.
run_case() {
	work=$(mktemp -d /tmp/case.XXXXXX)
	cd "$work" || exit 1
	: >failed
	: >skipped
	loaded || load || fail "the module cannot be loaded"
	begun=$(uptime_s)
	# In a subshell, so that one case's variables do not reach another.
	(run_body_if_possible; : >"$work/ended")
	[ -e ended ] || fail "the case ended early"
	check_end
	took=$(($(uptime_s) - begun))
	[ $took -lt 10 ] || echo "# took $took seconds"
	report
	result=$?
	cd / && rm -rf "$work"
	return $result
}

report() {
	if [ -s skipped ] && [ ! -s failed ]; then
		echo "ok $number - $sentence ($name) # SKIP $(cat skipped)"
		return 0
	fi
	if [ -n "$tamper" ]; then
		[ -s failed ] && echo "ok $number - $name fails when it is tampered with" && return 0
		echo "not ok $number - $name fails when it is tampered with"
		return 1
	fi
	[ ! -s failed ] && echo "ok $number - $sentence ($name)" && return 0
	echo "not ok $number - $sentence ($name)"
	sed 's/^/# /' failed
	return 1
}
