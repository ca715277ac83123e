#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Mixed traffic for a long time, on the debug kernel: the memory of module
# and reader is sampled and must not grow (cases/soak.sh).
set -eu
. "$(dirname "$0")/lib.sh"

takes="minutes"
deep_usage soak.t "[--minutes N] [--kernel DIR]" \
	"--minutes N        how long the traffic lasts; default 60"
# Four hours: enough for start, end and a slow host.
timeout=14400
deep_options --minutes 60 "$@"
deep_run "soak.*"
