# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Order across CPUs, delays, wake-ups, CPUs that go offline and come back.

needs_late order.held_up order.held_up_read order.saved_sorted

# All 200,000 sends take minutes in emulation: only with SENDTRACE_DEEP on the kernel's command line.
numbered() {
	total=20000
	if grep -q SENDTRACE_DEEP /proc/cmdline; then
		total=200000 limit=900
	fi
	start_reader main -B 65536 "$@" whole_order
	program main whole_order threads $total
	stop_reader main
	equal "lines" "$(lines main.out)" $total
	holds "each thread's numbers ascend and are complete" \
		sh -c "'$test/build/whole_order' look $total <main.out"
	echo "# $total numbered sends"
}

scenario order.mapped "sends of 8 threads that keep changing CPUs are shown complete and in order"
case_order_mapped() {
	numbered
}

scenario order.read "sends of 8 threads that keep changing CPUs are shown complete and in order, with --read"
case_order_read() {
	numbered --read
}

# ---- Answers and their requests --------------------------------------------------------------

exchanges=50

# early FILE: how many answers stand before their request
early() {
	"$test/build/exchange" early $exchanges <"$1"
}

scenario order.saved_sorted "with --sort no answer in a saved stream stands before its request; without, some do"
case_order_saved_sorted() {
	timeout -s KILL "$limit" cat /dev/sendtrace >stream &
	pid_cat=$!
	until_true "cat has started the session" grep -q '^running 1$' $stats
	program main exchange run $exchanges
	until_true "cat has written all" whole_stream stream $((2 * exchanges))
	kill "$pid_cat"
	wait "$pid_cat" 2>/dev/null
	timeout -s KILL "$limit" sendread --device stream >plain 2>plain.err
	timeout -s KILL "$limit" sendread --sort --device stream >sorted 2>sorted.err
	equal "exit status of --sort" $? 0
	holds "answers stand before their requests without --sort" [ "$(early plain)" -gt 0 ]
	equal "answers that stand before their requests" "$(early sorted)" 0
	echo "# $(early plain) of $exchanges answers stand before their requests without --sort"
}

# A window of two seconds: no call takes that long, even where the emulator is stopped for a while.
# live_sorted READER'S ARGUMENT...
live_sorted() {
	start_reader main --sort=2s "$@" exchange
	program main exchange run $exchanges
	until_true "all is shown while the trace runs" has_lines $((2 * exchanges)) main.out
	stop_reader main
	equal "answers that stand before their requests" "$(early main.out)" 0
	holds "none came too late" is_refused grep -q "out of order\|early" main.err
}

scenario order.live_sorted "with --sort=2s no answer stands before its request"
case_order_live_sorted() {
	live_sorted
}

scenario order.live_sorted_read "with --sort=2s no answer stands before its request, with --read"
case_order_live_sorted_read() {
	live_sorted --read
}

# measured PROGRAM'S ARGUMENT...
measured() {
	[ -z "$tamper" ] || export TAMPER=1
	program main whole_delay "$@"
	echo "# $(cat main.want)"
}

scenario order.lone "a lone event is printed within 10 ms"
case_order_lone() {
	measured lone
}

scenario order.lone_read "a lone event is printed within 10 ms, with --read"
case_order_lone_read() {
	measured lone --read
}

scenario order.held_up "a CPU in the middle of a long payload delays no other event"
case_order_held_up() {
	measured held_up
}

scenario order.held_up_read "a CPU in the middle of a long payload delays no other event, with --read"
case_order_held_up_read() {
	measured held_up --read
}

# How often a process has slept.
slept() {
	sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "/proc/$1/status"
}

wake_ups() {
	number=4000
	start_reader main "$@" whole_order
	# shellcheck disable=SC2154 # set by start_reader
	before=$(slept "$pid_main")
	program main whole_order threads $number
	until_true "all lines are printed" has_lines $number main.out
	times=$(($(slept "$pid_main") - before))
	stop_reader main
	equal "lines" "$(lines main.out)" $number
	holds "expected fewer than one wake-up per ten events, got $times for $number" \
		[ $((times * 10)) -lt $number ]
	echo "# $times wake-ups in $number events"
}

scenario order.wake_ups "a busy reader is woken for less than one event in ten"
case_order_wake_ups() {
	wake_ups
}

scenario order.wake_ups_read "a busy reader is woken for less than one event in ten, with --read"
case_order_wake_ups_read() {
	wake_ups --read
}

# ---- CPUs that go offline and come back ----------------------------------------------------

cpu1=/sys/devices/system/cpu/cpu1/online

# hotplug READER'S ARGUMENT...
hotplug() {
	start_reader main "$@" whole_order
	kill -STOP "$pid_main"
	program main whole_order on_cpu 1 150
	holds "CPU 1 goes offline" sh -c "echo 0 >$cpu1"
	equal "lines while the reader was stopped" "$(lines main.out)" 0
	kill -CONT "$pid_main"
	until_true "the records of CPU 1 are printed" cmp main.want main.out
	start_reader later "$@" whole_order
	program zero whole_order on_cpu 0 20
	holds "CPU 1 comes online again" sh -c "echo 1 >$cpu1"
	program one whole_order on_cpu 1 30
	stop_reader main
	stop_reader later
	cat zero.want one.want >later.want
	cat later.want >>main.want
	same main.want main.out
	same later.want later.out
}

scenario order.hotplug "a CPU taken offline loses nothing, and is traced again when it comes back"
case_order_hotplug() {
	hotplug
}

scenario order.hotplug_read "a CPU taken offline loses nothing, with --read"
case_order_hotplug_read() {
	hotplug --read
}

has_lines() {
	[ "$(lines "$2")" = "$1" ]
}
