# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# What sendread may do while it prints.

cap_sys_admin=21

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
	until_true "sendread has opened the stream" [ "$(status_of $pid_main NoNewPrivs)" = 1 ]
	until_true "sendread is nobody" grep -q "^Uid:.*65534" /proc/$pid_main/status
	until_true "it has no capabilities" grep -q "^CapPrm:[[:space:]]*0*\$" /proc/$pid_main/status
	has_no_rights $pid_main 65534
	exec 9>&-
	end_reader main
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
