# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with those who source this
#
# What the scripts that measure share: the guest, and where figures are kept.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/host.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
bench=$top/tests/bench
# Each tree has its own figures.
figures=${SENDTRACE_BENCH_FIGURES:-$cache/bench/figures-$(tree_key)}

# expect_value OPTION VALUE EXAMPLE: of an option on the command line
expect_value() {
	[ -n "$2" ] || { say "expected a value after $1, such as $3" && exit 2; }
}

# The figures of a partial measurement are kept apart, so that they do not replace complete ones.
figures_apart() {
	figures+=-part
	export SENDTRACE_BENCH_FIGURES=$figures
	rm -rf "$figures"
}

# bench_prepare [KERNEL]: sets what every guest is booted with. Its CPU can copy memory with one instruction (erms), as
# real processors have done for many years; QEMU counts one instruction for each byte of it.
bench_prepare() {
	local floor floor_tls capstone
	kernel=$("$top/tests/vm/kernel" "${1:-7.2-cloud}") || return
	SENDTRACE_QEMU=$("$bench/emulator") || return
	export SENDTRACE_QEMU
	floor=$("$bench/module" "$kernel" floor "$bench/floor") || return
	floor_tls=${floor%/*}/floor_tls.ko
	# For sendread --tls.
	capstone=$(ldconfig -p | sed -n 's/.*libcapstone\.so\.[0-9]* (libc6,x86-64) => //p' | head -n 1)
	machine=(--suite "$bench/guest" --kernel "$kernel" --cpu max --timeout 7200
		--copy "$floor:/modules/floor.ko" --copy "$capstone:$capstone")
	[ ! -e "$floor_tls" ] || machine+=(--copy "$floor_tls:/modules/floor_tls.ko")
}

# bench_guest GROUPS [RUN-SUITE'S OPTION...]: measures the groups in a guest and relays its
# points. The figures go to the file $figures/GROUP.
bench_guest() {
	local groups=$1
	shift
	output=$(mktemp)
	relay_points "$output" run_bench "$@" --cases "$groups"
	! grep -q '^Bail out' "$output" || tail -n 20 "$output.log" >&2
	keep_figures <"$output"
	rm -f "$output" "$output.log"
}

run_bench() {
	"$top/tests/vm/run-suite" "${machine[@]}" "$@" 2>"$output.log"
}

# A group that is measured in several guests has one file, $figures/GROUP; forget_figures
# empties it first.
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

