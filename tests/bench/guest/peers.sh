# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with those who source this
#
# Peers, other programs that show sends, in /peers (tests/bench/peers). Each is started as its
# manual says: with its defaults, and with its best settings.
#
# A function start_NAME starts one and sets $readers, or $prefix for one that starts the
# program itself. It shows sends, or the calls named $call. The command line goes into a
# line
#
#	# figure GROUP-peer|NAME|VERSION|COMMAND LINE

call=
prefix=
settings=
whom=
shown=
# Where a peer's messages go; some peers write their lines there.
told=said.peer

enter_peers() {
	cp "$test/build/bench" "$test/ancestor.bt" "$test/tls.bt" /tmp
	for path in "$test"/calls/[a-z]*.bt; do
		cat "$test/calls/_begin.bt" "$path" >"/tmp/${path##*/}"
	done
	for mounted in proc sys dev tmp run; do
		mount --rbind /$mounted /peers/$mounted || fail "cannot mount /$mounted"
	done
}

# absent PEER PROGRAM: prints why a peer is missing; nothing if it exists
absent() {
	sed -n "s/^$1|//p" /peers/absent
	[ -x "/peers/usr/bin/$2" ] || echo "it is missing"
}

version_of() {
	chroot /peers "$@" 2>&1 | grep -m 1 -o '[0-9][0-9]*\.[0-9][0-9.]*' | head -n 1
}

# note NAME VERSION COMMAND...: if there is one for each of the calls, as one with CALL
note() {
	[ -z "$call" ] || set -- "${1%/*}" "$2" "$(echo "$3" | sed "s/\\<$call\\>/CALL/")"
	echo "# figure $group-peer|$1|$2|$3" | sed "s|$work/[a-z]*|FILE|g"
}

# start_peer NAME VERSION COMMAND...: starts it in the background, with its messages in said.peer
start_peer() {
	name=$1 version=$2
	shift 2
	note "$name" "$version" "${settings:+$settings }$*"
	# shellcheck disable=SC2086 # settings are words
	chroot /peers env $settings "$@" >"${shown:-/dev/null}" 2>"$told" </dev/null &
	readers=$!
}

# For peers that do not report when they are ready: this is time enough.
wait_started() {
	sleep 20
	kill -0 "$readers" 2>/dev/null || fail "$name ended: $(tail -n 3 said.peer)"
}

# A peer that does not end on SIGTERM must not hold up the others.
stop_peer() {
	if [ -n "$readers" ] && [ "$readers" != 0 ]; then
		# shellcheck disable=SC2086
		kill -TERM $readers 2>/dev/null
		# shellcheck disable=SC2086
		(sleep 60 && kill -KILL $readers 2>/dev/null) &
		killer=$!
		# shellcheck disable=SC2086
		wait $readers
		kill $killer
		wait $killer
	fi
	readers=
	prefix=
}

# ---- bpftrace: the ancestor's program, calls/ in its manner, tls.bt if $script is tls -----

script=

# bpftrace SETTINGS ARGUMENT...
start_bpftrace() {
	settings=$1
	shift
	start_peer "$label" "$(version_of bpftrace --version)" \
		bpftrace "$@" "/tmp/${script:-${call:-ancestor}}.bt" -- "${whom:-bench}"
	settings=
	wait_started
}

# ---- sysdig, with its kernel module --------------------------------------------------

start_sysdig() {
	[ -d /sys/module/scap ] || insmod /modules/scap.ko || fail "scap.ko cannot be loaded"
	start_peer "$label" "$(version_of sysdig --version)" \
		sysdig "$@" "evt.type=${call:-sendto} and proc.name=${whom:-bench}"
	wait_started
}

# ---- strace --------------------------------------------------------------------------

# It starts the program itself, since only then --seccomp-bpf works.
start_strace() {
	note "$label" "$(version_of strace --version)" "strace $* -o FILE PROGRAM"
	prefix="chroot /peers strace $* -o ${shown:-/dev/null} /tmp/bench"
	readers=0
}

stop_strace() {
	readers=
	prefix=
}

# ---- ftrace: an event in tracefs, read by cat -------------------------------------------

tracefs=/sys/kernel/tracing

# start_ftrace MESSAGE: MESSAGE is how the event fetches the payload. cat splices, and holds
# a fifo's lock while it waits for the next event, so that the fifo cannot be read: dd does not.
start_ftrace() {
	event="p:bench/send __sys_sendto fd=%di:s32 len=%dx:u64 flags=%cx:x32 msg=$1"
	copy="cat trace_pipe"
	[ -z "$shown" ] || copy="dd if=trace_pipe bs=64k"
	note "$label" "$(uname -r)" "echo '$event' >kprobe_events; $copy"
	echo "$event" >$tracefs/kprobe_events ||
		fail "ftrace refuses the event: $(tail -n 3 $tracefs/error_log | tr '\n' ' ')"
	echo "comm == \"${whom:-bench}\"" >$tracefs/events/bench/send/filter
	echo 1 >$tracefs/events/bench/send/enable
	(cd $tracefs && exec $copy >"${shown:-/dev/null}" 2>"$work/$told") &
	readers=$!
	sleep 1
}

stop_ftrace() {
	[ -d $tracefs/events/bench ] || return 0
	echo 0 >$tracefs/events/bench/send/enable
	stop_peer
	echo >$tracefs/kprobe_events
}

# ---- perf trace ------------------------------------------------------------------------

start_perf() {
	start_peer "$label" "$(version_of perf --version)" \
		perf trace -a -e "${call:-sendto}" -o "${shown:-/dev/null}" "$@"
	wait_started
}

# To stderr it writes each line immediately.
start_perf_stderr() {
	told=$shown
	start_peer "$label" "$(version_of perf --version)" perf trace -a -e sendto
	told=said.peer
	wait_started
}

# ---- sslsniff of bcc -------------------------------------------------------------------

# It compiles its programs first, and does not report when it is ready: then it has mapped a
# ring on each CPU for calls and one for handshakes.
start_sslsniff() {
	start_peer "$label" "$(chroot /peers python3 -c 'import bcc; print(bcc.__version__)' 2>&1)" \
		sslsniff-bpfcc -o -g -n --extra-lib openssl:/tmp/bench "$@"
	rings=$(($(nproc) * 2)) tries=0
	until [ "$(grep -c perf_event "/proc/$readers/maps" 2>/dev/null)" = $rings ]; do
		tries=$((tries + 1))
		if [ $tries -ge 600 ] || ! kill -0 "$readers" 2>/dev/null; then
			fail "$name is not ready: $(tail -n 3 said.peer | tr '\n' ' ')"
			return
		fi
		sleep 1
	done
	sleep 1
}
