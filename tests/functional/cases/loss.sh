# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Provable loss: under overload every missing event is reported, by number.

needs_late whole_loss.overload

checks whole_loss.overload "under overload, in every session, a LOST record reports every gap with its exact size"

# lost_of NAME: the lost events of its summary; reported_of NAME: the sum of its earlier reports,
# which name CPUs, unless the counters told of the loss before a record did
lost_of() {
	sed -n 's/^[^0-9]*\([0-9]*\) events\{0,1\} lost.*/\1/p' "$1.err" | tail -n 1
}

reported_of() {
	sed -n 's/^sendread: \(.*: \)\{0,1\}\([0-9]*\) events\{0,1\} lost: .*/\2/p' "$1.err" |
		awk '{ n += $1 } END { print n + 0 }'
}

# Sends more until each reader has shown one from each CPU: then it has caught up.
send_last_ones() {
	for reader in "$@"; do
		until_true "the reader ($reader) has caught up" caught_up "$reader"
	done
}

caught_up() {
	grep -q ' msg=last0 ' "$1.out" && grep -q ' msg=last1 ' "$1.out" && return
	"$test/build/whole_loss" last
	last=$((last + 2))
	usleep 100000
	false
}

scenario loss.readers "stopped, suspended and killed readers leave no missing line unexplained"
case_loss_readers() {
	unload
	load
	sends=2000 last=0
	start_reader good -B 16384 loss
	start_reader good_read --read -B 16384 loss
	start_reader stopped -B 4 loss
	start_reader stopped_read --read -B 4 loss
	start_reader suspended -B 16 loss
	start_reader suspended_read --read -B 16 loss
	start_reader killed -B 64 loss
	start_reader killed_read --read -B 64 loss
	start_program main whole_loss texts $sends
	# shellcheck disable=SC2154 # set by start_reader
	kill -STOP "$pid_stopped" "$pid_stopped_read"
	open_gate main
	until_true "some lines are printed" more_than 100 good.out
	# shellcheck disable=SC2154
	kill -STOP "$pid_suspended" "$pid_suspended_read"
	# shellcheck disable=SC2154
	kill -KILL "$pid_killed" "$pid_killed_read"
	until_true "more lines are printed" more_than 1500 good.out
	kill -CONT "$pid_suspended" "$pid_suspended_read"
	end_program main
	kill -CONT "$pid_stopped" "$pid_stopped_read"
	send_last_ones good good_read stopped stopped_read suspended suspended_read
	# These sends make a reader report what it lost while another caught up.
	send_last_ones_once
	hits=$(value hits)
	for reader in good good_read stopped stopped_read suspended suspended_read; do
		stop_reader $reader
		equal "lines and losses ($reader)" $(($(lines $reader.out) + $(lost_of $reader))) \
			$((2 * sends + last))
		equal "losses reported ($reader)" "$(reported_of $reader)" "$(lost_of $reader)"
		holds "the numbers ascend ($reader)" ascending $reader.out
	done
	equal "losses (good)" "$(lost_of good)$(lost_of good_read)" 00
	for reader in stopped stopped_read suspended suspended_read; do
		[ "$(lost_of $reader)" -gt 0 ] || fail "nothing was lost ($reader)"
	done
	equal "filtered, captured and lost in total" \
		$(($(value filtered) + $(value captured) + $(value lost_ring_full))) "$hits"
	echo "# lost: stopped $(lost_of stopped) and $(lost_of stopped_read)," \
		"suspended $(lost_of suspended) and $(lost_of suspended_read) of $((2 * sends + last))"
}

send_last_ones_once() {
	"$test/build/whole_loss" last
	last=$((last + 2))
}

more_than() {
	[ "$(lines "$2")" -gt "$1" ]
}

ascending() {
	"$test/build/whole_order" ascending <"$1"
}
