# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# For a kernel that looks for data races: values that are read while they change.

scenario races.counters "counters and sessions are read while senders, readers and filters change them"
case_races_counters() {
	start_calls senders storm 4 20000
	start_reader main -B 64 storm
	turn=0
	while [ $turn -lt "$(parameter looks 100)" ]; do
		turn=$((turn + 1))
		cat $stats /proc/sendtrace/sessions >/dev/null || fail "the statistics cannot be read"
		[ $((turn % 10)) != 0 ] || kill -USR1 $pid_main
	done
	stop_calls
	stop_reader main
}
