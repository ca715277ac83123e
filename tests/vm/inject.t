#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What if memory runs out, or a pointer goes bad? Runs tests/deep/cases/inject.sh on the
# kernel that fails on order.
set -eu
. "$(dirname "$0")/../deep/host.sh"

deep_usage inject.t "[--kernel DIR]"
deep_options "$@"
deep_run "inject.*"
