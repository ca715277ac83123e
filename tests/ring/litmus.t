#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The patterns that the ring relies on, in the kernel's memory model: each as it is, where
# what must not be cannot be, and without each of its barriers, where it can; prints TAP.
set -eu
. "$(dirname "$0")/../lib/host.sh"

cd "$(dirname "$0")"
release='s/smp_store_release(\([a-z_]*\), \(.*\));/WRITE_ONCE(*\1, \2);/'
acquire='s/smp_load_acquire(\([a-z_]*\));/READ_ONCE(*\1);/'
points=0
failed=0

# TEST|WHAT IS TAKEN AWAY|sed COMMAND THAT DOES IT
without=(
	"ring-written|release (A)|/\* A /$release"
	"ring-written|acquire (B)|/\* B /$acquire"
	"ring-released|release (C)|/\* C /$release"
	"ring-released|acquire (D)|/\* D /$acquire"
	"ring-both|release (A)|/\* A /$release"
	"ring-both|acquire (B)|/\* B /$acquire"
	"ring-both|release (C)|/\* C /$release"
	"ring-both|acquire (D)|/\* D /$acquire"
	"bell-wanted|full barrier (E)|/\* E /d"
	"bell-wanted|full barrier (F)|/\* F /d"
	'bell-cleared|order of clearing and waking|/WRITE_ONCE(\*wanted, 0)/d; s/^\tspin_unlock(queue);/&\n\tWRITE_ONCE(*wanted, 0);/'
	"merge-looks|second ring's release (A)|/second_pos.*\* A /$release"
	"merge-looks|first look's acquire (B)|/second_pos.*\* B /$acquire"
)

verdict() {
	points=$((points + 1))
	[ "$2" = ok ] || failed=$((failed + 1))
	echo "$2 $points - $1"
	[ "$2" = ok ] || printf '%s\n' "$3" | sed 's/^/# /'
}

# expect NAME FILE Never|Sometimes
expect() {
	local output result=ok
	output=$(cd "$model" && "$here/herd7" -conf linux-kernel.cfg "$2" 2>&1) || result='not ok'
	grep -q "^Observation [^ ]* $3 " <<<"$output" || result='not ok'
	# A plain access that nothing orders means nothing, whatever else comes out.
	[ "$3" != Never ] || ! grep -q '^Flag' <<<"$output" || result='not ok'
	verdict "$1" "$result" "$output"
}

here=$PWD
echo "# herd7 $(./herd7 -version | head -n 1)"
model=$(./memory-model-folder)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in litmus/*.litmus; do
	name=${file##*/}
	expect "${name%.litmus}: what must not be cannot be" "$PWD/$file" Never
done
for entry in "${without[@]}"; do
	IFS='|' read -r name what command <<<"$entry"
	sed "$command" "litmus/$name.litmus" >"$work/$name.litmus"
	expect "$name: it can be without the $what" "$work/$name.litmus" Sometimes
done
echo "1..$points"
[ "$failed" = 0 ]
