# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Who can do what: each row of SECURITY.md. The lockdown rows come last, as there is no way
# back from it.

lockdown=/sys/kernel/security/lockdown

checks access.by_mode "the device is of uid 0 alone by its mode"
checks access.by_capability "an unprivileged process cannot open the device whatever its mode"
checks access.root_without_capability "uid 0 without CAP_SYS_ADMIN cannot open the device"
checks access.user_namespace "CAP_SYS_ADMIN in a user namespace is not enough to open the device"
checks access.passed_descriptor "an unprivileged process cannot start a session that root has opened"
checks rights.unprivileged "an unprivileged process sees the sums, and no more"
checks rights.container "root of a container can neither open the device nor unload the module"
checks rights.container_start "root of a container cannot start a session that was passed in"
checks rights.sys_admin_alone "CAP_SYS_ADMIN is all that uid 0 needs to trace"
checks rights.sys_admin_of_other_uid "another uid with CAP_SYS_ADMIN is shut out by the device's mode alone"
checks rights.all_but_sys_admin "all capabilities but CAP_SYS_ADMIN are not enough"
checks rights.passed_descriptor "an unprivileged process may read a session that was passed on, and not change it"

locked_down() {
	[ -e $lockdown ] || mount -t securityfs securityfs /sys/kernel/security
	[ -e $lockdown ] || { skip "the kernel has no lockdown" && return 1; }
	grep -qF "[$1]" $lockdown || echo "$1" >$lockdown
	holds "the kernel is locked down for $1" grep -qF "[$1]" $lockdown
}

# It is not signed. Where it were let in, it would be refused as it is there already.
module_is_refused() {
	refuses "an unsigned module is loaded" insmod "$ko"
	insmod "$ko" 2>insmod.err
	holds "it is refused for being unsigned" grep -qi 'not permitted\|rejected' insmod.err
	explain insmod.err
}

scenario lockdown.none "before lockdown the module is loaded without a signature"
case_lockdown_none() {
	trace_works
	insmod "$ko" 2>insmod.err
	holds "insmod says that it is there" grep -qi 'exists' insmod.err
	explain insmod.err
}

scenario lockdown.integrity "with lockdown for integrity a loaded module traces, an unsigned one is refused"
case_lockdown_integrity() {
	locked_down integrity || return
	trace_works
	module_is_refused
}

scenario lockdown.running "a trace that runs when the kernel is locked down for confidentiality runs on"
case_lockdown_running() {
	[ -e $lockdown ] || { skip "the kernel has no lockdown" && return; }
	start_reader main name
	locked_down confidentiality || return
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario lockdown.confidentiality "with lockdown for confidentiality no trace can be started, and sendread says why"
case_lockdown_confidentiality() {
	locked_down confidentiality || return
	timeout -s KILL "$limit" sendread -d 5 name >main.out 2>main.err
	equal "exit status of sendread" $? 1
	holds "sendread names the reason" grep -qi lockdown main.err
	explain main.err
	[ ! -s main.out ] || fail "something was shown"
	module_is_refused
}
