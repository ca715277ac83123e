#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many of everything at once, and others who use the same means of the kernel
# (tests/deep/cases/stress.sh).
set -eu
. "$(dirname "$0")/../deep/host.sh"

takes="cycles rounds"
deep_usage stress.t "[--cycles N] [--rounds N] [--kernel DIR]" \
	"--cycles N         of loading, tracing and unloading; 10 if not given" \
	"--rounds N         of 64 sessions opened and closed; 2 if not given"
memory=1536
timeout=10800
deep_options "$@"
deep_run "stress.* churn.*"
