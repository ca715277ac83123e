# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154 # shared with those who source this
#
# Measures with the peers of peers.sh what calls cost. $few are the options of the program bench:
# fewer calls than with sendtrace, in batches, so that no peer's buffer overflows; $few_long, if
# it is not empty, replaces them for 16 KiB. $busy, if it is not empty, is what a peer needs at least
# for a call: one that sees none would look good.

few=
few_long=
busy=

measured() {
	at=$1
	# shellcheck disable=SC2086
	case $at in
	1048576) measure "$label" "$at" -n 5 -b 5 ${call:+-m $call} ;;
	16384) measure "$label" "$at" ${few_long:-$few} ${call:+-m $call} ;;
	*) measure "$label" "$at" $few ${call:+-m $call} ;;
	esac
	needed=${figure#*|}
	[ -z "$busy" ] || awk "BEGIN { exit !(${needed%%|*} >= $busy) }" ||
		fail "it shows nothing: its side needs ${needed%%|*} for a call"
	! grep -Eiq '(lost|dropped|skipped).*[1-9]' said.peer || fail "it lost events: $(cat said.peer)"
	point "$label, $at bytes"
}

# with LABEL START...: measures all sizes, or notes the reason if the peer is missing
with() {
	label=$1
	wanted "$who_wanted" "$label" || return 0
	shift
	: >said.peer
	"$@"
	if [ -n "$fault" ]; then
		note "$label" "" "absent: $fault"
		fault=
	else
		tolerance=2
		for size in $sizes; do
			measured "$size"
		done
		tolerance=
	fi
}

# with_restarts LABEL START...: restarts the peer for each size, since it reports losses only at
# its end
with_restarts() {
	wanted "$who_wanted" "$1" || return 0
	all_sizes=$sizes
	for sizes in $all_sizes; do
		with "$@"
		stop_peer
		! grep -q 'Drops:[1-9]' said.peer || fail "$(grep Drops: said.peer)"
		point "$1 has lost no event of $sizes bytes"
	done
	sizes=$all_sizes
}
