# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154,SC2034 # variables of ../lib.sh
# Whose calls are shown: by the names of process and thread, and by process id.

# named NAME SENTENCE PROCESS THREAD SHOWN READER'S ARGUMENT...: a process and one of its threads,
# with these names, send; SHOWN is both, thread or none
named() {
	add "$1" scenario "$3,$4,$5" "$(shift 5 && echo "$*")" "$2"
	eval "case_$(echo "$1" | tr . _)() { run_named; }"
}

run_named() {
	process=${program%%,*} shown=${program##*,} thread=${program#*,}
	thread=${thread%,*}
	set -f
	# shellcheck disable=SC2086
	start_reader main $options
	set +f
	program main name sends "$process" "$thread" "$shown"
	stop_reader main
	same main.want main.out
}

named name.process "a process's name matches its threads with other names" alpha beta both alpha
named name.thread "a thread's name matches only that thread" alpha beta thread beta
named name.both "a name that process and thread share shows both" alpha alpha both alpha
named name.none "other names show nothing" alpha beta none gamma
named name.part "a part of a name does not match" alpha beta none alph lpha alphaa
named name.case_differs "upper and lower case differ" alpha beta none Alpha BETA
named name.star "a star matches any characters" mysqld connection both 'my*'
named name.star_nothing "a star matches no character, too" my connection both 'my*'
named name.star_middle "a star may stand in the middle" alpha beta thread 'b*a'
named name.question "a question mark matches one character" alpha beta thread 'bet?'
named name.question_one "a question mark must match a character" alpha beta none 'beta?' '?alpha'
named name.class "a class matches one of its characters" bravo cargo both '[a-c]*'
named name.class_not "a class does not match other characters" delta echo none '[a-c]*'
named name.class_negated "a negated class matches all other characters" alpha beta thread '[!a]*'
named name.class_negated_end "a negated class does not match the end of a name" alpha beta none 'alpha[!0-9]' 'bet[!b][!x]'
named name.class_thread "a class can match the thread alone" delta beta thread '[a-c]*'
named name.dot "a dot matches everything" alpha beta both .
named name.several "several names all match" alpha beta both gamma delta alpha
named name.several_thread "of several names and patterns, one matches the thread" alpha beta thread gamma 'b*'
named name.fifteen "a name of 15 characters, the kernel's maximum, matches" exactly-15-char beta both exactly-15-char
named name.longer "a name of more than 15 characters may be given in full" systemd-resolve beta both systemd-resolved
named name.longer_other "a longer name that differs within 15 characters does not match" systemd-resolve beta none systemd-xesolved
named name.prefix "14 characters do not match a name of 15" exactly-15-char beta none exactly-15-cha

scenario name.space "a name with a space and a backslash is escaped and can be matched"
case_name_space() {
	start_reader exact 'sp ace\\name'
	start_reader glob 'sp*name'
	start_reader space ' *'
	program main name sends 'sp ace\name' ' x' both
	stop_reader exact
	stop_reader glob
	stop_reader space
	same main.want exact.out
	same main.want glob.out
	grep 'comm=\\x20x ' main.want >space.want
	same space.want space.out
}

scenario name.pid "-p shows only that process"
case_name_pid() {
	start_program one name sends same same both
	start_program two name sends same same both
	start_reader main -p "$program_one"
	start_reader both -p "$program_one,$program_two"
	open_gate one
	end_program one
	open_gate two
	end_program two
	stop_reader main
	stop_reader both
	cat one.want two.want >both.want
	same one.want main.out
	same both.want both.out
}

scenario name.pid_and_name "-p and a name must both match"
case_name_pid_and_name() {
	start_program one name sends alpha beta thread
	start_program two name sends alpha beta none
	start_reader main -p "$program_one" beta
	start_reader other -p "$program_one" gamma
	open_gate one
	end_program one
	open_gate two
	end_program two
	stop_reader main
	stop_reader other
	same one.want main.out
	: >other.want
	same other.want other.out
}

scenario name.pid_absent "-p warns of numbers that are no process's"
case_name_pid_absent() {
	start_program one name threaded
	thread=$(ls "/proc/$program_one/task" | grep -vx "$program_one")
	start_reader main -p "$program_one,$thread,4194303"
	start_reader other -p "$program_one"
	open_gate one
	end_program one
	stop_reader main
	stop_reader other
	sed -n 's/.*process \([0-9]*\) does not exist.*/pid=\1/p' main.err >main.warned
	printf 'pid=%s\n' "$thread" 4194303 >main.want
	same main.want main.warned
	refuses "it warns of a process that exists" grep -q "does not exist" other.err
}

scenario name.renamed "a process that has renamed itself is found by its command"
case_name_renamed() {
	start_program one name renamed MainThread
	start_reader main name
	holds "its process and its name are told" grep -q \
		"no process is named 'name' now, but process $program_one runs 'name' under the name 'MainThread'" main.err
	start_reader other MainThread
	refuses "its own name needs no hint" grep -q "no process is named" other.err
	start_program two name threaded
	start_reader both name
	refuses "a name that some process has needs none" grep -q "no process is named" both.err
	start_reader quiet -v nobody
	refuses "a name that nobody has needs none" grep -q "no process is named" quiet.err
	for reader in main other both quiet; do
		stop_reader $reader
	done
	for name in one two; do
		open_gate $name
		end_program $name
	done
}

scenario name.impossible "a pattern that can match no name is refused"
case_name_impossible() {
	for pattern in 'systemd-resolved*' '????????????????' 'a[z-a]' 'systemd-resolve\d'; do
		timeout -s KILL "$limit" sendread -c 1 "$pattern" >main.out 2>main.err
		equal "exit status for $pattern" $? 2
		holds "it quotes the pattern" grep -qF "'$pattern'" main.err
	done
}

shows name.namespaced "a process in a pid namespace is shown with its pid outside of it"

scenario name.two_sessions "concurrent sessions each print what they asked for"
case_name_two_sessions() {
	start_reader one alpha
	start_reader two beta
	start_reader all alpha beta
	program alpha name counted alpha 7
	program beta name counted beta 11
	stop_reader one
	program more name counted beta 3
	stop_reader two
	stop_reader all
	same alpha.want one.out
	cat beta.want more.want >two.want
	same two.want two.out
	cat alpha.want two.want >all.want
	same all.want all.out
}
