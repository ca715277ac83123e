# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# sendread --tls: which processes and libraries it traces, from when on, what it says of them, and
# how it ends.

library=$test/build/tlsread.so
unsure=$test/build/tlsread_unsure.so

has_uprobes() {
	grep -q ' uprobe_register$' /proc/kallsyms
}

# can_trace: skips the case where the kernel cannot
can_trace() {
	has_uprobes && return
	skip "the kernel has no uprobes (CONFIG_UPROBES)"
	return 1
}

# ---- A process that obeys --------------------------------------------------------------

# start NAME PROGRAM: starts a copy of tlsread in a folder of its own; its pid goes to $obeying_NAME
start() {
	[ -e "$1.do" ] || mkfifo "$1.do"
	mkdir -p bin
	[ -e "bin/$2" ] || cp "$test/build/tlsread" "bin/$2"
	: >"$1.said"
	timeout -s KILL "$limit" "bin/$2" <>"$1.do" >"$1.said" 2>"$1.log" &
	eval "runner_$1=$!"
	until_true "$2 runs" test -s "$1.said"
	eval "obeying_$1=$(head -n 1 "$1.said")"
}

# tell NAME COMMAND...: returns when it was done. Open for both, a pipe that nobody reads any more
# does not stop us.
tell() {
	obeying=$1 already=$(lines "$1.said")
	shift
	echo "$*" 1<>"$obeying.do"
	until_true "$obeying has done: $*" said_more "$obeying" "$already" || show "$obeying.log"
}

said_more() {
	[ "$(lines "$1.said")" -gt "$2" ]
}

end() {
	echo end 1<>"$1.do"
	eval "wait \$runner_$1" || { fail "$1 failed" && show "$1.log"; }
}

# ---- What is shown ---------------------------------------------------------------------

# is_shown COMM TEXT [FILE]: the text, and where it went
is_shown() {
	grep -q "comm=$1 fd=[0-9]* msg=$2 len=.* family=2 dest=127.0.0.1 port=[0-9]* .*call=SSL_write" \
		"${3:-main.out}"
}

# writes_until_shown NAME COMM TEXT: again and again. until_true cannot wait for what waits itself.
writes_until_shown() {
	since=$(uptime_s)
	while tell "$1" write "$3" && ! is_shown "$2" "$3"; do
		[ $(($(uptime_s) - since)) -lt $wait_limit ] ||
			{ fail "waited $wait_limit seconds until $3 of $2 is shown" && return; }
	done
}

# says REGEX: in sendread's messages
says() {
	grep -q "$1" main.err
}

# was_late NAME PATH: waits for the message that its calls are traced, and prints how late
was_late() {
	eval "pid=\$obeying_$1"
	traced="process $pid ('[a-z]*') mapped '$2': its calls are traced now, \([0-9]*\) ms later; what came before is missing"
	until_true "$1's '$2' is traced" says "$traced" || show main.err
	late=$(grep "$traced" main.err | tail -n 1 | sed 's/.* now, \([0-9]*\) ms later;.*/\1/')
	echo "# $name: traced $late ms later"
	holds "it was less than 10 seconds late: $late ms" [ "${late:-99999}" -lt 10000 ]
}

# ---- Which processes -------------------------------------------------------------------

scenario tlsread.running "a process that runs already is traced, another one is not"
case_tlsread_running() {
	can_trace || return
	start one tlsing
	start other another
	tell one load "$library"
	tell other load "$library"
	start_reader main --tls tlsing
	tell other write hidden
	tell one write hello
	until_true "its text is shown" is_shown tlsing hello
	stop_reader main
	equal "lines" "$(lines main.out)" 1
	refuses "it says that what came before is missing" says "is missing"
	end one
	end other
}

scenario tlsread.later "one that starts later, with a library in an unusual folder, too; and it says how late"
case_tlsread_later() {
	can_trace || return
	mkdir -p odd/folder
	cp "$library" odd/folder/anything
	start_reader main --tls tlsing
	start one tlsing
	tell one load "$work/odd/folder/anything"
	was_late one "$work/odd/folder/anything"
	tell one write hello
	until_true "its text is shown" is_shown tlsing hello
	start two tlsing
	tell two load "$work/odd/folder/anything"
	tell two write again
	stop_reader main
	holds "of a known library nothing is missing" is_shown tlsing again
	equal "messages of lateness" "$(grep -c 'ms later' main.err)" 1
	end one
	end two
}

