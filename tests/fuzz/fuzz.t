#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The reader's decoder and parsers under libFuzzer; prints TAP.
#
#   fuzz.t             each target with a fixed seed and a fixed number of inputs: the same
#                      inputs in every run, so that the result does not depend on luck
#   fuzz.t SECONDS     each target for SECONDS with a random seed. Inputs that reach new code
#                      are kept in the cache, and a later run goes on from there
#
# Then each target with planted bugs: it must find each within the fixed number of inputs,
# always with the same seed, and again in the input that it keeps.
#
#   FUZZ_SEED=N        this seed
#
# As many targets run concurrently as there are CPUs. Inputs that made a target fail are kept
# in the cache, and every later run tries them first.
set -eu
. "$(dirname "$0")/../lib/host.sh"

cd "$(dirname "$0")"
seconds=${1:-}
seed=${FUZZ_SEED:-$([ -n "$seconds" ] && echo "$RANDOM" || echo 1)}
folder=$cache/fuzz
points=0
failed=0

# About half a minute each on a slow CPU.
declare -A runs=([decode]=3000000 [stream]=200000 [rings]=600000 [options]=1500000)

# The bugs to be found: TARGET|FILE OF user/|sed COMMAND THAT PLANTS THE BUG
planted=(
	'decode|lib/decode.c|s/if (end > event->rec.size)/if (end > event->rec.size + 64ull)/'
	'decode|sink/escape.c|/define IS_PLAIN/s/ && (c) != .*/)/'
	'decode|sink/escape.c|/(byte_vector)(block == /s/== .*)/== 0)/'
	'decode|sink/escape_avx2.c|s/9 << 16/8 << 16/'
	'decode|sink/kept.c|s/if (size > sizeof(kept->call))/if (size > 2048)/'
	'stream|sink/kept.h|s/return kept_same_pair(&kept->flags, &event->flags) &&/return/'
	'stream|lib/stream.c|s/stream->end -= stream->start;//'
	'stream|lib/join.c|s/joined->size == fragment->offset &&/1 \&\&/'
	'stream|lib/heap.c|s/return a->key < b->key;/return a->key > b->key;/'
	'rings|lib/merge.c|s/if (head - ring->tail > ring->size)/if (0)/'
	'rings|lib/merge.c|s/->rec.time > ring->rec.time)/->rec.time < ring->rec.time)/'
	'options|sendread/options.c|s/nr_pids == SENDTRACE_MAX_PIDS)/nr_pids > SENDTRACE_MAX_PIDS)/'
	'options|common/number.c|s/DECIMALS = 9/DECIMALS = 10/'
)

# point NAME COMMAND...: what the command prints stands below its point.
point() {
	local name=$1 verdict=ok output
	shift
	points=$((points + 1))
	output=$("$@" 2>&1) || verdict='not ok'
	[ "$verdict" = ok ] || failed=$((failed + 1))
	echo "$verdict $points - $name"
	[ -z "$output" ] || printf '%s\n' "$output" | sed 's/^/# /'
}

# Prints why this machine never runs the code of a file of user/, if that is so.
unreached() {
	[ "$1" = sink/escape_avx2.c ] && ! grep -qw avx2 /proc/cpuinfo &&
		echo "this machine has no AVX2"
}

# AddressSanitizer fails where the kernel's random addresses have many bits.
same_addresses=()
! setarch -R true 2>/dev/null || same_addresses=(setarch -R)

# fuzz PROGRAM LOG FOUND LIMIT ARGUMENT...
fuzz() {
	local program=$1 log=$2 found=$3 limit=$4
	shift 4
	"${same_addresses[@]}" timeout -k 10 "$limit" "$program" -seed="$seed" -max_len=8192 \
		-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$found/" "$@" >"$log" 2>&1
}

