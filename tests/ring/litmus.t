#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests the patterns that the ring relies on, in the kernel's memory model. Each pattern has a
# forbidden outcome: it must be impossible in the pattern as it is, and possible without each
# of its barriers. Prints TAP.
set -eu
. "$(dirname "$0")/../lib/host.sh"
. "$(dirname "$0")/../lib/tap.sh"

cd "$(dirname "$0")"
release='s/smp_store_release(\([a-z_]*\), \(.*\));/WRITE_ONCE(*\1, \2);/'
acquire='s/smp_load_acquire(\([a-z_]*\));/READ_ONCE(*\1);/'

# PATTERN|WHAT IS REMOVED|sed COMMAND THAT REMOVES IT
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
	'bell-cleared|order (clear, then wake)|/WRITE_ONCE(\*wanted, 0)/d; s/^\tspin_unlock(queue);/&\n\tWRITE_ONCE(*wanted, 0);/'
	"stop-written|release (G)|/\* G /$release"
	"stop-written|acquire (H)|/\* H /$acquire"
	"merge-looks|second ring's release (A)|/second_pos.*\* A /$release"
	"merge-looks|first look's acquire (B)|/second_pos.*\* B /$acquire"
)

# expect SENTENCE FILE Never|Sometimes: passes if herd7 observes the outcome that often
expect() {
	local output fault=
	output=$(cd "$model" && "$here/herd7" -conf linux-kernel.cfg "$2" 2>&1) ||
		fault="expected herd7 to succeed"
	grep -q "^Observation [^ ]* $3 " <<<"$output" || fault="expected the observation $3"
	# herd7 flags a data race of plain accesses. Then its other results mean nothing.
	[ "$3" != Never ] || ! grep -q '^Flag' <<<"$output" || fault="expected no data race"
	[ -z "$fault" ] || fault+="; herd7 printed:"$'\n'$output
	tap_point "$1" "$fault"
}

here=$PWD
echo "# herd7 $(./herd7 -version | head -n 1)"
model=$(./memory-model-folder)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in litmus/*.litmus; do
	name=${file##*/}
	expect "${name%.litmus}: the forbidden outcome is impossible" "$PWD/$file" Never
done
for entry in "${without[@]}"; do
	IFS='|' read -r name what command <<<"$entry"
	sed "$command" "litmus/$name.litmus" >"$work/$name.litmus"
	expect "$name: the forbidden outcome is possible without the $what" "$work/$name.litmus" Sometimes
done
finish
