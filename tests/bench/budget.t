#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Does a call still cost no more instructions than its budget, and never more than its limit?
# Measures calls in a guest that counts instructions, and compares them with the files budgets
# and limits.
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
# A limit is exact, but two builds of the same source can differ by so much.
noise=15

# What calls cost over untraced ones: VARIANT SIZE CALLER READER. Of figures that were measured
# twice, the smaller one counts. VARIANT/WAY is compared with untraced/WAY; what begins with tls,
# with probes that only count.
costs() {
	awk -F'|' '
		!(($2, $3) in sender) { sender[$2, $3] = $4; reader[$2, $3] = $5; key[++n] = $2 "|" $3 }
		$4 < sender[$2, $3] { sender[$2, $3] = $4 }
		$5 < reader[$2, $3] { reader[$2, $3] = $5 }
		END {
			for (i = 1; i <= n; i++) {
				split(key[i], at, "|")
				base = at[1]
				sub(/^[^\/]*/, at[1] ~ /^tls/ ? "probes" : "untraced", base)
				if (at[1] != base)
					printf "%s\t%s\t%d\t%d\n", at[1], at[2],
						sender[at[1], at[2]] - sender[base, at[2]] + 0.5,
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

# over WHO GOT MOST PERCENT LEAST: prints a fault if it exceeds MOST by more than PERCENT, or LEAST
# where that is more
over() {
	awk -v who="$1" -v got="$2" -v most="$3" -v percent="$4" -v least="$5" '
		BEGIN {
			slack = most * percent / 100
			if (slack < least)
				slack = least
			if (got > most + slack)
				printf "the %s takes %d instructions, allowed are %d; ", who, got, most
		}'
}

# compare FILE WORD PERCENT LEAST: prints a line for each of its lines: SENTENCE|FAULT|TODO
compare() {
	local variant size sender reader todo got fault all
	all=$(costs)
	while read -r variant size sender reader todo; do
		got=$(awk -v variant="$variant" -v size="$size" \
			'$1 == variant && $2 == size { print $3, $4 }' <<<"$all")
		if [ -z "$got" ]; then
			fault="it was not measured"
		else
			fault=$(over caller "${got% *}" "$sender" "$3" "$4"
				over reader "${got#* }" "$reader" "$3" "$4")
		fi
		echo "$variant, $size bytes: caller and reader take ${got:--}, $2 $sender and $reader|$fault|$todo"
	done < <(grep -v '^#' "$bench/$1")
}

compare_all() {
	compare budgets "the budget is" $slack_percent $slack_least
	compare limits "the limit is" 0 $noise
}

report() {
	local sentence fault todo
	while IFS='|' read -r sentence fault todo; do
		if [ -n "$todo" ]; then
			tap_todo "$sentence" "$fault"
		else
			tap_point "$sentence" "$fault"
		fi
	done < <(compare_all)
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
# calls of one program cost a hundred instructions more. A cost that really grew is high twice.
if [ "${1-}" != --rewrite ] && compare_all | grep -q '|[^|][^|]*|$'; then
	echo "# over budget: measuring again"
	bench_guest budget --count --cpus 1
fi
if [ "${1-}" = --rewrite ] && [ "$failed" = 0 ]; then
	rewrite
fi
report
finish
