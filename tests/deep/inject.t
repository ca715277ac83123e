#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What if memory runs out, or a pointer goes bad? Runs tests/deep/cases/inject.sh on the
# kernel that fails on order.
set -eu
. "$(dirname "$0")/lib.sh"

takes="deep"
deep_usage inject.t "[--deep yes] [--kernel DIR]" \
	"--deep yes         the pages of large rings as well, which takes longer"
deep_options "$@"
deep_run "inject.*"
