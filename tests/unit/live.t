#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How sendread runs and ends: signals, time, closed pipes, full disks, memory.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

pipe=$work/pipe
mkfifo "$pipe"

# Start sendread on a pipe that stays open until stop_feeding; it has printed $1 events.
start() {
	printed=$1
	shift
	# The shell may need a while to become sendread.
	: >"$work/out"
	: >"$work/err"
	"$sendread" "$@" --device "$pipe" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 9>"$pipe"
	[ "$printed" -eq 0 ] || feed "$printed"
	wait_until printed_lines "$printed"
}

feed() {
	# shellcheck disable=SC2046 # as many words
	"$make_stream" $(yes send | head -n "$1") >&9
}

stop_feeding() {
	exec 9>&-
}

end() {
	status=0
	wait "$pid" || status=$?
	pid=
	echo "$status" >"$work/status"
}

start 3
check "events are shown while their writer goes on" printed_lines 3
kill -USR1 "$pid"
check "SIGUSR1 prints the summary while it runs" wait_until said "3 events captured"
for signal in INT TERM HUP; do
	if [ "$signal" != INT ]; then
		start 3
	fi
	kill "-$signal" "$pid"
	end
	check "SIG$signal ends it with exit status 0" exited 0
	check "... and a summary" said "3 events captured"
	stop_feeding
done

start 0 -d 0.2
end
stop_feeding
check "-d ends it when the time is over" exited 0
check "... and a summary" said "0 events captured"

start 2 -q
stop_feeding
end
check "the end of the stream ends it" exited 0
check "... quietly with -q" said_nothing

# The reader of our output goes away, before and after the next event.
"$make_stream" send send send >"$work/stream"
mkfifo "$work/lines"
exec 8<>"$work/lines" 7>"$work/lines" 8<&-
status=0
"$sendread" --device "$work/stream" >&7 2>"$work/err" || status=$?
echo "$status" >"$work/status"
exec 7>&-
check "a closed pipe ends it with exit status 0" exited 0
check "... and prints no message" said_nothing

head -n 1 <"$work/lines" >"$work/out" &
reader=$!
"$sendread" --device "$pipe" >"$work/lines" 2>"$work/err" &
pid=$!
exec 9>"$pipe"
feed 1
wait "$reader"
end
stop_feeding
check "a pipe that is closed while nothing comes ends it as well" exited 0
check "... and prints no message" said_nothing
check "... after the lines that were read" printed_lines 1

run sh -c "exec '$sendread' --device '$work/stream' >/dev/full"
check "a full disk is an error with exit status 1" exited 1
check "... which names it" said "No space left on device"
run sh -c "exec '$sendread' --device '$work/stream' >&-"
check "a closed stdout is an error with exit status 1" exited 1
check "... which names it" said "standard output: Bad file descriptor"

# The sanitizers use memory, too: here the same sources run without them.
# shellcheck disable=SC2046 # as many words
"$make_stream" $(yes "long send" | head -n 20) >"$work/stream"
memory_stays_small() {
	"$here/build/plain/sendread" -q --device "$pipe" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 9>"$pipe"
	for _ in 1 2 3; do
		cat "$work/stream" >&9
	done
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
	kill "$pid"
	end
	stop_feeding
	echo "# peak resident size: $peak kB"
	[ "$peak" -lt 8192 ]
}
check "60 MB of payload leave its memory under 8 MiB" memory_stays_small
finish
