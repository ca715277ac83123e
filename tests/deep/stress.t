#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many sessions, threads and sleeping calls concurrently, and other users of the kernel's
# probes (cases/stress.sh).
set -eu
. "$(dirname "$0")/lib.sh"

takes="cycles rounds"
deep_usage stress.t "[--cycles N] [--rounds N] [--kernel DIR]" \
	"--cycles N         how often the module is loaded, traces and is unloaded; default 5" \
	"--rounds N         how often 64 sessions are opened and closed; default 2"
timeout=14400
deep_options --cycles 5 --rounds 2 "$@"
given=("${parameters[@]}")

# Thousands of sleeping calls, and most of the cycles: this kernel is fast.
memory=1536
guest debian "on Debian's kernel" "stress.* churn.*"

# The same on the debug kernel, a tenth as often: it is about ten times slower.
reduce() {
	local option
	parameters=()
	for option in "${given[@]}"; do
		parameters+=("${option%=*}=$((${option#*=} / 10 + 1))")
	done
}
reduce
guest debug "on the debug kernel" \
	"stress.cycles stress.tls_cycles stress.sessions stress.probes_* stress.*_off stress.end"
finish
