# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# Sends on all of the guest's CPUs, one after the other, since the counted time passes on all
# CPUs simultaneously.

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
