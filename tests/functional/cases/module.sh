# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# The module: loading and unloading around sleeping calls, statistics, probes.

shows_each block.tcp "a sleeping send is shown when it returns"
shows block.renumbered "a sleeping send whose descriptor's number is reused is shown with its own peer"

scenario block.trace_ends "a trace ends without waiting for a sleeping send"
case_block_trace_ends() {
	start_reader main block
	start_program main block tcp
	stop_reader main
	: >nothing.want
	same nothing.want main.out
	open_gate main
	end_program main
}

scenario block.trace_begins "a send that slept when the trace began is not shown; the next one is"
case_block_trace_begins() {
	start_program main block tcp
	start_reader main block name
	open_gate main
	end_program main
	program next name counted name 2
	stop_reader main
	same next.want main.out
}

# unload_around PROGRAM CASE...: unloads and loads the module while its calls sleep
unload_around() {
	start_reader main block
	start_program main "$@"
	stop_reader main
	holds "rmmod succeeds" unload
	refuses "the module is gone" loaded
	open_gate main
	end_program main
	holds "insmod succeeds again" load
	start_reader again name
	program again name counted name 3
	stop_reader again
	same again.want again.out
}

scenario block.unload_sender "the module is unloaded while sends sleep, which then return normally"
case_block_unload_sender() {
	unload_around block many 8
}

scenario block.unload_acceptor "the module is unloaded while an accept sleeps, which then returns normally"
case_block_unload_acceptor() {
	unload_around block acceptor
}

# With systemd, and in containers, every process is in a cgroup.
scenario module.cgroup "a reader in its own memory cgroup sees what it asked for"
case_module_cgroup() {
	mkdir cgroup
	mount -t cgroup2 none cgroup || { skip "the kernel has no cgroup2" && return; }
	if echo +memory >cgroup/cgroup.subtree_control; then
		mkdir cgroup/reader
		echo 0 >cgroup/reader/cgroup.procs
		start_reader main name
		echo 0 >cgroup/cgroup.procs
		echo "# charged to the reader's cgroup: $(cat cgroup/reader/memory.current) bytes"
		program main name counted name 3
		stop_reader main
		same main.want main.out
		until_true "the cgroup is empty" rmdir cgroup/reader
		echo -memory >cgroup/cgroup.subtree_control
	else
		skip "the kernel has no memory controller in cgroup2"
	fi
	umount cgroup
}

scenario block.killed "a traced process is killed while its send sleeps"
case_block_killed() {
	start_reader main block
	start_program main block many 2
	kill -KILL "$program_main"
	stop_reader main
}

scenario module.maxactive "calls beyond maxactive are counted as missed"
case_module_maxactive() {
	unload
	load maxactive=4
	start_reader main block
	start_program main block many 8
	open_gate main
	end_program main
	equal "missed_send" "$(value missed_send)" 4
	equal "missed_accept" "$(value missed_accept)" 0
	stop_reader main
	equal "lines" "$(lines main.out)" 4
	equal "missed_send after the session" "$(value missed_send)" 4
	holds "the summary reports the 4" grep -q '\<4\>.*missed\|missed.*\<4\>' main.err
	unload
	load
}

scenario module.share "one user's sleeping calls cannot keep those of another user from being seen"
case_module_share() {
	unload
	load maxactive=8
	start_reader held block
	start_reader main name
	start_program held block many 9 1000
	program main name counted name 3
	open_gate held
	end_program held
	equal "missed_send" "$(value missed_send)" 2
	stop_reader held
	stop_reader main
	equal "lines of the first user" "$(lines held.out)" 7
	same main.want main.out
	holds "the summary reports the 2" grep -q '\<2\>.*missed\|missed.*\<2\>' held.err
	unload
	load
}

# What sleeps when the hooks are disarmed never gives its share back.
scenario module.share_anew "a new trace begins with unused shares"
case_module_share_anew() {
	unload
	load maxactive=8
	start_reader main block
	start_program held block many 8 1000
	stop_reader main
	start_reader again block
	start_program other block many 6 1000
	open_gate other
	end_program other
	open_gate held
	end_program held
	stop_reader again
	equal "lines" "$(lines again.out)" 6
	unload
	load
}

scenario module.busy "rmmod is refused while the device is open"
case_module_busy() {
	exec 9</dev/sendtrace
	# Otherwise the program that timeout(1) starts would keep the device open a little longer.
	refuses "rmmod with the device open" unload 9<&-
	holds "the module is still there" loaded
	exec 9<&-
	holds "rmmod with the device closed" unload
	load
	start_reader main nobody
	refuses "rmmod with sendread running" unload
	stop_reader main
}

