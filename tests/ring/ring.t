#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The ring's ordering: the code itself between two threads, the same with each barrier taken
# away, which must be noticed, and the patterns that it relies on; prints TAP.
#
#   RING_SEED=N     other random numbers than the usual ones
#   RING_EVENTS=N   how many events each of the runs makes
set -eu
. "$(dirname "$0")/../lib/host.sh"

cd "$(dirname "$0")"
seed=${RING_SEED:-1}
events=${RING_EVENTS:-1000000}
points=0
failed=0

# NAME|PROGRAM|MODE|FILE|sed COMMAND THAT TAKES IT AWAY|WHAT IS THEN SAID
planted=(
	'release (A)|stress|kernel|kmod/ring.h|/A, matches B/s/smp_store_release(/store_without_release(/|data race'
	'acquire (B)|stress|kernel|kmod/ring.c|/B, matches A/s/smp_load_acquire(/load_without_acquire(/|data race'
	'release (C)|stress|kernel|kmod/ring.c|/C, matches D/s/smp_store_release(/store_without_release(/|data race'
	'acquire (D)|stress|kernel|kmod/ring.h|/D, matches C/s/smp_load_acquire(/load_without_acquire(/|data race'
	"reader's acquire (B)|stress|merged|user/lib/barrier.h|s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/|data race"
	"reader's release (C)|stress|merged|user/lib/barrier.h|s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/|data race"
	"reader's second look|stress|merged|user/lib/merge.c|s/while (!merge->settled)/if (!merge->settled)/|came out after"
	'full barrier (E)|bell|poll|kmod/bell.h|/E, matches F/s/smp_mb()/no_mb()/|a wake-up was lost'
	'full barrier (F)|bell|poll|kmod/bell.c|/F, matches E/s/smp_mb()/no_mb()/|a wake-up was lost'
)

# verdict NAME ok|'not ok' [FILE]: what the file says stands below the point.
verdict() {
	points=$((points + 1))
	[ "$2" = ok ] || failed=$((failed + 1))
	echo "$2 $points - $1"
	[ -z "${3:-}" ] || head -n 40 "$3" | sed 's/^/# /'
}

# ThreadSanitizer loses its way where the kernel's random addresses are very random.
same_addresses=()
! setarch -R true 2>/dev/null || same_addresses=(setarch -R)
export TSAN_OPTIONS=halt_on_error=1

# Threads that wait for each other on a CPU that others want take long.
limit=600

# run_program BUILD PROGRAM MODE COUNT [SEED]: its output goes to BUILD/log.
run_program() {
	local status=0
	"${same_addresses[@]}" timeout $limit "$1/$2" "$3" "$4" "${5:-$seed}" >"$1/log" 2>&1 ||
		status=$?
	[ $status != 124 ] || echo "expected it to end within $limit seconds" >>"$1/log"
	return $status
}

try() {
	local name=$1 result=ok
	shift
	run_program build "$@" || result='not ok'
	verdict "$name" "$result" build/log
}

# A copy of the sources without one barrier. What is sought is said within the events.
find_planted() {
	local name program mode file command said build=build/planted/$1 count=300000
	IFS='|' read -r name program mode file command said <<<"${planted[$1]}"
	name="without the $name it fails: $said"
	rm -rf "$build"
	mkdir -p "$build/kmod" "$build/user/lib"
	cp ../../kmod/*.[ch] "$build/kmod"
	cp ../../user/lib/*.[ch] "$build/user/lib"
	sed -i "$command" "$build/$file"
	if cmp -s "../../$file" "$build/$file"; then
		echo "expected in $file what this changes: $command" >"$build/log"
		verdict "$name" 'not ok' "$build/log"
		return
	fi
	[ "$program" = stress ] || count=3000000
	make -s KMOD="$build/kmod" USER="$build/user" BUILD="$build" "$build/$program" >&2
	# What is missing shows where two threads meet in an unlucky moment: on a busy machine
	# that may take more than one run.
	for ((run = 0; run < 10; run++)); do
		run_program "$build" "$program" "$mode" "$count" "$((seed + run))" ||
			[ $? != 124 ] || break
		! grep -q "$said" "$build/log" || break
	done
	if grep -q "$said" "$build/log"; then
		verdict "$name" ok
	elif [ "$program" = bell ] && [ "$(nproc)" = 1 ]; then
		verdict "$name # SKIP one CPU alone sees its own stores in order" ok
	else
		verdict "$name" 'not ok' "$build/log"
	fi
}

need gcc make libc6-dev
make -s all >&2 || {
	echo "Bail out! the tests of the ring do not build"
	exit 1
}
echo "# seed $seed, $events events in each run"
try "read(): every record is whole and in sequence, every loss is told" stress kernel "$events"
try "mapped: the reader finds every record, in the order of time" stress merged "$events"
try "mapped at addresses of its own: the same" stress mapped "$events"
try "a consumer that writes nonsense harms nobody else" stress hostile "$events"
try "nobody sleeps in read() beside a record" bell read 200000
try "nobody sleeps in poll() beside a record" bell poll 200000
for number in "${!planted[@]}"; do
	find_planted "$number"
done
echo "1..$points"
[ "$failed" = 0 ]
