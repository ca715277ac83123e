# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Who can do what: each row of SECURITY.md. The lockdown rows come last, since lockdown cannot be
# undone.

lockdown=/sys/kernel/security/lockdown

checks access.by_mode "by its mode, only uid 0 can open the device"
checks access.by_capability "an unprivileged process cannot open the device whatever its mode"
checks access.root_without_capability "uid 0 without CAP_SYS_ADMIN cannot open the device"
checks access.user_namespace "CAP_SYS_ADMIN in a user namespace is not enough to open the device"
checks access.passed_descriptor "an unprivileged process cannot start a session that root has opened"
checks rights.unprivileged "an unprivileged process sees neither counters nor sessions"
checks rights.container "root of a container can neither open the device nor unload the module"
checks rights.container_start "root of a container cannot start a session that was passed in"
checks rights.sys_admin_alone "uid 0 needs only CAP_SYS_ADMIN to trace"
checks rights.sys_admin_of_other_uid "only the device's mode refuses another uid with CAP_SYS_ADMIN"
checks rights.all_but_sys_admin "all capabilities but CAP_SYS_ADMIN are not enough"
checks rights.passed_descriptor "an unprivileged process can read a session that was passed to it, but not change it"

locked_down() {
	[ -e $lockdown ] || mount -t securityfs securityfs /sys/kernel/security
	[ -e $lockdown ] || { skip "the kernel has no lockdown" && return 1; }
	grep -qF "[$1]" $lockdown || echo "$1" >$lockdown
	holds "the kernel is locked down for $1" grep -qF "[$1]" $lockdown
}

# The module is not signed. Without lockdown, insmod would fail because it is already loaded.
module_is_refused() {
	refuses "an unsigned module is loaded" insmod "$ko"
	insmod "$ko" 2>insmod.err
	holds "it is refused because it is not signed" grep -qi 'not permitted\|rejected' insmod.err
	explain insmod.err
}

scenario lockdown.none "before lockdown the module is loaded without a signature"
case_lockdown_none() {
	trace_works
	insmod "$ko" 2>insmod.err
	holds "insmod reports that it is already loaded" grep -qi 'exists' insmod.err
	explain insmod.err
}

scenario lockdown.integrity "with lockdown for integrity a loaded module traces, and an unsigned one is refused"
case_lockdown_integrity() {
	locked_down integrity || return
	trace_works
	module_is_refused
}

scenario lockdown.running "a running trace continues when the kernel is locked down for confidentiality"
case_lockdown_running() {
	[ -e $lockdown ] || { skip "the kernel has no lockdown" && return; }
	start_reader main name
	locked_down confidentiality || return
	program main name counted name 3
	stop_reader main
	same main.want main.out
}

scenario lockdown.confidentiality "with lockdown for confidentiality no trace can be started, and sendread names the reason"
case_lockdown_confidentiality() {
	locked_down confidentiality || return
	timeout -s KILL "$limit" sendread -d 5 name >main.out 2>main.err
	equal "exit status of sendread" $? 1
	holds "sendread names the reason" grep -qi lockdown main.err
	explain main.err
	[ ! -s main.out ] || fail "something was shown"
	module_is_refused
}
