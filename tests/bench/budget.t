#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a send still cost no more instructions than its budget? Measures sends in a guest that
# counts instructions, and compares them with the file budgets.
set -eu
. "$(dirname "$0")/lib.sh"

usage() {
	cat <<-'END'
	Usage: budget.t [--rewrite]     (or: prove tests/bench/budget.t)
	--rewrite   makes what is measured now the new budget
	END
}

# Tolerance: a compiler may lay out a function differently.
slack_percent=5
# Where the budget is almost 0, so is 5 % of it.
slack_least=15

# What traced sends cost over untraced ones: VARIANT SIZE SENDER READER. Of figures that were
# measured twice, the smaller one counts.
costs() {
	awk -F'|' '
		!(($2, $3) in sender) { sender[$2, $3] = $4; reader[$2, $3] = $5; key[++n] = $2 "|" $3 }
		$4 < sender[$2, $3] { sender[$2, $3] = $4 }
		$5 < reader[$2, $3] { reader[$2, $3] = $5 }
		END {
			for (i = 1; i <= n; i++) {
				split(key[i], at, "|")
				if (at[1] != "untraced")
					printf "%s\t%s\t%d\t%d\n", at[1], at[2],
						sender[at[1], at[2]] - sender["untraced", at[2]] + 0.5,
						reader[at[1], at[2]] + 0.5
			}
		}' "$figures/budget"
}

rewrite() {
	local part=$bench/budgets.part
	sed '/^[^#]/d' "$bench/budgets" >"$part"
	costs >>"$part"
	mv "$part" "$bench/budgets"
}

# over WHO GOT BUDGET: prints a fault if it exceeds budget and tolerance
over() {
	awk -v who="$1" -v got="$2" -v most="$3" -v percent=$slack_percent -v least=$slack_least '
		BEGIN {
			slack = most * percent / 100
			if (got > most + (slack > least ? slack : least))
				printf "the %s takes %d instructions, its budget is %d; ", \
					who, got, most
		}'
}

# Prints a line for each budget: SENTENCE|FAULT
compare() {
	local variant size sender reader got fault
	while read -r variant size sender reader; do
		got=$(costs | awk -v variant="$variant" -v size="$size" \
			'$1 == variant && $2 == size { print $3, $4 }')
		if [ -z "$got" ]; then
			fault="it was not measured"
		else
			fault=$(over sender "${got% *}" "$sender")$(over reader "${got#* }" "$reader")
		fi
		echo "$variant, $size bytes: sender and reader take ${got:--}, of $sender and $reader|$fault"
	done < <(grep -v '^#' "$bench/budgets")
}

report() {
	local sentence fault
	while IFS='|' read -r sentence fault; do
		tap_point "$sentence" "$fault"
	done < <(compare)
}

case ${1-} in
'' | --rewrite) ;;
-h | --help) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac
bench_prepare >&2 || bail_out "the kernel, the emulator or floor.ko is missing"
forget_figures budget
bench_guest budget --count --cpus 1
# Random numbers of the guest's kernel, such as those of its hash tables, now and then make the
# sends of one program cost a hundred instructions more. A cost that really grew is high twice.
if [ "${1-}" != --rewrite ] && compare | grep -q '|.'; then
	echo "# over budget: measuring again"
	bench_guest budget --count --cpus 1
fi
if [ "${1-}" = --rewrite ] && [ "$failed" = 0 ]; then
	rewrite
fi
report
finish
