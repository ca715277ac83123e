#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mixed traffic for long, on the kernel that looks for mistakes; what module and reader
# have of memory is sampled, printed, and must stay flat (tests/deep/cases/soak.sh).
set -eu
. "$(dirname "$0")/lib.sh"

takes="minutes"
deep_usage soak.t "[--minutes N] [--kernel DIR]" \
	"--minutes N        how long, 60 if not given"
# As much again for what comes before and after, and for a slow host.
timeout=14400
deep_options --minutes 60 "$@"
deep_run "soak.*"