scenario tlsread.without "a process without a library is named; one that it loads later is traced"
case_tlsread_without() {
	can_trace || return
	start one tlsing
	start_reader main --tls tlsing
	holds "it is named" says "^sendread: PID $obeying_one ('tlsing') maps no TLS library that can be traced\$"
	tell one load "$library"
	was_late one "$library"
	tell one write hello
	stop_reader main
	holds "its text is shown" is_shown tlsing hello
	end one
}

scenario tlsread.nothing "a trace of TLS alone that has seen nothing says what else there is"
case_tlsread_nothing() {
	can_trace || return
	start one tlsing
	tell one load "$library"
	for reader in none sockets some; do
		options=--tls
		[ $reader != sockets ] || options="--tls -e sendto"
		# shellcheck disable=SC2086 # words
		start_reader $reader $options tlsing
		[ $reader != some ] || tell one write hello
		stop_reader $reader
	done
	hint="no call of a TLS library was seen; without --tls"
	holds "it says so" grep -q "$hint" none.err
	refuses "it does where sockets are shown" grep -q "$hint" sockets.err
	refuses "it does after a call" grep -q "$hint" some.err
	end one
}

# The helpers write their answers to sendread.
scenario tlsread.own "it does not say that its own helpers made calls that are not seen"
case_tlsread_own() {
	can_trace || return
	start one tlsing
	start_reader main --tls -e sendto tlsing "sendread*"
	tell one load "$library"
	stop_reader main
	holds "a program that wrote is named, and no other one" says "process $obeying_one ('tlsing') made [1-9][0-9]* write call"
	end one
}

scenario tlsread.exec "a process that executes another program, whose name is asked for"
case_tlsread_exec() {
	can_trace || return
	start one another
	cp "$test/build/tlsread" bin/tlsing
	tell one load "$library"
	start_reader main --tls tlsing
	tell one write hidden
	tell one exec "$work/bin/tlsing"
	tell one load "$library"
	was_late one "$library"
	tell one write hello
	stop_reader main
	holds "its text is shown" is_shown tlsing hello
	refuses "what the first program wrote is shown" is_shown another hidden
	end one
}

scenario tlsread.replaced "a library that is replaced while it is traced"
case_tlsread_replaced() {
	can_trace || return
	cp "$library" replaced.so
	start one tlsing
	tell one load "$work/replaced.so"
	start_reader main --tls tlsing
	tell one write before
	cp "$library" new.so
	mv new.so replaced.so
	tell one unload
	tell one load "$work/replaced.so"
	was_late one "$work/replaced.so"
	tell one write after
	stop_reader main
	holds "what the old one was given is shown" is_shown tlsing before
	holds "... and what the new one was given" is_shown tlsing after
	end one
}

scenario tlsread.renamed "a process that gets the name later, and maps nothing then"
case_tlsread_renamed() {
	can_trace || return
	start one another
	start known tlsing
	tell one load "$library"
	tell known load "$library"
	start_reader main --tls tlsing
	tell one write hidden
	tell one name tlsing
	writes_until_shown one tlsing hello
	stop_reader main
	refuses "what it wrote under its old name is shown" grep -q hidden main.out
	end one
	end known
}

scenario tlsread.thread "a thread that gets the name later; the process keeps its own"
case_tlsread_thread() {
	can_trace || return
	start one another
	tell one load "$library"
	start_reader main --tls tlsing
	tell one thread
	tell one write hidden
	tell one name tlsing
	writes_until_shown one tlsing hello
	stop_reader main
	equal "the process's name" "$(cat "/proc/$obeying_one/comm")" another
	refuses "what it wrote under its old name is shown" grep -q hidden main.out
	end one
}

scenario tlsread.pid "-p traces one process, and not another one of the same name"
case_tlsread_pid() {
	can_trace || return
	start one tlsing
	start other tlsing
	tell one load "$library"
	tell other load "$library"
	start_reader main --tls -p "$obeying_one"
	tell other write hidden
	tell one write hello
	until_true "its text is shown" is_shown tlsing hello
	stop_reader main
	equal "lines" "$(lines main.out)" 1
	start_reader main --tls -p "$obeying_one,$$"
	holds "one without a library is named" says "PID $$ ('[a-z]*') maps no TLS library"
	stop_reader main
	end one
	end other
}

