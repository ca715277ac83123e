# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with those who source this
#
# What the scripts that measure have in common: the guest, and where figures are kept.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"
bench=$top/tests/bench
# Two trees do not share figures, nor do parts of measurements spoil a whole one.
figures=${SENDTRACE_BENCH_FIGURES:-$cache/bench/figures-$(printf '%s' "$top" | md5sum | cut -c 1-8)}
points=0
failed=0

# expect_value OPTION VALUE EXAMPLE: of an option on the command line
expect_value() {
	[ -n "$2" ] || { say "expected a value after $1, such as $3" && exit 2; }
}

# Of what is measured in part, the figures are kept by themselves.
figures_apart() {
	figures+=-part
	export SENDTRACE_BENCH_FIGURES=$figures
	rm -rf "$figures"
}

# Sets what every guest is booted with. Its CPU has the feature by which the kernel copies
# with one instruction of the processor's, as processors have had for many years: QEMU
# counts one for each byte of it.
bench_prepare() {
	local floor
	kernel=$("$top/tests/vm/kernel" 7.2-cloud) || return
	SENDTRACE_QEMU=$("$bench/emulator") || return
	export SENDTRACE_QEMU
	floor=$("$bench/module" "$kernel" floor "$bench/floor") || return
	machine=(--suite "$bench/guest" --kernel "$kernel" --cpu max --timeout 7200
		--copy "$floor:/modules/floor.ko")
}

# bench_guest GROUPS [RUN-SUITE'S OPTION...]: what the groups measure; TAP without a
# plan, its points numbered on. The figures go to the file $figures/GROUP.
bench_guest() {
	local groups=$1 output group status
	shift
	output=$(mktemp)
	set +e
	"$top/tests/vm/run-suite" "${machine[@]}" --cases "$groups" "$@" 2>"$output.log" |
		tee "$output" | renumber
	status=${PIPESTATUS[0]}
	set -e
	points=$((points + $(grep -cE '^(not )?ok ' "$output")))
	[ "$status" = 0 ] || failed=1
	! grep -q '^Bail out' "$output" || tail -n 20 "$output.log" >&2
	keep_figures <"$output"
	rm -f "$output" "$output.log"
}

# A group that was measured in several guests is in one file all the same: $figures/GROUP
# is emptied by whoever begins.
keep_figures() {
	mkdir -p "$figures"
	sed -n 's/^# figure //p' | while IFS='|' read -r group rest; do
		printf '%s|%s\n' "$group" "$rest" >>"$figures/$group"
	done
}

forget_figures() {
	local group
	for group; do
		rm -f "$figures/$group"
	done
}

# bench_point SENTENCE [FAULT]
bench_point() {
	points=$((points + 1))
	if [ -z "${2-}" ]; then
		echo "ok $points - $1"
	else
		echo "not ok $points - $1"
		echo "# $2"
		failed=1
	fi
}

bench_end() {
	echo "1..$points"
	exit "$failed"
}
