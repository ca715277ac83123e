#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random calls on the device from several processes and threads, on the kernel that looks
# for mistakes (programs/random.c). By default the same calls each time: seed and number are
# fixed.
set -eu
. "$(dirname "$0")/lib.sh"

takes="seed calls seconds"
deep_usage random.t "[--seed N] [--calls N|--seconds S] [--kernel DIR]" \
	"--seed N           seed of the random numbers: the same seed gives the same calls; default 1" \
	"--calls N          calls of each thread; default 60" \
	"--seconds S        makes calls for so long instead"
deep_options "$@"
deep_run "random.*"
