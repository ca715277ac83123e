#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# --sort from end to end: saved streams, pipes, its temporary file, memory.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

stream=$work/stream
pipe=$work/pipe
mkfifo "$pipe"

# printed_calls CALL...: these are the payloads of all lines, in this order.
printed_calls() {
	[ "$(sed 's/.* msg=call:\([^ ]*\) .*/\1/' "$work/out" | xargs)" = "$*" ]
}

# The same, where there are other lines, too.
printed_among_others() {
	[ "$(grep -o 'msg=call:[0-9:]*' "$work/out" | sed 's/.*call://' | xargs)" = "$*" ]
}

# start ARGUMENT...: sendread on a pipe that stays open until stop_feeding.
start() {
	"$sendread" "$@" --device "$pipe" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 9>"$pipe"
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

# ---- Saved streams

"$make_stream" call:20:30 call:10:40 call:60:70 call:50:80 call:60:90 >"$stream"
run "$sendread" --device "$stream"
check "without --sort the order is that of the stream" \
	printed_calls 20:30 10:40 60:70 50:80 60:90
run "$sendread" --sort --device "$stream"
check "--sort shows calls in the order of their entry, equal ones in that of the stream" \
	printed_calls 10:40 20:30 50:80 60:70 60:90
check "... with exit status 0" exited 0
check "... and the summary, which is as without" said "5 events captured"
check "... and no complaint" [ "$(wc -l <"$work/err")" -eq 2 ]
run sh -c "cat '$stream' | '$sendread' --sort --device -"
check "... from standard input, too" printed_calls 10:40 20:30 50:80 60:70 60:90
run "$sendread" --sort -c 2 --device "$stream"
check "-c counts the lines in that order" printed_calls 10:40 20:30
check "... and is no early stop" [ "$(wc -l <"$work/err")" -eq 2 ]
run "$sendread" --sort=1h --device "$stream"
check "a unit that is none is wrong usage" exited 2
check "... which is quoted" said "'1h'"

"$make_stream" call:20:30 lost gap call:10:40 >"$stream"
run "$sendread" --sort --device "$stream"
check "losses are printed as without --sort" said "17 events lost: ring full"
check "... and gaps are counted" said "5 events lost: unexplained sequence gap"
check "... and are a failure" exited 1
check "... but the events that are there are printed, in order" printed_calls 10:40 20:30
{
	cat "$stream"
	head -c 64 /dev/zero
} >"$work/damaged"
run "$sendread" --sort --device "$work/damaged"
check "what stands before a corrupt record is printed, in order" printed_calls 10:40 20:30
check "... and the record is reported" said "sendread: corrupt record at byte"

# ---- Pipes

start --sort
"$make_stream" call:20:30 call:10:40 >&9
stop_feeding
end
check "the end of a pipe is the end of the stream" printed_calls 10:40 20:30

# The long payload does not fit into the pipe: when it is written, what stands before it was read.
start --sort
"$make_stream" call:20:30 call:10:40 long >&9
kill -INT "$pid"
end
stop_feeding
check "what was read before a signal is printed, in order" printed_among_others 10:40 20:30
check "... and said not to be all" said "sendread: stopped before the end of the stream"
check "... with exit status 0" exited 0

start -q --sort=3600s
"$make_stream" call:20:30 call:10:40 long >&9
kill -INT "$pid"
end
stop_feeding
check "a window is emptied when a signal comes" printed_among_others 10:40 20:30
check "... quietly with -q" said_nothing

start --sort=50ms
"$make_stream" call:20:30 call:10:40 >&9
check "--sort=TIME shows events while their writer stays" wait_until printed_lines 2
check "... in order" printed_calls 10:40 20:30
"$make_stream" call:100000000:200000000 call:5:300000000 call:300000000:400000000 >&9
check "an event that comes later than the window is shown all the same" \
	wait_until printed_lines 5
kill -USR1 "$pid"
check "... and counted in the summary" \
	wait_until said "1 event out of order: came later than the window"
kill -INT "$pid"
end
stop_feeding

start -q --sort=50ms
"$make_stream" call:100000000:200000000 call:5:300000000 call:300000000:400000000 >&9
check "... at the end, with -q, too" wait_until printed_lines 3
kill -INT "$pid"
end
stop_feeding
check "... which says nothing else" \
	[ "$(cat "$work/err")" = "1 event out of order: came later than the window (see --sort)" ]

# ---- The temporary file, and memory

run env TMPDIR="$work/nothing" "$sendread" --sort --device "$stream"
check "a missing TMPDIR is an error with exit status 1" exited 1
check "... which says what is expected" said "temporary file: No such file or directory; expected"
check "... before anything is printed" printed_lines 0

# shellcheck disable=SC2046 # as many words
"$make_stream" $(yes long | head -n 20) >"$work/long"
limited() {
	run sh -c "ulimit -f 1000; exec '$sendread' --sort --device '$1' >/dev/null"
}
limited "$work/long"
check "20 MB are sorted in memory: a limit of file sizes does not matter" \
	said "20 events captured"
cat "$work/long" "$work/long" "$work/long" "$work/long" >"$work/big"
limited "$work/big"
check "80 MB need the file: the limit is an error with exit status 1" exited 1
check "... which says what is expected" said "temporary file: File too large; expected room"
check "... and nothing is printed of them" said "0 events captured"

# The sanitizers use memory, too: here the same sources run without them.
# Nobody reads its lines behind the first, so that it stays in the middle of the merge.
# memory_stays_below KB STREAM TIMES
memory_stays_below() {
	exec 8<>"$work/lines"
	"$here/build/plain/sendread" -q --sort --device "$pipe" >&8 2>"$work/err" &
	pid=$!
	for _ in $(seq "$3"); do
		cat "$2"
	done >"$pipe"
	[ "$(head -c 4 <&8)" = "pid=" ] || return 1
	peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$pid/status")
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || :
	pid=
	exec 8>&-
	echo "# peak resident size: $peak kB"
	[ "$peak" -lt "$1" ]
}
mkfifo "$work/lines"
check "200 MB of long payloads leave its memory under 80 MiB" \
	memory_stays_below 81920 "$work/long" 10
# shellcheck disable=SC2046 # as many words
"$make_stream" $(yes send | head -n 5000) >"$work/short"
check "... and as many short records leave it under 80 MiB" \
	memory_stays_below 81920 "$work/short" 220
finish