scenario module.reload "the module is loaded and unloaded repeatedly"
case_module_reload() {
	for turn in 1 2 3 4 5; do
		unload || fail "rmmod, turn $turn"
		[ ! -e /dev/sendtrace ] || fail "/dev/sendtrace is there without the module"
		[ ! -e /proc/sendtrace ] || fail "/proc/sendtrace is there without the module"
		load || fail "insmod, turn $turn"
	done
	start_reader main name
	program main name counted name 1
	stop_reader main
	same main.want main.out
}

# probed SYMBOL: is there a probe on it, or does ftrace call somebody there?
probed() {
	grep -q "$1" /sys/kernel/debug/kprobes/list ||
		grep -q "^$1 " /sys/kernel/debug/tracing/enabled_functions
}

not_probed() {
	! probed "$1"
}

scenario module.probes "a function is probed while a running session asks for its events, and only then"
case_module_probes() {
	holds "no probe before" no_probes
	equal "armed before" "$(value armed)" 0
	start_reader main nobody
	holds "a session that asks for sends probes __sys_sendto" probed __sys_sendto
	holds "... and not __sys_accept4" not_probed __sys_accept4
	start_reader second -a nobody
	holds "one that asks for accepts probes __sys_accept4, too" probed __sys_accept4
	equal "armed" "$(value armed)" 1
	stop_reader main
	holds "the second session keeps its probes" probed __sys_sendto
	holds "... both of them" probed __sys_accept4
	stop_reader second
	holds "no probe after" no_probes
	equal "armed after" "$(value armed)" 0
}

scenario module.nothing_missing "of the calls of this kernel none is missing"
case_module_nothing_missing() {
	start_reader main -e all name
	refuses "sendread says that calls are not seen" grep -q "not seen are the calls" main.err
	stop_reader main
}

# load_for_kprobes: kprobes at entries, also where ftrace would call the module
load_for_kprobes() {
	uses_ftrace || return 0
	unload
	load ftrace=0
}

scenario module.blind "probes that root has disabled are noticed"
case_module_blind() {
	enabled=/sys/kernel/debug/kprobes/enabled
	load_for_kprobes
	start_reader main name
	equal "blind at first" "$(value blind)" 0
	echo 0 >$enabled
	equal "blind with kprobes disabled" "$(value blind)" 1
	program unseen name counted name 2
	echo 1 >$enabled
	equal "blind with kprobes enabled again" "$(value blind)" 0
	program main name counted name 3
	stop_reader main
	same main.want main.out
	unload
	load
}

scenario module.blind_reader "sendread, whose rights are gone by then, names what root has disabled"
case_module_blind_reader() {
	enabled=/sys/kernel/debug/kprobes/enabled
	load_for_kprobes
	start_reader main name
	echo 0 >$enabled
	until_true "sendread says that kprobes are off" grep -q "kprobes is switched off" main.err
	holds "... and where" grep -qF "$enabled" main.err
	echo 1 >$enabled
	until_true "sendread says that they are on again" grep -q "kprobes is on again" main.err
	stop_reader main
	unload
	load
}

scenario module.without_kprobes "where ftrace is used, calls are seen while root has disabled kprobes"
case_module_without_kprobes() {
	uses_ftrace || { skip "the module uses kprobes on this kernel" && return; }
	echo 0 >/sys/kernel/debug/kprobes/enabled
	start_reader main name
	program main name counted name 3
	equal "blind" "$(value blind)" 0
	stop_reader main
	echo 1 >/sys/kernel/debug/kprobes/enabled
	same main.want main.out
}

scenario module.by_kprobes "with ftrace=0 kprobes see all entries"
case_module_by_kprobes() {
	uses_ftrace || { skip "the module uses kprobes on this kernel" && return; }
	load_for_kprobes
	start_reader main -e all name
	holds "__sys_sendto has a kprobe" grep -q __sys_sendto /sys/kernel/debug/kprobes/list
	program main name counted name 3
	equal "hits_send" "$(value hits_send)" 3
	stop_reader main
	grep ' call=sendto$' main.out >main.sends
	same main.want main.sends
	unload
	load
}

