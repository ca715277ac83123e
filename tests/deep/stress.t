#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many of everything at once, and others who use the same means of the kernel
# (tests/deep/cases/stress.sh).
set -eu
. "$(dirname "$0")/lib.sh"

takes="cycles rounds"
deep_usage stress.t "[--cycles N] [--rounds N] [--kernel DIR]" \
	"--cycles N         of loading, tracing and unloading; 5 if not given" \
	"--rounds N         of 64 sessions opened and closed; 2 if not given"
timeout=10800
deep_options --cycles 5 --rounds 2 "$@"
given=("${parameters[@]}")

# Thousands of calls asleep, and most of the cycles: where that is quick.
memory=1536
guest debian "on Debian's kernel" "stress.* churn.*"

# The same on the kernel that looks for mistakes, less often: each is some ten times slower.
reduce() {
	local option
	parameters=()
	for option in "${given[@]}"; do
		parameters+=("${option%=*}=$((${option#*=} / 10 + 1))")
	done
}
reduce
guest debug "on the kernel that looks for mistakes" \
	"stress.cycles stress.sessions stress.probes_* stress.*_off stress.end"
guests_end
