#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Do sends still cost no more instructions than they once did? Measures them in the guest
# that counts, and compares with the file budgets.
set -eu
. "$(dirname "$0")/lib.sh"

usage() {
	cat <<-'END'
	Usage: budget.t [--rewrite]     (or: prove tests/bench/budget.t)
	--rewrite   what is measured now is the budget from now on
	END
}

# So much more is let pass: a compiler that lays a function out differently is no loss.
slack_percent=5
# Of what costs nothing, 5 % are nothing, too.
slack_least=15

# The figures of what is traced, less those of what is not: VARIANT SIZE SENDER READER
costs() {
	awk -F'|' '
		$2 == "untraced" { untraced[$3] = $4; next }
		{ printf "%s\t%s\t%d\t%d\n", $2, $3, $4 - untraced[$3] + 0.5, $5 + 0.5 }
	' "$figures/budget"
}

rewrite() {
	local part=$bench/budgets.part
	sed '/^[^#]/d' "$bench/budgets" >"$part"
	costs >>"$part"
	mv "$part" "$bench/budgets"
}

# over WHO GOT BUDGET: says so, if it is more than the budget and the slack
over() {
	awk -v who="$1" -v got="$2" -v most="$3" -v percent=$slack_percent -v least=$slack_least '
		BEGIN {
			slack = most * percent / 100
			if (got > most + (slack > least ? slack : least))
				printf "the %s takes %d instructions, of %d that it may; ", \
					who, got, most
		}'
}

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
		bench_point "$variant, $size bytes: ${got:--}, of $sender and $reader" "$fault"
	done < <(grep -v '^#' "$bench/budgets")
}

case ${1-} in
'' | --rewrite) ;;
-h | --help) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac
bench_prepare >&2 || { echo "Bail out! there is nothing to measure with" && exit 1; }
forget_figures budget
bench_guest budget --count --cpus 1
if [ "${1-}" = --rewrite ] && [ "$failed" = 0 ]; then
	rewrite
fi
compare
bench_end
