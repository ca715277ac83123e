#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What if memory runs out, or a pointer is bad, in calls on the device and in traced calls of every
# way? Runs cases/inject.sh on a kernel that injects such faults.
set -eu
. "$(dirname "$0")/lib.sh"

takes="deep"
deep_usage inject.t "[--deep yes] [--kernel DIR]" \
	"--deep yes         faults in each page of large rings, too, which takes longer"
deep_options "$@"
deep_run "inject.*"
