#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random calls on the device, from several processes and threads at once, on the kernel
# that looks for mistakes (tests/deep/programs/random.c).
set -eu
. "$(dirname "$0")/lib.sh"

takes="seed seconds"
deep_usage random.t "[--seed N] [--seconds S] [--kernel DIR]" \
	"--seed N           of the random numbers: the same calls again; of the clock if not given" \
	"--seconds S        how long, 20 if not given"
seed=$(date +%s)
# The last one counts.
deep_options --seed "$seed" "$@"
deep_run "random.*"
