# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# No byte reaches user space that is not meant for it.

scenario leak.painted "the kernel hands out memory unchanged or poisoned, not zeroed"
case_leak_painted() {
	holds "init_on_alloc=0 on the command line" grep -q init_on_alloc=0 /proc/cmdline
	tr ' ' '\n' </proc/cmdline | grep -e init_on -e poison -e slub_debug | sed 's/^/# /'
}

checks leak.ioctls "every byte that the commands return is a value or zero"
checks leak.fresh_rings "every byte of a new ring is zero"
checks leak.records_mapped "every byte of a mapped record, and of the ring behind the last one, is a value or zero"
checks leak.records_read "every byte of a record from read() is a value or zero"
