# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2034,SC2154
# What the budgets limit (tests/bench/budgets), measured as in main.

group=budget
sizes="16 128 16384"
rounds=2

each_size alone untraced
load
each_size alone idle
start_text 1 bench
each_size traced text1
each_size binary binary1
stop_readers
start_text 1 somebody
each_size traced nomatch
stop_readers
unload
