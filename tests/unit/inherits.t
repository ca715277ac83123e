#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What sendread inherits and waits for: it works, or says why not.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

# The sanitizers need descriptors and memory of their own.
sendread=$here/build/plain/sendread
pipe=$work/pipe
mkfifo "$pipe"
stream=$work/stream
"$make_stream" send send send >"$stream"

# Run a command; it has a minute, many times what it needs.
limited() {
	run timeout -s KILL 60 "$@"
}

end() {
	status=0
	wait "$pid" || status=$?
	pid=
	echo "$status" >"$work/status"
}

# ---- Signals and timers

for how in ignore block; do
	limited env --$how-signal=ALRM,TERM,INT,USR1 "$sendread" -d 0.2 --device "$pipe"
	check "-d ends it where the parent has left signals ${how%e}ed, and no writer comes" exited 0
	check "... with a summary" said "0 events captured"
	env --$how-signal=TERM "$sendread" --device "$pipe" >"$work/out" 2>"$work/err" &
	pid=$!
	exec 9>"$pipe"
	"$make_stream" send >&9
	wait_until printed_lines 1
	kill "$pid"
	end
	exec 9>&-
	check "SIGTERM does" exited 0
	check "... with a summary" said "1 event captured"
done

# It lives longer than the parent's alarm.
# shellcheck disable=SC2016 # Perl's variables
run perl -e 'alarm 1; exec @ARGV' "$sendread" -d 2 --device "$pipe"
check "an alarm of the parent ends nothing" exited 0
check "... but -d does" said "0 events captured"

# shellcheck disable=SC2016
limited perl -MPOSIX=setsid -e 'fork and exit; setsid; exec @ARGV' "$sendread" --device "$stream"
check "it needs no terminal" wait_until said "3 events captured"

# ---- Limits

# Its messages go to a pipe: files are limited.
# shellcheck disable=SC2016
limited sh -c '{ (ulimit -f 0; exec "$@" >"$0") 2>&1; echo "status $?."; } | cat >&2' \
	"$work/limited" "$sendread" --device "$stream"
check "a file size limit is an error" said "status 1."
check "... which is named" said "File too large (the limit is that of 'ulimit -f'), 3 events captured were not printed"

few_descriptors_work_or_are_named() {
	for limit in 4 5 6 7 8; do
		# shellcheck disable=SC2016
		limited sh -c 'ulimit -n "$0"; exec "$@"' "$limit" "$sendread" --device "$stream"
		if exited 0; then
			printed_lines 3 || return 1
		else
			exited 1 && said "Too many open files" || return 1
		fi
	done
}
check "few descriptors are enough, or named as the reason" few_descriptors_work_or_are_named

# ---- Closed descriptors

# closed DESCRIPTOR...: run it without them; what is left of the others goes to files
closed() {
	redirections=$(printf ' %s>&-' "$@")
	: >"$work/out"
	: >"$work/err"
	status=0
	sh -c "exec timeout -s KILL 60 '$sendread' --device '$device' <'$stream' >'$work/out' \
		2>'$work/err' $redirections" || status=$?
	echo "$status" >"$work/status"
}

device=$stream
closed 0
check "a closed standard input is not missed" printed_lines 3
check "... nor without standard error" [ "$(closed 2 && closed 0 2 && cat "$work/status")" = 0 ]
closed_output_fails() {
	for others in "" 0 2 "0 2"; do
		# shellcheck disable=SC2086 # as many words
		closed 1 $others
		exited 1 || return 1
	done
}
check "without standard output it fails" closed_output_fails
closed 1
check "... and says why" said "standard output: Bad file descriptor"
device=-
closed 0
check "without the standard input that it is to read it fails" exited 1
check "... and says why" said "cannot read '-': Bad file descriptor"

# ---- Nobody reads the lines

# shellcheck disable=SC2046 # as many words
"$make_stream" $(yes send | head -n 3000) >"$stream"

# begin MESSAGES: on a pipe of one page that nobody reads beyond the first byte: it is in the
# middle of a write() then
begin() {
	rm -f "$work/lines"
	mkfifo "$work/lines"
	exec 8<>"$work/lines"
	# F_SETPIPE_SZ
	perl -e 'fcntl(STDIN, 1031, 4096) or die $!' <&8
	"$sendread" --device "$stream" >"$work/lines" 2>"$1" 8<&- &
	pid=$!
	dd bs=1 count=1 <&8 >/dev/null 2>&1
}

unread() {
	exited 1 && said "sendread: cannot write to standard output: $1, " &&
		said "captured were not printed"
}

begin "$work/err"
kill "$pid"
end
check "one SIGTERM ends it while nobody reads its lines" unread "nobody reads it"
check "... and the summary says the same" said " events not printed"
begin "$work/err"
kill "$pid"
kill -INT "$pid"
end
check "a second signal does so immediately" unread interrupted

# A full pipe that does not block, and that nobody reads, is standard error.
# shellcheck disable=SC2016 # Perl's variables
cannot_say() {
	run perl -MFcntl -e '$^F = 99; pipe(R, W); fcntl(W, F_SETFL, O_NONBLOCK);
		1 while syswrite(W, "#"); open(STDERR, ">&", W); exec @ARGV' "$@"
}

"$make_stream" lost >"$work/lost"
cannot_say "$sendread" -q --device "$work/lost"
check "it fails if a loss could not be reported" exited 1
cannot_say "$sendread" -q --device "$stream"
check "... but not if there was nothing to report" exited 0

begin "$work/lines"
kill "$pid"
end
check "one SIGTERM ends it while nobody reads its messages either" exited 1
exec 8<&-
finish
