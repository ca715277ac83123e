#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The reader's decoder and parsers under libFuzzer; prints TAP.
#
#   fuzz.t [SECONDS]     each target for so long (60 if not said), as many at once as
#                        there are CPUs; then each with a bug planted, which it must find
#                        and find again in the input that it keeps
#
#   FUZZ_SEED=N          another random sequence than the usual one
#
# What it learns is kept in the cache, so that a later run goes on from there; so is what
# makes a target fail, and that is tried first from then on.
set -eu
. "$(dirname "$0")/../lib/host.sh"

cd "$(dirname "$0")"
seconds=${1:-60}
seed=${FUZZ_SEED:-1}
folder=$cache/fuzz
points=0
failed=0

# What each target is to find: TARGET|FILE OF user/|sed COMMAND THAT PLANTS THE BUG
planted=(
	'decode|decode.c|s/if (end > event->rec.size)/if (end > event->rec.size + 64ull)/'
	'decode|escape.c|/define IS_PLAIN/s/ && (c) != .*/)/'
	'decode|escape.c|/(byte_vector)(block == /s/== .*)/== 0)/'
	'decode|escape_avx2.c|s/9 << 16/8 << 16/'
	'decode|format_text.c|s/if (size > sizeof(kept->call))/if (size > LINE_WIDEST)/'
	'stream|format_text.c|s/kept->flags == event->flags &&//'
	'stream|stream.c|s/stream->end -= stream->start;//'
	'stream|join.c|s/joined->size != fragment->offset ||/0 ||/'
	'rings|merge.c|s/if (head - ring->tail > ring->size)/if (0)/'
	'rings|merge.c|s/->rec.time > ring->rec.time)/->rec.time < ring->rec.time)/'
	'options|options.c|s/nr_pids == SENDTRACE_MAX_PIDS)/nr_pids > SENDTRACE_MAX_PIDS)/'
	'options|number.c|s/DECIMALS = 9/DECIMALS = 10/'
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

# Why this machine never gets to a file of user/, if that is so.
unreached() {
	[ "$1" = escape_avx2.c ] && ! grep -qw avx2 /proc/cpuinfo &&
		echo "this machine has no AVX2"
}

# AddressSanitizer loses its way where the kernel's random addresses are very random.
same_addresses=()
! setarch -R true 2>/dev/null || same_addresses=(setarch -R)

# fuzz PROGRAM LOG SECONDS FOUND CORPUS...
fuzz() {
	local program=$1 log=$2 time=$3 found=$4
	shift 4
	"${same_addresses[@]}" timeout -k 10 $((time + 120)) "$program" -seed="$seed" \
		-max_total_time="$time" -max_len=8192 -timeout=20 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$found/" "$@" >"$log" 2>&1
}

fuzz_target() {
	local target=$1 found=$folder/found/$1 learnt=$folder/corpus/$1
	mkdir -p "$found" "$learnt"
	rm -f "$folder/$target.done"
	fuzz "build/${target}_fuzz" "$folder/$target.log" "$seconds" "$found" \
		"$learnt" "corpus/$target" "$found" && touch "$folder/$target.done"
}

# The end of a run that found something, as far as it says what.
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
	[ "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" -gt 1000 ]
}

# A copy of the reader and of what was built of it, in which one line is wrong.
plant() {
	local build=$1 file=$2 command=$3
	rm -rf "$build"
	mkdir -p "$build"
	cp -rp build/*.o build/*.a build/user "$build"
	mkdir "$build/source"
	cp -p ../../user/*.[ch] "$build/source"
	sed -i "$command" "$build/source/$file"
	if cmp -s "../../user/$file" "$build/source/$file"; then
		echo "the line of user/$file that was to be made wrong is not there: '$command'"
		return 1
	fi
}

# What was found has to be the input's alone: no input before it may have a part in it.
replay() {
	local program=$1 input=$2
	if "${same_addresses[@]}" timeout 60 "$program" "$input" >/dev/null 2>&1; then
		echo "expected the same of the input alone: tests/fuzz/$program '$input'"
		return 1
	fi
}

find_planted() {
	local number=$1 target file command build=build/planted/$1 status=0 input
	IFS='|' read -r target file command <<<"${planted[number]}"
	plant "$build" "$file" "$command" || return 1
	mkdir -p "$build/found" "$build/learnt"
	make -s USER="$build/source" BUILD="$build" "$build/${target}_fuzz" || return 1
	fuzz "$build/${target}_fuzz" "$build/log" 60 "$build/found" \
		"$build/learnt" "corpus/$target" || status=$?
	if [ -z "$(ls -A "$build/found")" ]; then
		echo "expected the bug to be found within 60 s; status $status, see tests/fuzz/$build/log"
		return 1
	fi
	grep -aE 'broken promise|runtime error|ERROR: Addr' "$build/log" | head -n 1 | cut -c1-150
	for input in "$build/found"/*; do
		replay "$build/${target}_fuzz" "$input" || return 1
	done
}

case $seconds in
*[!0-9]* | '' | 0) die "SECONDS is '$seconds', expected a whole number above 0" ;;
esac
need gcc make libc6-dev clang-14 libclang-rt-14-dev
make -s -j"$(nproc)" all >&2 || {
	echo "Bail out! the fuzz targets do not build"
	exit 1
}
targets=(decode stream rings options)
echo "# seed $seed, $seconds s for each target"
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
