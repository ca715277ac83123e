# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154 # variables of ../run and ../lib.sh
# What the other files in this folder share; it is the first one by its name.

# A guest that hangs is ended from outside.
limit=7200
faults=/sys/kernel/debug
kmemleak=/sys/kernel/debug/kmemleak

# parameter NAME DEFAULT: of the kernel's command line, deep.NAME=VALUE
parameter() {
	value=$(tr ' ' '\n' </proc/cmdline | sed -n "s/^deep\.$1=//p" | tail -n 1)
	echo "${value:-$2}"
}

# KASAN, KCSAN and kmemleak look at each allocation: what need not be large is small where
# they are. A probe's instance is one, and so is each page of a ring.
if [ -e $kmemleak ] || [ "$(parameter small no)" = yes ]; then
	load() { insmod "$ko" maxactive=64 "$@"; }
	reader_options="-B 256"
fi

# explain FILE: show it where the case has failed so far
explain() {
	[ ! -s failed ] || show "$1"
}

# Lines for whoever reads the results.
tell() {
	sed 's/^/# /' "$1"
}

# ---- Leaks ------------------------------------------------------------------------

# What is known of already is not ours.
leaks_begin() {
	[ ! -e $kmemleak ] || echo clear >$kmemleak
}

# An object is looked at from its fifth second on, and is told of by the second scan that
# finds nothing which points to it. What was allocated before there were processes (by
# "swapper/0", or the first one before it became /init) is the kernel's own.
leaks_end() {
	[ -e $kmemleak ] || { echo "# no kmemleak in this kernel: not looked for leaks" && return; }
	echo scan=off >$kmemleak || fail "kmemleak has given up"
	sleep 6
	echo scan >$kmemleak
	echo scan >$kmemleak
	awk '/^unreferenced object/ { object = $0; next }
		/^  comm / { ours = !/"swapper/; if (ours) print object }
		ours { print }' $kmemleak >leaks || fail "kmemleak cannot be read"
	holds "no memory is leaked" [ ! -s leaks ]
	[ ! -s leaks ] || show leaks 60
}

# ---- The module, as it always is -----------------------------------------------------

# A trace of a few calls, from loading to comparing.
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

# ---- Senders in the background -------------------------------------------------------

# senders NAME OPTION...: they send when it returns
start_senders() {
	"$test/build/senders" "$@" >"$work/senders.$1" 2>&1 &
	pid_senders=$!
	until_true "the senders send" grep -q sending "$work/senders.$1"
}

stop_senders() {
	kill -TERM $pid_senders || fail "the senders have ended before they were told to"
	wait $pid_senders
	equal "exit status of the senders" $? 0
}
