# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# What sendread may do while it prints, who can read its lines, and what it says of what it does
# not see.

cap_dac_read_search=2
cap_sys_admin=21
cap_sys_ptrace=19

# status PID KEY: a value of /proc/PID/status
status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

# has_no_rights PID UID
has_no_rights() {
	for key in CapInh CapPrm CapEff CapAmb; do
		equal "$key" "$(status_of "$1" $key)" 0000000000000000
	done
	equal "the uids" "$(status_of "$1" Uid)" "$2	$2	$2	$2"
	equal "no_new_privs" "$(status_of "$1" NoNewPrivs)" 1
}

# Of the process that looks into /proc for sendread.
helper_of() {
	grep -l "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null | tr -dc '0-9\n'
}

scenario rights.dropped "while it prints, sendread is nobody and has no capabilities"
case_rights_dropped() {
	start_reader main name
	has_no_rights "$pid_main" 65534
	equal "the bounding set" "$(status_of "$pid_main" CapBnd)" 0000000000000000
	equal "groups" "$(status_of "$pid_main" Groups | tr -d ' ')" ""
	refuses "nobody may look into its memory" setpriv_nobody cat "/proc/$pid_main/maps"
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario rights.read "with --read it has no more rights, and stops as well"
case_rights_read() {
	start_reader main --read name
	has_no_rights "$pid_main" 65534
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario rights.saved "a saved stream is printed without rights, too"
case_rights_saved() {
	mkfifo stream
	timeout -s KILL "$limit" sendread --device stream >main.out 2>main.err &
	pid_main=$!
	exec 9>stream
	until_true "sendread has opened the stream" \
		grep -q "^NoNewPrivs:[[:space:]]*1\$" /proc/$pid_main/status
	until_true "sendread is nobody" grep -q "^Uid:.*65534" /proc/$pid_main/status
	until_true "it has no capabilities" grep -q "^CapPrm:[[:space:]]*0*\$" /proc/$pid_main/status
	has_no_rights $pid_main 65534
	exec 9>&-
	end_reader main
}

scenario rights.helper "its helper can look at processes, and has nothing open but two pipes"
case_rights_helper() {
	start_reader main name
	helper=$(helper_of "$pid_main")
	equal "its name" "$(status_of "$helper" Name)" sendread-helper
	equal "its bounding set" "$(status_of "$helper" CapBnd)" 0000000000000000
	equal "its capabilities" "$(status_of "$helper" CapPrm)" 0000000000080004
	equal "its uids" "$(status_of "$helper" Uid)" "65534	65534	65534	65534"
	equal "its no_new_privs" "$(status_of "$helper" NoNewPrivs)" 1
	equal "its descriptors" "$(echo "/proc/$helper/fd/"*)" "/proc/$helper/fd/0 /proc/$helper/fd/1"
	refuses "it has mapped the rings" grep -q sendtrace "/proc/$helper/maps"
	stop_reader main
	until_true "it ends with sendread" is_gone "$helper"
}

# start_limited NAME "WORDS OF without" ARGUMENT...: as start_reader, with fewer rights
start_limited() {
	reader=$1 limits=$2
	shift 2
	: >"$reader.out"
	: >"$reader.err"
	# shellcheck disable=SC2086 # they are words
	timeout -s KILL "$limit" "$test/build/without" $limits sendread "$@" >"$reader.out" 2>"$reader.err" &
	eval "pid_$reader=$!"
	until_true "sendread $* is listening" listening_or_gone "$reader" $!
	grep -q listening "$reader.err" || show "$reader.err"
}

scenario rights.sys_admin_alone "root with CAP_SYS_ADMIN alone traces, and gives that up"
case_rights_sys_admin_alone() {
	start_limited main "others $cap_sys_admin" name
	has_no_rights "$pid_main" 0
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario rights.other_user "another user with CAP_SYS_ADMIN traces, and gives that up"
case_rights_other_user() {
	chmod 666 /dev/sendtrace
	start_limited main "root $cap_sys_admin" name
	chmod 600 /dev/sendtrace
	has_no_rights "$pid_main" 1000
	refuses "others of that user may look into its memory" \
		timeout "$limit" "$test/build/without" root 0 cat "/proc/$pid_main/maps"
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario rights.not_dropped "where rights cannot be given up, nothing is traced"
case_rights_not_dropped() {
	timeout -s KILL "$limit" "$test/build/without" capset sendread -d 1 . >main.out 2>main.err
	equal "exit status" $? 1
	holds "it says why" grep -q "cannot give up the rights.*Operation not permitted" main.err
	equal "lines" "$(lines main.out)" 0
}

# ---- Who reads the lines --------------------------------------------------------------

# warns_of FILE ARGUMENT...: does sendread warn that others can read this file?
warns_of() {
	timeout -s KILL "$limit" sendread -d 0.1 "$@" nobody >>main.out 2>main.err
	grep -q "others can read '$work/main.out' (mode" main.err
}

scenario rights.readable "lines in a file that others can read are warned of"
case_rights_readable() {
	: >main.out
	refuses "it warns of a file in a folder of our own" warns_of
	chmod 755 .
	for mode in 644 640 604; do
		chmod $mode main.out
		holds "it warns of mode $mode" warns_of
	done
	holds "it says what to do" grep -q "chmod 600.*umask 077" main.err
	refuses "it warns with -q" warns_of -q
	for mode in 600 622; do
		chmod $mode main.out
		refuses "it warns of mode $mode" warns_of
	done
	chmod 644 main.out
	: >empty
	timeout -s KILL "$limit" sendread --device empty >>main.out 2>main.err
	holds "it warns of a saved stream's lines, too" grep -q "others can read" main.err
}

# start_forwarder: reads lines, keeps them in main.out, and sends them on. The pipe is descriptor 9
# of this shell, for writing: so it is open when sendread starts.
start_forwarder() {
	[ -e pipe ] || mkfifo pipe
	exec 8<>pipe 9>pipe
	(tee main.out | "$test/build/forward" lines) <pipe 8>&- 9>&- &
	pid_forwarder=$!
	exec 8>&-
	until_true "the forwarder runs" forwarder_runs
}

forwarder_runs() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -qx forward
}

# start_piped ARGUMENT...: sendread, whose lines the forwarder reads
start_piped() {
	: >main.err
	timeout -s KILL "$limit" sendread "$@" >&9 9>&- 2>main.err &
	pid_main=$!
	exec 9>&-
	until_true "sendread is listening" listening_or_gone main $pid_main
}

scenario rights.loop "a traced process that sends lines on is warned of: each line makes another one"
case_rights_loop() {
	start_forwarder
	start_piped -c 50 .
	program one name counted name 1
	end_reader main
	wait $pid_forwarder
	equal "lines" "$(lines main.out)" 50
	equal "lines of the forwarder" "$(grep -c ' comm=forward ' main.out)" 49
	holds "it warns of a reader and names the option" \
		grep -q "process [0-9]* ('[a-z]*') reads these lines and is traced.*--not-readers" main.err
	start_forwarder
	start_piped name
	stop_reader main
	wait $pid_forwarder
	refuses "it warns of a reader that is not traced" grep -q "reads these lines" main.err
}

scenario rights.not_readers "--not-readers leaves out who reads lines, even by way of others"
case_rights_not_readers() {
	start_forwarder
	start_piped --not-readers .
	program one name counted name 5
	until_true "the lines are printed" [ -s main.out ]
	program two name counted other 7
	cat one.want two.want >main.want
	until_true "all lines are printed" cmp main.want main.out
	stop_reader main
	wait $pid_forwarder
	same main.want main.out
	holds "the summary counts who was left out" grep -q "[1-9][0-9]* events* left out" main.err
	refuses "it warns" grep -q "reads these lines" main.err
}

scenario rights.not_readers_alone "--not-readers needs the rights to look at processes, where it has something to find"
case_rights_not_readers_alone() {
	for missing in $cap_sys_ptrace $cap_dac_read_search; do
		timeout -s KILL "$limit" "$test/build/without" capability $missing \
			sendread --not-readers -d 0.1 . 2>main.err | cat >main.out
		holds "without $missing it says which" \
			grep -q "not-readers.*CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH" main.err
		refuses "without $missing it traces" grep -q listening main.err
		start_limited file "capability $missing" --not-readers name
		stop_reader file
	done
}

# ---- What is not seen -------------------------------------------------------------------

# As start_reader full name, but with an output that takes nothing.
sendread_to_full_output() {
	timeout -s KILL "$limit" sendread -e sendto name >/dev/full 2>full.err &
	pid_full=$!
	until_true "sendread is listening" listening_or_gone full $pid_full
}

scenario rights.unseen "a trace that ends without events says which process made calls that are not seen"
case_rights_unseen() {
	start_program writer name written 7 done
	start_reader main -e sendto name
	start_reader seen -e sendto -p "$program_writer,$$" name
	start_reader all -e send name
	sendread_to_full_output
	open_gate writer
	until_true "it has written" [ -e done ]
	stop_reader main
	holds "its calls are counted" grep -q \
		"process $program_writer ('name') made 7 write calls meanwhile.*--events left out" main.err
	stop_reader all
	refuses "... but not where --events has them" grep -q "write calls" all.err
	stop_reader seen
	holds "... with -p as well" grep -q "process $program_writer ('name') made 7 write calls" seen.err
	start_reader none -e sendto name
	start_reader quiet -e sendto name
	program sent name counted name 1
	end_reader full 1
	holds "an event that is not printed is told" grep -q "1 event.*not printed" full.err
	refuses "... but nobody's calls of write()" grep -q "write calls" full.err
	stop_reader none
	same sent.want none.out
	refuses "a trace with events says so" grep -q "write calls" none.err
	stop_reader quiet
	rm done
	end_program writer
}
