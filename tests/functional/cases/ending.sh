# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# How a trace ends when nobody reads the lines, and what is said of events that are missing.

# start_unread [ARGUMENT...]: starts sendread on the pipe `lines`, which descriptor 8 reads later
start_unread() {
	: >main.err
	mkfifo lines
	exec 8<>lines
	timeout -s KILL "$limit" sendread "$@" name >lines 2>main.err 8<&- &
	pid_main=$!
	exec 9<lines 8<&-
	until_true "sendread is listening" grep -q listening main.err
}

# read_lines: what is in the pipe until all its writers have ended. Without a part of a line, which a
# full pipe may have taken.
read_lines() {
	cat <&9 >main.raw
	exec 9<&-
	head -n "$(lines main.raw)" main.raw >main.out
}

stopped() {
	grep -q '^running 0$' $stats
}

# number_of BEFORE BEHIND: the number between two texts of one of sendread's messages
number_of() {
	sed -n "s/^$1\([0-9]\{1,\}\)$2\$/\1/p" main.err
}

# Lines, events that were not printed and losses are all events; and sendread says so.
adds_up() {
	unprinted=$(number_of "sendread: cannot write to standard output: nobody reads it, " \
		" events captured were not printed")
	captured=$(value captured)
	equal "lines and events not printed" $(($(lines main.out) + unprinted)) $captured
	equal "events captured in the summary" "$(number_of "" " events captured")" $captured
	equal "events not printed in the summary" "$(number_of "" " events not printed")" \
		"$unprinted"
	equal "events lost in the summary" "$(number_of "" " events lost.*")" \
		"$(value lost_ring_full)"
}

scenario ending.time_unread "-d ends a trace in time although nobody reads its lines, and says what was not printed"
case_ending_time_unread() {
	unload
	load
	start_unread -d 5
	program all name counted name 4000
	until_true "the session is stopped" stopped
	end_reader main 1
	read_lines
	adds_up
	head -n "$(lines main.out)" all.want >main.want
	same main.want main.out
}

scenario ending.signal_unread "one SIGTERM ends a trace whose lines nobody reads"
case_ending_signal_unread() {
	unload
	load
	start_unread
	program all name counted name 4000
	kill -TERM "$pid_main"
	end_reader main 1
	read_lines
	adds_up
	equal "events captured and lost" $(($(value captured) + $(value lost_ring_full))) 4000
}

# The summary reports 4000 events. On a busy machine sendread may have waited for its reader in vain
# for a second: then it says how many lines are missing.
all_lines_or_said_to_be_missing() {
	wait "$pid_main"
	status=$?
	if [ $status -eq 1 ] && grep -q "nobody reads it" main.err; then
		adds_up
		head -n "$(lines main.out)" all.want >main.want
	else
		equal "exit status of sendread" $status 0
		cp all.want main.want
	fi
	same main.want main.out
	holds "the summary reports 4000 events captured" grep -q '^4000 events captured$' main.err
}

scenario ending.stops_at_once "a signal stops the session before anybody reads the lines"
case_ending_stops_at_once() {
	unload
	load
	start_unread
	program all name counted name 4000
	kill -TERM "$pid_main"
	until_true "the session is stopped" stopped
	read_lines
	all_lines_or_said_to_be_missing
}

scenario ending.time_late "after -d, lines are printed as long as somebody reads them"
case_ending_time_late() {
	unload
	load
	start_unread -d 5
	program all name counted name 4000
	until_true "the session is stopped" stopped
	read_lines
	end_reader main
	# On a busy machine the time may be over before the last send.
	head -n "$(value captured)" all.want >main.want
	same main.want main.out
}

scenario ending.messages_unread "one SIGTERM ends a trace whose lines and messages nobody reads"
case_ending_messages_unread() {
	mkfifo lines
	exec 8<>lines
	timeout -s KILL "$limit" sendread -B 4 name >lines 2>&1 8<&- &
	pid_main=$!
	until_true "the session runs" grep -q '^running 1$' $stats
	program all name counted name 4000
	kill -TERM "$pid_main"
	until_true "the session is stopped" stopped
	end_reader main 1
	exec 8<&-
}

scenario ending.full_ring "-q reports what was lost after the last record of a CPU, once"
case_ending_full_ring() {
	unload
	load
	timeout -s KILL "$limit" sendread -q -B 4 name >main.out 2>main.err &
	pid_main=$!
	until_true "the session runs" grep -q '^running 1$' $stats
	kill -STOP "$pid_main"
	program all name counted name 200
	kill -INT "$pid_main"
	kill -CONT "$pid_main"
	end_reader main
	[ "$(value lost_ring_full)" -gt 0 ] || fail "nothing was lost"
	equal "lines and losses" $(($(lines main.out) + $(value lost_ring_full))) 200
	equal "losses reported" "$(reported_of main)" "$(value lost_ring_full)"
}
