#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random calls on the device, and on sockets by every way, from several processes and threads, on
# the kernel that looks for mistakes (programs/random.c). By default the same calls each time: seed
# and numbers are fixed.
set -eu
. "$(dirname "$0")/lib.sh"

takes="seed calls seconds"
deep_usage random.t "[--seed N] [--calls N|--seconds S] [--kernel DIR]" \
	"--seed N           seed of the random numbers: the same seed gives the same calls; default 1" \
	"--calls N          calls of each thread where several make them; default 60" \
	"--seconds S        makes calls for so long instead, and more of those whose errnos are compared"
deep_options "$@"
deep_run "random.*"