scenario tlsread.many "more processes at once than the helper notes one by one"
case_tlsread_many() {
	can_trace || return
	cp "$library" many.so
	start_reader main --tls tlsing
	start one tlsing
	kill -STOP "$(tls_helper_of "$pid_main")"
	i=0
	while [ $i -lt 300 ]; do
		"$test/build/without" others 0 true
		i=$((i + 1))
	done
	tell one load "$work/many.so"
	kill -CONT "$(tls_helper_of "$pid_main")"
	until_true "it is traced" says "'$work/many.so': its calls are traced now"
	tell one write hello
	stop_reader main
	holds "its text is shown" is_shown tlsing hello
	end one
}

scenario tlsread.hotplug "a library that is mapped on a CPU that was offline before"
case_tlsread_hotplug() {
	can_trace || return
	online=/sys/devices/system/cpu/cpu1/online
	[ -e $online ] || { skip "no CPU can go offline" && return; }
	echo 0 >$online
	start_reader main --tls tlsing
	echo 1 >$online
	start one tlsing
	taskset -p 2 "$obeying_one" >/dev/null
	# The helper asks once a second which CPUs there are.
	since=$(uptime_s)
	until is_seen_on_mapping one; do
		[ $(($(uptime_s) - since)) -lt $wait_limit ] ||
			{ fail "what is mapped there is not seen" && break; }
	done
	stop_reader main
	end one
}

# is_seen_on_mapping NAME: when it maps a new library, and not because all are looked at
is_seen_on_mapping() {
	plugged=$((${plugged:-0} + 1))
	cp "$library" "plugged.$plugged.so"
	tell "$1" load "$work/plugged.$plugged.so"
	until_true "it is traced" says "plugged.$plugged.so': its calls are traced now"
	says "plugged.$plugged.so': its calls are traced now, [0-9]* ms later"
}

# ---- What cannot be traced -------------------------------------------------------------

scenario tlsread.unsure "a function whose returns are not certain is named and not traced, unless that is insisted on"
case_tlsread_unsure() {
	can_trace || return
	start one tlsing
	tell one load "$unsure"
	start_reader main --tls tlsing
	holds "it is named" says "'$unsure' in process $obeying_one ('tlsing'): SSL_write cannot be traced: it leaves by a jump through [a-z ]*; --tls-uretprobes insists"
	tell one write hidden
	stop_reader main
	equal "lines" "$(lines main.out)" 0
	start_reader main --tls-uretprobes tlsing
	refuses "it is named" says "cannot be traced"
	tell one write hello
	until_true "its text is shown" is_shown tlsing hello
	stop_reader main
	end one
}

scenario tlsread.uprobes "a kernel without uprobes is named"
case_tlsread_uprobes() {
	! has_uprobes || { skip "the kernel has them" && return; }
	timeout -s KILL "$limit" sendread --tls tlsing >main.out 2>main.err
	equal "exit status" $? 1
	holds "it says so" says "this kernel has no uprobes (CONFIG_UPROBES)"
}

scenario tlsread.capstone "without libcapstone it says what to install, and traces nothing"
case_tlsread_capstone() {
	can_trace || return
	file=$(find /lib /usr/lib -name 'libcapstone.so.*' 2>/dev/null | head -n 1)
	[ -n "$file" ] || { skip "this machine's code is decoded without libcapstone" && return; }
	start one tlsing
	tell one load "$library"
	mv "$file" hidden
	timeout -s KILL "$limit" sendread --tls tlsing >main.out 2>main.err
	equal "exit status" $? 1
	mv hidden "$file"
	holds "it says what to install" says "libcapstone, which decodes instructions, is missing: install libcapstone4"
	equal "messages" "$(lines main.err)" 1
	refuses "it traces" says listening
	end one
}

scenario tlsread.rights "it says which rights it needs to look at processes"
case_tlsread_rights() {
	can_trace || return
	for missing in $cap_sys_admin $cap_sys_ptrace $cap_dac_read_search; do
		timeout -s KILL "$limit" "$test/build/without" capability "$missing" \
			sendread --tls -d 0.1 . >main.out 2>main.err
		equal "exit status without capability $missing" $? 1
		holds "without capability $missing it names it" says "expected CAP_SYS_ADMIN"
		refuses "without capability $missing it traces" says listening
	done
}

# ---- Its helper, and the end -------------------------------------------------------------

# tls_helper_of PID: of its children, the one that finds libraries
tls_helper_of() {
	for child in $(helper_of "$1"); do
		[ "$(status_of "$child" Name)" != sendread-tls ] || echo "$child"
	done
}