scenario module.stats "/proc/sendtrace/stats counts hits, filtered, captured and bytes"
case_module_stats() {
	unload
	load
	# Keys may be added after these, but none is ever removed.
	equal "the first keys" "$(grep -v '^cpu' $stats | cut -d' ' -f1 | head -n 12 | tr '\n' ' ')" \
		"sessions running armed hits filtered captured bytes cut faults lost_ring_full missed_send missed_accept "
	cpus=$(grep -c ^processor /proc/cpuinfo)
	for key in hits filtered captured bytes cut faults lost_ring_full; do
		[ "$(grep -c "^cpu[0-9]*\.$key [0-9]*\$" $stats)" -ge "$cpus" ] ||
			fail "expected cpuN.$key for each of $cpus CPUs"
	done
	start_reader main -s 5 seen
	equal "sessions" "$(value sessions)" 1
	equal "running" "$(value running)" 1
	program seen name counted seen 13
	program other name counted other 17
	equal "hits" "$(value hits)" 30
	equal "filtered" "$(value filtered)" 17
	equal "captured" "$(value captured)" 13
	equal "bytes" "$(value bytes)" 65
	equal "cut" "$(value cut)" 13
	equal "sum of hits per CPU" "$(sed -n 's/^cpu[0-9]*\.hits //p' $stats | awk '{ n += $1 } END { print n }')" 30
	stop_reader main
	equal "hits after the session" "$(value hits)" 30
	equal "sessions after it" "$(value sessions)" 0
}

scenario module.sessions "/proc/sendtrace/sessions lists who has the device open"
case_module_sessions() {
	sessions=/proc/sendtrace/sessions
	equal "sessions at first" "$(lines $sessions)" 0
	start_reader one alpha 'be*'
	start_reader two -p 1 .
	equal "sessions" "$(lines $sessions)" 2
	for pattern in "pid=$pid_one " "pid=$pid_two " "comm=sendread " "since=20..-" alpha 'be\*'; do
		holds "sessions list $pattern" grep -q "$pattern" $sessions
	done
	equal "lines of the first" "$(grep -c "pid=$pid_one .*alpha" $sessions)" 1
	refuses "other users may read $sessions" setpriv_nobody cat $sessions
	stop_reader one
	equal "sessions after the first left" "$(lines $sessions)" 1
	stop_reader two
}

# calls_of READER: which calls /proc/sendtrace/sessions says that it records
calls_of() {
	eval "pid=\$pid_$1"
	sed -n "s/.* pid=$pid .* calls=\([^ ]*\).*/\1/p" /proc/sendtrace/sessions
}

scenario module.calls "/proc/sendtrace/sessions lists the calls of each session, as -e takes them"
case_module_calls() {
	start_reader main name
	equal "by default" "$(calls_of main)" send
	stop_reader main
	for list in all recv,accept accept,sendto recv,sendto,writev '!io_uring' splice shutdown; do
		start_reader main -e "$list" name
		shown=$(calls_of main)
		stop_reader main
		start_reader main -e "$shown" name
		equal "calls of -e $shown" "$(calls_of main)" "$shown"
		stop_reader main
		case $list in
		!io_uring) ;;
		*) equal "calls of -e $list" "$shown" "$list" ;;
		esac
	done
	timeout -s KILL "$limit" cat /dev/sendtrace >/dev/null &
	pid_main=$!
	until_true "cat has started the session" grep -q '^running 1$' $stats
	equal "calls of cat" "$(calls_of main)" 'sendto,accept,!io_uring'
	kill "$pid_main"
	wait "$pid_main" 2>/dev/null
}

setpriv_nobody() {
	su -s /bin/sh nobody -c "$*"
}

scenario module.cat "cat /dev/sendtrace yields the records of every call"
case_module_cat() {
	timeout -s KILL "$limit" cat /dev/sendtrace >stream &
	pid=$!
	until_true "cat has started the session" grep -q '^running 1$' $stats
	program one name counted alpha 5
	program two inet tcp_mapped
	program three unix odd_names
	program four other no_socket
	cat one.want two.want three.want four.want >main.want
	until_true "cat has written all" whole_stream stream "$(lines main.want)"
	kill "$pid"
	wait "$pid" 2>/dev/null
	program main decode lines stream
	mv main.want main.out
	cat one.want two.want three.want four.want >main.want
	same main.want main.out
	timeout -s KILL "$limit" sendread --device stream >saved.out 2>saved.err
	equal "exit status of sendread --device" $? 0
	same main.want saved.out
}
