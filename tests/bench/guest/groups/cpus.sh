# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# With as many CPUs as the guest has, and sends on all of them, one after the other: the
# time that is counted goes by on all CPUs at once.

group=cpus
x=$(nproc)
measure untraced 128 -c "$x"
point "untraced, $x CPUs"
load
start_text 1 bench
traced text1 128 -c "$x"
stop_readers
unload
x=