# The order in which a folder lists its files must not matter, nor what the cache holds, nor
# the clock, which -reload goes by.
# fuzz_fixed TARGET PROGRAM LOG FOUND LEARNT
fuzz_fixed() {
	local inputs
	rm -rf "$5"
	mkdir -p "$5"
	inputs=$(LC_ALL=C && echo "corpus/$1"/*)
	fuzz "$2" "$3" "$4" 900 -runs="${runs[$1]}" -reload=0 -seed_inputs="${inputs// /,}" "$5"
}

# try_found PROGRAM LOG FOUND
try_found() {
	local input
	for input in "$3"/*; do
		[ ! -e "$input" ] || fuzz "$1" "$2" "$3" 60 "$input" || return 1
	done
}

fuzz_target() {
	local target=$1 found=$folder/found/$1 learnt=$folder/corpus/$1
	local program=build/${1}_fuzz log=$folder/$1.log
	mkdir -p "$found" "$learnt"
	rm -f "$folder/$target.done"
	try_found "$program" "$log" "$found" || return 0
	if [ -n "$seconds" ]; then
		fuzz "$program" "$log" "$found" $((seconds + 120)) -max_total_time="$seconds" \
			"$learnt" "corpus/$target" || return 0
	else
		fuzz_fixed "$target" "$program" "$log" "$found" "$folder/fixed/$target" || return 0
	fi
	touch "$folder/$target.done"
}

# What a run found, from its log.
tell_finding() {
	local log=$1 input
	grep -aE 'broken promise|runtime error|ERROR: |^SUMMARY' "$log" | cut -c1-300 | head -n 5
	input=$(sed -n 's/.*Test unit written to //p' "$log" | head -n 1)
	if [ -n "$input" ]; then
		echo "the input: $input"
		echo "to see it again: tests/fuzz/$2 '$input'"
	else
		tail -n 5 "$log"
	fi
	echo "the whole log: $log"
}

judge_target() {
	local target=$1 log=$folder/$1.log
	if [ ! -e "$folder/$target.done" ]; then
		tell_finding "$log" "build/${target}_fuzz"
		return 1
	fi
	grep -aE '^stat::(number_of_executed_units|average_exec_per_sec|new_units_added)' "$log"
	echo "coverage: $(grep -aoE 'cov: [0-9]+ ft: [0-9]+ corp: [0-9]+' "$log" | tail -n 1)"
	[ "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" -ge \
		"$([ -n "$seconds" ] && echo 1000 || echo "${runs[$target]}")" ]
}

# A copy of the reader and of its build, in which one line is wrong.
plant() {
	local build=$1 file=$2 command=$3
	rm -rf "$build"
	mkdir -p "$build"
	cp -rp build/*.o build/*.a build/user "$build"
	(cd ../../user && find . -name '*.[ch]') | while read -r name; do
		mkdir -p "$build/source/$(dirname "$name")"
		cp -p "../../user/$name" "$build/source/$name"
	done
	sed -i "$command" "$build/source/$file"
	if cmp -s "../../user/$file" "$build/source/$file"; then
		echo "user/$file has no line that this would change: '$command'"
		return 1
	fi
	# The objects depend on the headers of the original, which have not changed.
	[[ $file != *.h ]] || rm -r "$build/user" "$build/libuser.a"
}

# The input alone must make it fail, without the inputs before it.
replay() {
	local program=$1 input=$2
	if "${same_addresses[@]}" timeout 60 "$program" "$input" >/dev/null 2>&1; then
		echo "expected the same of the input alone: tests/fuzz/$program '$input'"
		return 1
	fi
}

find_planted() {
	local number=$1 target file command build=build/planted/$1 status=0 input
	# Not a random one: that each bug is found within so many inputs is known of this seed.
	local seed=1
	IFS='|' read -r target file command <<<"${planted[number]}"
	plant "$build" "$file" "$command" || return 1
	mkdir -p "$build/found"
	make -s USER="$build/source" BUILD="$build" "$build/${target}_fuzz" || return 1
	fuzz_fixed "$target" "$build/${target}_fuzz" "$build/log" "$build/found" "$build/learnt" ||
		status=$?
	if [ -z "$(ls -A "$build/found")" ]; then
		echo "expected the bug to be found within ${runs[$target]} inputs;" \
			"status $status, see tests/fuzz/$build/log"
		return 1
	fi
	grep -aE 'broken promise|runtime error|ERROR: Addr' "$build/log" | head -n 1 | cut -c1-150
	for input in "$build/found"/*; do
		replay "$build/${target}_fuzz" "$input" || return 1
	done
}

case $seconds in
*[!0-9]* | 0) die "SECONDS is '$seconds', expected a whole number above 0" ;;
esac
need gcc make libc6-dev clang-14 libclang-rt-14-dev
make -s -j"$(nproc)" all >&2 || {
	echo "Bail out! the fuzz targets do not build"
	exit 1
}
targets=(decode stream rings options)
if [ -n "$seconds" ]; then
	echo "# seed $seed, $seconds s for each target"
else
	echo "# seed $seed, a fixed number of inputs for each target"
fi
mkdir -p "$folder"
for target in "${targets[@]}"; do
	while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
		wait -n || :
	done
	fuzz_target "$target" &
done
wait
for target in "${targets[@]}"; do
	point "$target: no crash, no leak, no undefined behaviour, no broken promise" \
		judge_target "$target"
done
for number in "${!planted[@]}"; do
	IFS='|' read -r target file _ <<<"${planted[number]}"
	name="$target: finds a bug that was planted in $file"
	if reason=$(unreached "$file"); then
		point "$name # SKIP $reason" true
	else
		point "$name" find_planted "$number"
	fi
done
echo "1..$points"
[ "$failed" = 0 ]
