# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# TAP for scripts that run on the host: points of their own, and those of guests or programs
# that they run. Sourced; counts in $points and $failed.

points=0
failed=0

# tap_point SENTENCE [FAULT]: passes if there is no fault; each of its lines is shown.
tap_point() {
	points=$((points + 1))
	if [ -z "${2-}" ]; then
		echo "ok $points - $1"
		return
	fi
	failed=$((failed + 1))
	echo "not ok $points - $1"
	sed 's/^/# /' <<<"$2"
}

# tap_todo SENTENCE [FAULT]: the same for what is still to be reached: a fault is shown, and does
# not fail the script.
tap_todo() {
	points=$((points + 1))
	if [ -z "${2-}" ]; then
		echo "ok $points - $1 # TODO"
		return
	fi
	echo "not ok $points - $1 # TODO"
	sed 's/^/# /' <<<"$2"
}

# relay_points FILE COMMAND...: runs a command that prints TAP, passes its points on with our
# numbers and without its plan, and keeps what it printed in FILE. Its failure is ours.
relay_points() {
	local file=$1 status
	shift
	set +e
	"$@" | tee "$file" | renumber
	status=${PIPESTATUS[0]}
	set -e
	points=$((points + $(grep -cE '^(not )?ok ' "$file" || :)))
	[ "$status" = 0 ] || failed=$((failed + 1))
}

# Line by line, since a guest may take long: awk may wait until it has read a whole block.
renumber() {
	local line
	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line =~ ^1\.\.[0-9] ]] && continue
		[[ $line =~ ^((not )?ok )([0-9]+)(.*)$ ]] &&
			line=${BASH_REMATCH[1]}$((BASH_REMATCH[3] + points))${BASH_REMATCH[4]}
		printf '%s\n' "$line"
	done
}

bail_out() {
	echo "Bail out! $*"
	exit 1
}

# The plan, and the exit status of the script.
finish() {
	echo "1..$points"
	[ "$failed" = 0 ]
}
