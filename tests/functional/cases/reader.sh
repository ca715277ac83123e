# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# sendread as its users see it: options, signals, exit statuses, messages.

scenario reader.read "--read prints what the mapped reader prints"
case_reader_read() {
	start_reader mapped inet unix fail bulk
	start_reader main --read inet unix fail bulk
	for case in "inet udp_several" "unix dgram_connected" "fail bad_pointer" \
		"bulk long_payloads" "fail nothing"; do
		# shellcheck disable=SC2086 # two words
		program part $case
		cat part.want >>main.want
	done
	stop_reader mapped
	stop_reader main
	same main.want mapped.out
	same main.want main.out
}

scenario reader.accepts "-a shows accepted connections with their peers"
case_reader_accepts() {
	start_reader main -a inet
	start_reader without inet
	program main inet accepts
	stop_reader main
	stop_reader without
	same main.want main.out
	: >without.want
	same without.want without.out
}

scenario reader.count "-c 3 prints three events and ends"
case_reader_count() {
	start_reader main -c 3 name
	program all name counted name 5
	end_reader main
	head -n 3 all.want >main.want
	same main.want main.out
}

scenario reader.count_read "-c 3 with --read prints three events and ends"
case_reader_count_read() {
	start_reader main --read -c 3 name
	program all name counted name 5
	end_reader main
	head -n 3 all.want >main.want
	same main.want main.out
}

scenario reader.duration "-d SECONDS ends after that time, with what was sent until then"
case_reader_duration() {
	# On a busy machine sends may take longer than a second: then the next time is tried.
	for seconds in 1 5 25; do
		start_reader main -d $seconds name
		program main name counted name 3
		in_time=yes
		# shellcheck disable=SC2154 # set by start_reader
		! is_gone "$pid_main" || in_time=
		end_reader main
		[ -z "$in_time" ] || break
	done
	same main.want main.out
}

scenario reader.interrupt "Ctrl-C ends sendread with a summary"
case_reader_interrupt() {
	start_reader main name
	program main name counted name 7
	stop_reader main
	same main.want main.out
	holds "the summary reports 7 events captured" grep -q '\<7\>.*captured' main.err
	holds "the summary reports 0 events lost" grep -q '\<0\>.*lost' main.err
}

scenario reader.terminate "SIGTERM ends sendread like Ctrl-C"
case_reader_terminate() {
	start_reader main name
	program main name counted name 7
	eval "kill -TERM \$pid_main"
	end_reader main
	same main.want main.out
	holds "the summary reports 7 events captured" grep -q '\<7\>.*captured' main.err
}

scenario reader.quiet "-q prints nothing on stderr"
case_reader_quiet() {
	timeout -s KILL "$limit" sendread -q name >main.out 2>main.err &
	pid_main=$!
	until_true "the session runs" grep -q '^running 1$' $stats
	program main name counted name 3
	stop_reader main
	same main.want main.out
	equal "bytes on stderr" "$(wc -c <main.err)" 0
}

scenario reader.summary "SIGUSR1 prints the summary while it runs"
case_reader_summary() {
	start_reader main name
	program one name counted name 3
	until_true "three lines are printed" cmp one.want main.out
	eval "kill -USR1 \$pid_main"
	until_true "sendread prints its summary" grep -q '\<3\>.*captured' main.err
	program two name counted name 4
	stop_reader main
	cat one.want two.want >main.want
	same main.want main.out
	holds "the last summary reports 7 events captured" grep -q '\<7\>.*captured' main.err
}

scenario reader.pipe "a closed pipe ends sendread quietly"
case_reader_pipe() {
	mkfifo pipe
	timeout -s KILL "$limit" sendread name >pipe 2>main.err &
	pid_main=$!
	head -n 1 <pipe >main.out &
	pid_head=$!
	until_true "sendread is listening" grep -q listening main.err
	program all name counted name 1
	wait "$pid_head"
	program more name counted name 2
	end_reader main
	same all.want main.out
	refuses "it complains about the pipe" grep -iq 'pipe\|error\|cannot\|fail' main.err
}

scenario reader.lone "a lone event is printed immediately, not when the next one comes"
case_reader_lone() {
	start_reader main name
	program main name counted name 1
	until_true "the lone event is printed" [ -s main.out ]
	same main.want main.out
	stop_reader main
}

scenario reader.overflow "lines and losses add up when the smallest ring overflows"
case_reader_overflow() {
	unload
	load
	start_reader main -B 4 name
	eval "kill -STOP \$pid_main"
	program main name counted name 211
	eval "kill -CONT \$pid_main"
	stop_reader main
	equal "lines and lost_ring_full" $(($(lines main.out) + $(value lost_ring_full))) 211
	[ "$(value lost_ring_full)" -gt 0 ] || fail "nothing was lost"
	holds "the summary reports how many were lost" \
		grep -q "\<$(value lost_ring_full)\>.*lost" main.err
}

scenario reader.library "a program with libsendtrace gets the events from the device"
case_reader_library() {
	timeout -s KILL "$limit" "$test/build/example" >all.out 2>example.err &
	pid_example=$!
	until_true "the example's session runs" grep -q '^running 1$' $stats
	program name name counted name 5
	sed 's/^pid=\([0-9]*\) .* comm=\([^ ]*\) .* ret=\([0-9]*\) call=sendto$/pid=\1 comm=\2 bytes=\3/' \
		name.want >main.want
	until_true "the example has printed them" shown_by_example 5
	kill "$pid_example"
	wait "$pid_example" 2>/dev/null
	grep ' comm=name ' all.out >main.out
	same main.want main.out
	equal "bytes of the example's errors" "$(wc -c <example.err)" 0
}

