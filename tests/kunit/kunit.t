#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the KUnit suites (tests/kunit) on the debug kernel and passes on their
# TAP; then checks how many lines of each room of the module they ran.
set -eu
. "$(dirname "$0")/../lib/host.sh"
. "$(dirname "$0")/../lib/tap.sh"

usage() {
	cat <<-'END'
	Usage: kunit.t [OPTION...]     (or: prove [-v] tests/kunit/kunit.t)
	--kernel DIR        a kernel with KUnit and gcov; default: that of tests/vm/debug-kernel
	--timeout SECONDS   how long the guest may take; default 600, or $SENDTRACE_VM_TIMEOUT
	--least PERCENT     how many lines of each room must run; default 95
	END
}

# Each room, and the test that includes its source. Not trace.c: a quarter of its lines are for an
# ftrace that is broken.
rooms=(rules:rules_test pattern:rules_test running:running_test ring:ring_test bell:bell_test
	peer:peer_test peer_unix:peer_test given:given_test payload:payload_test record:record_test event:event_test
	late:event_late_test pool:pool_test probe:probe_test canary:probe_test symbol:probe_test inlined:inlined_test
	entry:probe_test returns:returns_test share:share_test deliver:deliver_test
	tls_note:tls_note_test tls_open:tls_open_test tls_around:tls_open_test tls_conn:tls_conn_test tls_bio:tls_bio_test tls_written:tls_written_test
	sendto:event_peer_test cmsg:cmsg_test syscall:syscall_test
	receive:receive_test source:source_test connect:connect_test)

sync_sources() {
	mkdir -p "$copy"
	(cd "$copy" && find kmod include tests -name '*.[ch]' ! -name '*.mod.c' 2>/dev/null) | drop_stale "$copy"
	(cd "$top" && find kmod include tests/kunit -name '*.[ch]' -o -name '*.mk' -o -name Kbuild) |
		sync_files "$copy"
}

# Two runs must not build in one folder concurrently. gcov needs the compiler's *.gcno.
build_module() {
	exec 9>"$copy.lock"
	flock 9
	sync_sources
	make -C "$kernel/build" M="$copy/tests/kunit" --no-print-directory modules 9>&- >&2 ||
		bail_out "the test module does not build"
	mkdir "$work/test" "$work/coverage"
	cp "$top/tests/kunit/run" "$copy/tests/kunit/sendtrace_kunit.ko" "$work/test"
	cp "$copy"/tests/kunit/*.gcno "$work/coverage"
	exec 9>&-
}

# Passes on everything but the counts of lines, which become files for gcov.
relay() {
	local line name data
	while IFS= read -r line; do
		case $line in
		'# gcda '*)
			read -r name data <<<"${line#'# gcda '}"
			base64 -d <<<"$data" | gunzip >"$work/coverage/$name"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

# Prints "PERCENT RUN ALL" for the lines of kmod/$1.c and kmod/$1.h, then those that did not run.
count_lines() {
	gcov -t -o "$work/coverage" "$work/coverage/$2.gcda" 2>/dev/null | awk -F: -v room="$1" '
	$3 == "Source" { ours = $0 ~ "/kmod/" room "\\.[ch]$"; next }
	!ours || $1 ~ /-$/ { next }
	{ all++ }
	$1 ~ /(#####|=====)$/ { missing = missing "\n# not run: " $0; next }
	{ run++ }
	END { if (all) printf "%.1f %d %d%s\n", 100 * run / all, run, all, missing }'
}

report_room() {
	local room=${1%:*} counts percent run all
	counts=$(cd "$work" && count_lines "$room" "${1#*:}")
	read -r percent run all <<<"$counts"
	if [ -n "$counts" ] && awk -v p="$percent" -v least="$least" 'BEGIN { exit !(p >= least) }'; then
		tap_point "$room: $percent % of its lines run ($run of $all)"
	else
		tap_point "$room: at least $least % of its lines run" "expected $least % of the lines of kmod/$room.[ch], but ${percent:-none} % ran (${run:-0} of ${all:-?})"
	fi
	sed 1d <<<"$counts"
}

run_guest() {
	"$top/tests/vm/run-suite" --kernel "$kernel" --bare "$work/test" --timeout "$timeout" | relay
	return "${PIPESTATUS[0]}"
}

kernel='' timeout=${SENDTRACE_VM_TIMEOUT:-600} least=95
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) kernel=$2 && shift ;;
	--timeout) timeout=$2 && shift ;;
	--least) least=$2 && shift ;;
	-h | --help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift
done
need vm || bail_out "packages are missing"
[ -n "$kernel" ] || kernel=$("$top/tests/vm/debug-kernel") || bail_out "there is no kernel to boot"
copy=$cache/kunit/$(basename "$kernel")-$(tree_key)
mkdir -p "$cache/kunit"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build_module
relay_points "$work/output" run_guest
for room in "${rooms[@]}"; do
	report_room "$room"
done
finish
