# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of run and lib.sh (tests/guest)
# What the other files in this folder share. Its name sorts first, so that it is read first.

# The host ends a guest that hangs.
limit=7200
faults=/sys/kernel/debug
kmemleak=/sys/kernel/debug/kmemleak

# parameter NAME DEFAULT: prints VALUE of deep.NAME=VALUE on the kernel's command line
parameter() {
	value=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^deep\.$1=//p" | tail -n 1)
	echo "${value:-$2}"
}

# KASAN, KCSAN and kmemleak check each allocation, so with them there are few: each probe
# instance is an allocation, and so is each page of a ring.
if [ -e $kmemleak ] || [ "$(parameter small no)" = yes ]; then
	load() { insmod "$ko" maxactive=64 "$@"; }
	reader_options="-B 256"
fi

# explain FILE: shows it if the case has failed so far
explain() {
	[ ! -s failed ] || show "$1"
}

# tell FILE: prints its lines as comments in the results
tell() {
	sed 's/^/# /' "$1"
}

# ---- Leaks ------------------------------------------------------------------------

# Leaks that are known already are not ours.
leaks_begin() {
	[ ! -e $kmemleak ] || echo clear >$kmemleak
}

# kmemleak checks an object only after five seconds, and reports it after the second scan that
# finds no pointer to it. What was allocated before the first process ran ("swapper/0") is the
# kernel's own. So is the array of a message that io_uring sends or receives, if the call has bad
# arguments: Linux 6.1 leaks some of these (io_msg_copy_hdr() in io_uring/net.c), also of processes
# that nobody traces.
leaks_end() {
	[ -e $kmemleak ] || { echo "# this kernel has no kmemleak: leaks are not checked" && return; }
	echo scan=off >$kmemleak || fail "kmemleak has disabled itself"
	sleep 6
	echo scan >$kmemleak
	echo scan >$kmemleak
	awk 'function end() { if (object != "" && !known) printf "%s", object; object = "" }
		/^unreferenced object/ { end(); known = 0 }
		/^  comm "swapper/ || / io_msg_copy_hdr[.+]/ { known = 1 }
		{ object = object $0 "\n" }
		END { end() }' $kmemleak >leaks || fail "kmemleak cannot be read"
	holds "no memory is leaked" [ ! -s leaks ]
	[ ! -s leaks ] || show leaks 60
}

# ---- The module ----------------------------------------------------------------------

# Traces a few calls, from loading the module to comparing lines.
trace_works() {
	loaded || load || fail "the module cannot be loaded again"
	start_reader works name
	program works name counted name 3
	stop_reader works
	same works.want works.out
}

load_with() {
	unload_quietly
	load "$@" || fail "the module cannot be loaded with $*"
}

module_comes_and_goes() {
	trace_works
	holds "the module is unloaded" unload
	refuses "the module is gone" loaded
	load || fail "the module cannot be loaded again"
}

# ---- Calls in the background ---------------------------------------------------------

# start_calls PROGRAM OPTION...: it is sending when this returns. One at a time
start_calls() {
	calling=$1
	shift
	"$test/build/$calling" "$@" >"$work/$calling" 2>"$work/$calling.log" &
	pid_calling=$!
	until_true "$calling makes calls" grep -q sending "$work/$calling"
}

# tls_storm has checked the results of all of its calls.
stop_calls() {
	kill -TERM $pid_calling || fail "$calling ended before it was stopped"
	wait $pid_calling
	equal "exit status of $calling" $? 0
	explain "$work/$calling.log"
}
