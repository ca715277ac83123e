# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# shellcheck disable=SC2034 # used by those who read this file
# TAP for shell scripts: `check SENTENCE COMMAND...`, and at the end `finish`.

# A test that never ends has failed.
if [ -z "${TEST_IS_TIMED:-}" ]; then
	TEST_IS_TIMED=1 exec timeout --kill-after=5 120 "$0" "$@"
fi

here=$(cd "$(dirname "$0")" && pwd)
# The reader under AddressSanitizer and UBSan.
sendread=$here/build/sendread
make_stream=$here/build/make_stream
count=0
failed=0
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

check() {
	sentence=$1
	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $sentence"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $count - $sentence"
	echo "# failed: $*"
	for file in out err status; do
		[ ! -s "$work/$file" ] || sed "s/^/# $file: /" "$work/$file" | cut -c 1-400
	done
}

# Run a command; its output, messages and exit status are files in $work.
run() {
	status=0
	"$@" >"$work/out" 2>"$work/err" || status=$?
	echo "$status" >"$work/status"
}

exited() {
	[ "$(cat "$work/status")" = "$1" ]
}

printed_lines() {
	[ "$(wc -l <"$work/out")" -eq "$1" ]
}

# Exactly this text, and a newline at its end.
printed() {
	[ "$(cat "$work/out")" = "$1" ]
}

said() {
	grep -qF -e "$1" "$work/err"
}

said_nothing() {
	[ ! -s "$work/err" ]
}

# Wait until a command succeeds, at most ten seconds.
wait_until() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1000 ] || return 1
		sleep 0.01
	done
}

finish() {
	echo "1..$count"
	[ "$failed" -eq 0 ]
}
