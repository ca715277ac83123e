#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the KUnit suites (tests/kunit) on the kernel that looks for mistakes, and passes on
# what they say; then says how much of each room of the module they have reached.
set -eu
. "$(dirname "$0")/../lib/host.sh"

usage() {
	cat <<-'END'
	Usage: kunit.t [OPTION...]     (or: prove [-v] tests/kunit/kunit.t)
	--kernel DIR        a kernel with KUnit and gcov, that of debug-kernel if not given
	--timeout SECONDS   how long the guest may take; 600, or $SENDTRACE_VM_TIMEOUT
	--least PERCENT     lines of each room that have to run; 95 if not given
	END
}

# Each room, and the test that includes its file.
rooms=(filter:filter_test ring:ring_test peer:peer_test record:record_test event:event_test)

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# Copies what differs, so that make builds only that anew, and drops what is gone.
sync_sources() {
	local file
	mkdir -p "$copy"
	(cd "$copy" && find kmod include tests -name '*.[ch]' 2>/dev/null) | while read -r file; do
		[ -e "$top/$file" ] || [[ $file == *.mod.c ]] || rm "$copy/$file"
	done
	(cd "$top" && find kmod include tests/kunit -name '*.[ch]' -o -name '*.mk' -o -name Kbuild) |
		while read -r file; do
			cmp -s "$top/$file" "$copy/$file" ||
				install -D -m 644 "$top/$file" "$copy/$file"
		done
}

# Two runs must not build in one folder at once; gcov needs what the compiler notes there.
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

# All but the plan, which is not the last word here, and the counts of lines.
relay() {
	local line name data
	while IFS= read -r line; do
		case $line in
		1..[0-9]*) echo "${line#1..}" >"$work/points" ;;
		'# gcda '*)
			read -r name data <<<"${line#'# gcda '}"
			base64 -d <<<"$data" | gunzip >"$work/coverage/$name"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

# "PERCENT RUN ALL" of the lines of kmod/$1.c and kmod/$1.h, then those that did not run.
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
	points=$((points + 1))
	if [ -n "$counts" ] && awk -v p="$percent" -v least="$least" 'BEGIN { exit !(p >= least) }'; then
		echo "ok $points - $room: $percent % of its lines run ($run of $all)"
	else
		echo "not ok $points - $room: at least $least % of its lines run"
		echo "# expected $least % of the lines of kmod/$room.[ch], but ${percent:-none} % ran (${run:-0} of ${all:-?})"
		failed=yes
	fi
	sed 1d <<<"$counts"
}

kernel='' timeout=${SENDTRACE_VM_TIMEOUT:-600} least=95 failed=''
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
copy=$cache/kunit/$(basename "$kernel")-$(printf '%s' "$top" | md5sum | cut -c 1-8)
mkdir -p "$cache/kunit"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build_module
echo 0 >"$work/points"
set +e
"$top/tests/vm/run-suite" --kernel "$kernel" --bare "$work/test" --timeout "$timeout" | relay
[ "${PIPESTATUS[0]}" = 0 ] || failed=yes
set -e
points=$(cat "$work/points")
for room in "${rooms[@]}"; do
	report_room "$room"
done
echo "1..$points"
[ -z "$failed" ]