shown_by_example() {
	[ "$(grep -c ' comm=name ' all.out)" = "$1" ]
}

# wrong STATUS WORD ARGUMENT...: one sentence on stderr with WORD, nothing on stdout
wrong() {
	want=$1 word=$2
	shift 2
	timeout -s KILL "$limit" sendread "$@" >wrong.out 2>wrong.err
	equal "exit status of sendread $*" $? "$want"
	equal "lines on stdout of sendread $*" "$(lines wrong.out)" 0
	holds "sendread $* prints '$word'" grep -qi -e "$word" wrong.err
}

scenario reader.usage "wrong usage gives one sentence and exit status 2"
case_reader_usage() {
	for given in '' 12abc -1 99999999999999999999; do
		wrong 2 snaplen -s "$given" .
		wrong 2 count -c "$given" .
		wrong 2 pid -p "$given" .
		wrong 2 buffer -B "$given" .
	done
	wrong 2 duration -d soon .
	wrong 2 option --unknown .
	wrong 2 option -Z .
	wrong 2 COMM ''
	wrong 2 COMM '[a-'
	wrong 2 COMM "$(printf '%064d' 0)"
	wrong 2 COMM -v
	wrong 2 value -s
	equal "lines of one complaint" "$(lines wrong.err)" 1
}

scenario reader.failures "failures give a reason and exit status 1"
case_reader_failures() {
	unload
	wrong 1 sendtrace --no-load .
	load
	wrong 1 /nowhere --device /nowhere .
	echo "this is no record stream, however long it may be" >junk
	wrong 1 corrupt --device junk
	timeout -s KILL "$limit" sendread -c 1 . >/dev/full 2>full.err &
	pid_full=$!
	until_true "sendread is listening" grep -q listening full.err
	program main name counted name 1
	wait "$pid_full"
	equal "exit status with a full disk" $? 1
	holds "it reports that the disk is full" grep -qi 'space' full.err
}

scenario reader.truncated "a truncated saved stream is printed up to its end, with exit status 1"
case_reader_truncated() {
	timeout -s KILL "$limit" cat /dev/sendtrace >stream &
	pid_cat=$!
	until_true "cat has started the session" grep -q '^running 1$' $stats
	program all name counted name 5
	until_true "cat has written all" whole_stream stream 5
	kill "$pid_cat"
	wait "$pid_cat" 2>/dev/null
	head -n 4 all.want >main.want
	head -c "$(($(wc -c <stream) - 8))" stream >short
	timeout -s KILL "$limit" sendread --device short >main.out 2>main.err
	equal "exit status" $? 1
	holds "it reports an incomplete record" grep -qi 'corrupt\|truncated' main.err
	same main.want main.out
}

scenario reader.unprivileged "without privilege it fails with a reason and exit status 1"
case_reader_unprivileged() {
	su -s /bin/sh nobody -c "/usr/sbin/sendread ." >main.out 2>main.err
	equal "exit status" $? 1
	holds "it names the needed privilege" grep -qi 'root\|CAP_SYS_ADMIN\|permission' main.err
	equal "lines on stdout" "$(lines main.out)" 0
}

scenario reader.loads "root's sendread loads an installed module and says so"
case_reader_loads() {
	unload
	start_reader main name
	holds "the module is loaded" loaded
	holds "it says that it loaded it" grep -qi 'load' main.err
	program main name counted name 2
	stop_reader main
	same main.want main.out
}

# load_fails COMMAND...: sendread, run by this command, cannot load the module
load_fails() {
	unload
	timeout -s KILL "$limit" "$@" sendread -c 1 . >main.out 2>main.err
	equal "exit status" $? 1
	refuses "the module is loaded" loaded
}

scenario reader.install_command "a command that modprobe.d runs instead of loading the module is named"
case_reader_install_command() {
	mkdir -p /etc/modprobe.d
	for command in /bin/true /bin/false; do
		echo "install sendtrace $command" >/etc/modprobe.d/sendtrace.conf
		load_fails env
		holds "it names the command" grep -qF "runs '$command' instead" main.err
		refuses "it says that it loaded the module" grep -q "loaded module" main.err
	done
	rm /etc/modprobe.d/sendtrace.conf
}

scenario reader.load_refused "where the kernel refuses to load the module, the true cause is named"
case_reader_load_refused() {
	cap_sys_module=16
	load_fails "$test/build/without" capability $cap_sys_module
	holds "without the capability it asks for that" grep -q CAP_SYS_MODULE main.err
	# It could not be set back: 1 is only shown.
	echo 1 >disabled
	mount --bind disabled /proc/sys/kernel/modules_disabled
	load_fails "$test/build/without" capability $cap_sys_module
	umount /proc/sys/kernel/modules_disabled
	holds "with modules_disabled it names that" grep -q "kernel.modules_disabled is 1" main.err
	refuses "... and not the capability" grep -q CAP_SYS_MODULE main.err
}