scenario tlsread.helper "its helper has three capabilities, and nothing open but what it needs"
case_tlsread_helper() {
	can_trace || return
	start_reader main --tls tlsing
	has_no_rights "$pid_main" 65534
	helper=$(tls_helper_of "$pid_main")
	equal "its bounding set" "$(status_of "$helper" CapBnd)" 0000000000000000
	equal "its capabilities" "$(status_of "$helper" CapPrm)" 0000000000280004
	equal "its uids" "$(status_of "$helper" Uid)" "65534	65534	65534	65534"
	equal "its no_new_privs" "$(status_of "$helper" NoNewPrivs)" 1
	equal "descriptors of the session" "$(opened "$helper" /dev/sendtrace)" 1
	equal "pipes" "$(opened "$helper" pipe:)" 2
	equal "sendread's output" "$(opened "$helper" "$work/main.out")" 0
	refuses "it has mapped the rings" grep -q /dev/sendtrace "/proc/$helper/maps"
	stop_reader main
	until_true "it ends with sendread" is_gone "$helper"
}

# opened PID TARGET: how many of its descriptors are that
opened() {
	for link in "/proc/$1/fd/"*; do
		readlink "$link"
	done | grep -c "^$2"
}

session_is_gone() {
	grep -q '^sessions 0$' $stats
}

scenario tlsread.killed "the helper and the session are gone when sendread is killed"
case_tlsread_killed() {
	can_trace || return
	start one tlsing
	tell one load "$library"
	start_reader main --tls tlsing
	helper=$(tls_helper_of "$pid_main")
	kill -STOP "$helper"
	kill -KILL "$pid_main"
	wait "$pid_main"
	until_true "the helper is gone, although it was stopped" is_gone "$helper"
	until_true "the session is gone" session_is_gone
	holds "the module can be unloaded" unload
	tell one write hello
	end one
}

scenario tlsread.ended "after an end by a signal, two, a number of lines or a time the module can be unloaded immediately"
case_tlsread_ended() {
	can_trace || return
	start one tlsing
	tell one load "$library"
	start_reader main --tls tlsing
	stop_reader main
	holds "after a signal" unload
	load
	start_reader main --tls tlsing
	kill -INT "$pid_main"
	kill -INT "$pid_main"
	end_reader main
	holds "after two signals" unload
	load
	start_reader main --tls -c 2 tlsing
	tell one write first
	tell one write second
	end_reader main
	holds "after two lines" unload
	equal "lines" "$(lines main.out)" 2
	load
	timeout -s KILL "$limit" sendread --tls -d 0.5 tlsing >main.out 2>main.err
	equal "exit status with -d" $? 0
	holds "after a time" unload
	end one
}

scenario tlsread.helper_ended "the helper's end is told, and what is traced goes on"
case_tlsread_helper_ended() {
	can_trace || return
	start one tlsing
	tell one load "$library"
	start_reader main --tls tlsing
	kill -KILL "$(tls_helper_of "$pid_main")"
	until_true "it says so" says "sendread-tls has ended unexpectedly"
	tell one write hello
	until_true "its text is shown" is_shown tlsing hello
	stop_reader main
	equal "messages of it" "$(grep -c unexpectedly main.err)" 1
	end one
}

scenario tlsread.quiet "with -q nothing is said"
case_tlsread_quiet() {
	can_trace || return
	start one tlsing
	tell one load "$unsure"
	start without tlsing
	timeout -s KILL "$limit" sendread -q --tls tlsing >main.out 2>main.err &
	pid_main=$!
	until_true "the session runs" grep -q '^running 1$' $stats
	cp "$library" later.so
	tell without load "$work/later.so"
	writes_until_shown without tlsing hello
	stop_reader main
	equal "messages" "$(cat main.err)" ""
	end one
	end without
}

scenario tlsread.umount "a filesystem whose library only the trace has known can be unmounted"
case_tlsread_umount() {
	can_trace || return
	mkdir disk
	mount -t tmpfs none disk || { skip "no tmpfs" && return; }
	cp "$library" disk
	start_reader main --tls tlsing
	start one tlsing
	tell one load "$work/disk/tlsread.so"
	was_late one "$work/disk/tlsread.so"
	tell one write hello
	end one
	until_true "it can be unmounted" umount disk
	stop_reader main
	holds "its text is shown" is_shown tlsing hello
}
