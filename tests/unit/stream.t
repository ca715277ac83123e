#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Saved record streams from end to end: whole, truncated, corrupt.
set -eu
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"

stream=$work/stream
line='pid=29664 tid=29963 comm=connection fd=35 msg=hello len=5 flg=64 addr_len=0 family=2 dest=192.0.2.7 port=47698 ret=5 call=sendto'

only_whole_lines() {
	! grep -vxF -e "$line" "$work/out"
}

one_error() {
	[ "$(grep -c "^sendread: " "$work/err")" -eq 1 ]
}

one_line_summary() {
	[ "$(cat "$work/err")" = "1 event captured
0 events lost" ]
}

# ---- Whole streams

"$make_stream" send send send >"$stream"
run "$sendread" --device "$stream"
check "a saved stream is printed" printed_lines 3
check "... a line for each event" only_whole_lines
check "... with exit status 0" exited 0
check "... and a summary" said "3 events captured"
check "... that reports no loss" said "0 events lost"

run "$sendread" -q --device - <"$stream"
check "a stream is read from stdin" printed_lines 3
check "... quietly with -q" said_nothing

"$make_stream" send accept unknown send >"$stream"
run "$sendread" --device "$stream"
check "accepts, and types of a newer module, are skipped" printed_lines 2
run "$sendread" -a --device "$stream"
"$make_stream" unknown unknown >"$stream"
run "$sendread" -q --device "$stream"
check "a stream of unknown types alone is remarked, with -q, too" \
	said "sendread: records of type 99 come, which this sendread does not know: it is older than the module"
check "... once" one_error
run "$sendread" --device "$stream"
check "... and counted" said "2 records of unknown types"
"$make_stream" send accept unknown send >"$stream"
run "$sendread" -a --device "$stream"
check "-a shows accepts" grep -q "^accept pid=29664 .* newfd=5 family=2 dest=192.0.2.7 port=47698 ret=5 call=accept$" "$work/out"

# ---- What -e chooses

"$make_stream" send recv connect shutdown close >"$stream"
chosen() {
	check "-e $1 shows of a saved stream: $2" [ "$(printf '%s ' $(sed 's/.* call=\([^ ]*\).*/\1/' "$work/out"))" = "$2 " ]
}
for kinds in send:sendto recv:recvfrom 'connect,!send:connect' 'close:shutdown close' \
	'all:sendto recvfrom connect shutdown close' 'shutdown:shutdown' '!sendmsg,read:sendto'; do
	run "$sendread" -q -e "${kinds%:*}" --device "$stream"
	chosen "${kinds%:*}" "${kinds#*:}"
done
run "$sendread" -q -e close --device "$stream"
check "a close knows what was sent and received before, shown or not" \
	grep -q "^close pid=29664 .* ret=0 call=close lived=0\.000 sent=5 received=5$" "$work/out"
run "$sendread" -e send --device "$stream"
check "only what is shown is counted" said "1 event captured"

# ---- Older modules

"$make_stream" old:send old:accept send >"$stream"
run "$sendread" -qa --device "$stream"
check "what an older module wrote is shown with the calls that it knew" \
	[ "$(grep -c ' ret=5 call=sendto$' "$work/out")$(grep -c '^accept .* call=accept$' "$work/out")" = 21 ]

"$make_stream" send send send send send >"$stream"
run "$sendread" -c 3 --device "$stream"
check "-c 3 prints 3 events" printed_lines 3
check "... and counts them" said "3 events captured"

"$make_stream" long >"$stream"
run "$sendread" --device "$stream"
check "a payload of a megabyte is printed whole" grep -Eqx 'pid=[^=]* tid=[^=]* comm=connection fd=35 msg=(\\xab)+ len=1048576 .* ret=1048576 call=sendto' "$work/out"
check "... to the last byte" [ "$(wc -c <"$work/out")" -gt 4194304 ]

# ---- Payloads in parts

"$make_stream" parts >"$stream"
run "$sendread" --device "$stream"
check "a payload whose parts do not fit into memory is printed whole" \
	[ "$(wc -c <"$work/out")" -gt $((3 * 4194304)) ]
check "... without a remark" one_line_summary
run env TMPDIR=/nonexistent "$sendread" --device "$stream"
check "a payload that cannot be kept is marked" grep -q " msg= len=3145733 .* cap=0 why=unjoined$" "$work/out"
check "... with the reason" said "payloads are unjoined: their parts cannot be kept in '/nonexistent': No such file or directory"
check "... and is counted" said "1 event cut: unjoined 1"
# shellcheck disable=SC2016 # expanded by the other shell
run sh -c 'ulimit -f 100 && exec "$0" "$@"' "$sendread" --device "$stream"
check "a limit of a file's size is no end of the trace" exited 0
check "... but the reason" said "payloads are unjoined: the limit of a file's size (ulimit -f)"
run env TMPDIR=/nonexistent "$sendread" -q --device "$stream"
check "... also with -q" said "'/nonexistent'"
"$make_stream" long >"$stream"
run env TMPDIR=/nonexistent "$sendread" -q --device "$stream"
check "a TMPDIR that is not needed may be missing" said_nothing

# ---- Losses

"$make_stream" send lost send >"$stream"
run "$sendread" --device "$stream"
check "a reported loss is printed" said "sendread: cpu 0: 17 events lost: ring full"
check "... and counted" said "17 events lost: ring full"
check "... and is no failure" exited 0
run "$sendread" -q --device "$stream"
check "... and printed with -q, too" said "17 events lost"

"$make_stream" send gap send >"$stream"
run "$sendread" --device "$stream"
check "an unexplained sequence gap is printed" said "5 events lost: unexplained sequence gap"
check "... and is a failure" exited 1
check "... but the events that are there are printed" printed_lines 2

"$make_stream" cut:1 cut:11 cut:31 cut:60000 cut:0 >"$stream"
run "$sendread" --device "$stream"
check "a payload that was cut is shown with the reason" grep -q " msg=hello len=9 .* cap=5 why=snaplen$" "$work/out"
check "... or with its number, whichever a stream has there" \
	[ "$(grep -cE " cap=5 why=(11|31|60000|0)$" "$work/out")" -eq 4 ]
check "... and their sum is counted" said "5 events cut: snaplen 1, reasons of a newer module 4"

# ---- Damaged streams

"$make_stream" send send >"$work/two"
size=$(wc -c <"$work/two")
truncated_stream_is_reported() {
	at=1
	while [ $at -lt "$size" ]; do
		head -c $at "$work/two" >"$stream"
		run "$sendread" --device "$stream"
		if [ $at -eq $((size / 2)) ]; then
			exited 0 && printed_lines 1 || return 1
		else
			exited 1 && one_error && said "expected" && only_whole_lines &&
				printed_lines $((at / (size / 2))) || return 1
		fi
		at=$((at + 7))
	done
}
check "a stream that is truncated anywhere is reported, and its whole records printed" \
	truncated_stream_is_reported

# damage OFFSET BYTE...: of the second record
damage() {
	offset=$((size / 2 + $1))
	shift
	cp "$work/two" "$stream"
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$1" | dd of="$stream" bs=1 seek=$offset conv=notrunc 2>/dev/null
	run "$sendread" --device "$stream"
}

# corrupt WHAT OFFSET BYTES FIELD
corrupt() {
	damage "$2" "$3"
	check "$1 is reported" said \
		"sendread: corrupt record at byte $((size / 2)) of the stream: $4 is"
	check "... with what was expected" said "expected"
	check "... not printed as data" printed_lines 1
	check "... and exit status 1" exited 1
}

corrupt "a size of 0" 0 '\0\0\0\0' size
corrupt "a size that is not a multiple of 8" 0 '\361' size
corrupt "a size of 4 GiB" 0 '\370\377\377\377' size
corrupt "a header that is too short" 4 '\010\0' header_size
corrupt "a header that is longer than the record" 4 '\300\377' header_size
corrupt "an impossible CPU number" 24 '\377\377\377\377' cpu

corrupt "a payload that is longer than what was sent" 104 '\006' cap_len
corrupt "an address that is longer than any" 124 '\377\377' local_len
corrupt "an impossible result" 63 '\200' ret

head -c 4096 /dev/zero >"$stream"
run "$sendread" --device "$stream"
check "zeros are no stream" exited 1
check "... nothing is printed of them" printed_lines 0
yes "a text" | head -c 100000 >"$stream"
run "$sendread" --device "$stream"
check "text is no stream" exited 1
check "... nothing is printed of it" printed_lines 0
: >"$stream"
run "$sendread" --device "$stream"
check "an empty stream is whole" exited 0
finish
