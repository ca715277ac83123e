#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests the ring between two threads: the code as it is, which must pass, and without each
# barrier, which must fail; prints TAP.
#
#   RING_SEED=N     seed of the random numbers (default: 1)
#   RING_EVENTS=N   number of events in each run of stress (default: 1000000)
set -eu
. "$(dirname "$0")/../lib/host.sh"
. "$(dirname "$0")/../lib/tap.sh"

cd "$(dirname "$0")"
seed=${RING_SEED:-1}
events=${RING_EVENTS:-1000000}

# WHAT IS REMOVED|PROGRAM|MODE|FILE|sed COMMAND THAT REMOVES IT|MESSAGE OF THE FAILURE
planted=(
	'release (A)|stress|kernel|kmod/ring.h|/A, matches B/s/smp_store_release(/store_without_release(/|data race'
	'acquire (B)|stress|kernel|kmod/ring.c|/B, matches A/s/smp_load_acquire(/load_without_acquire(/|data race'
	'release (C)|stress|kernel|kmod/ring.c|/C, matches D/s/smp_store_release(/store_without_release(/|data race'
	'acquire (D)|stress|kernel|kmod/ring.h|/D, matches C/s/smp_load_acquire(/load_without_acquire(/|data race'
	"reader's acquire (B)|stress|merged|user/lib/barrier.h|s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/|data race"
	"reader's release (C)|stress|merged|user/lib/barrier.h|s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/|data race"
	"reader's second look|stress|merged|user/lib/merge.c|s/while (!merge->settled)/if (!merge->settled)/|records out of order"
	'full barrier (E)|bell|poll|kmod/bell.h|/E, matches F/s/smp_mb()/no_mb()/|lost wake-up'
	'full barrier (F)|bell|poll|kmod/bell.c|/F, matches E/s/smp_mb()/no_mb()/|lost wake-up'
)

# ThreadSanitizer can fail on kernels that use many random bits for addresses.
same_addresses=()
! setarch -R true 2>/dev/null || same_addresses=(setarch -R)
export TSAN_OPTIONS=halt_on_error=1

# Seconds. Two threads that wait for each other are slow on a busy CPU.
limit=600

# run_program BUILD PROGRAM MODE COUNT [SEED]: writes its output to BUILD/log
run_program() {
	local status=0
	"${same_addresses[@]}" timeout $limit "$1/$2" "$3" "$4" "${5:-$seed}" >"$1/log" 2>&1 ||
		status=$?
	[ $status != 124 ] || echo "expected $2 to end within $limit seconds" >>"$1/log"
	return $status
}

# try SENTENCE PROGRAM MODE COUNT: passes if the program succeeds; its output is shown in any case
try() {
	local sentence=$1 status=0
	shift
	run_program build "$@" || status=$?
	if [ $status = 0 ]; then
		tap_point "$sentence"
		head -n 40 build/log | sed 's/^/# /'
	else
		tap_point "$sentence" "$(head -n 40 build/log && echo "exit status $status")"
	fi
}

# find_planted INDEX: builds a copy of the sources without one barrier, and runs it until it
# prints the message
find_planted() {
	local barrier program mode file command message sentence fault
	local build=build/planted/$1 count=300000
	IFS='|' read -r barrier program mode file command message <<<"${planted[$1]}"
	sentence="without the $barrier the test fails: $message"
	rm -rf "$build"
	mkdir -p "$build/kmod" "$build/user/lib"
	cp ../../kmod/*.[ch] "$build/kmod"
	cp ../../user/lib/*.[ch] "$build/user/lib"
	sed -i "$command" "$build/$file"
	if cmp -s "../../$file" "$build/$file"; then
		fault="this sed command no longer changes $file; adapt it: $command"
		tap_point "$sentence" "$fault"
		return
	fi
	[ "$program" = stress ] || count=3000000
	make -s KMOD="$build/kmod" USER="$build/user" BUILD="$build" "$build/$program" >&2
	# The test notices a missing barrier only if the timing of the two threads is unlucky. On a
	# busy machine that may take more than one run.
	for ((run = 0; run < 10; run++)); do
		run_program "$build" "$program" "$mode" "$count" "$((seed + run))" ||
			[ $? != 124 ] || break
		! grep -q "$message" "$build/log" || break
	done
	if grep -q "$message" "$build/log"; then
		tap_point "$sentence"
	elif [ "$program" = bell ] && [ "$(nproc)" = 1 ]; then
		tap_point "$sentence # SKIP needs two CPUs: one CPU sees its own stores in order"
	else
		fault="expected '$message' in the output of $program"
		tap_point "$sentence" "$fault"$'\n'"$(head -n 40 "$build/log")"
	fi
}

need gcc make libc6-dev
make -s all >&2 || bail_out "the ring's test programs do not build"
echo "# seed $seed, $events events in each run"
try "read(): every record is intact and in sequence, every loss is reported" stress kernel "$events"
try "mapped rings: the reader finds every record, in order of time" stress merged "$events"
try "mapped rings: the same at addresses of the reader's own" stress mapped "$events"
try "with any consumer position, the producer writes only inside the ring" stress hostile "$events"
try "read() never sleeps while a record is unread" bell read 200000
try "poll() never sleeps while a record is unread" bell poll 200000
for number in "${!planted[@]}"; do
	find_planted "$number"
done
finish
