#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who can do what with the device (the table of SECURITY.md), on Debian's own kernel, since
# that one checks signatures; and that no uninitialised memory leaks, on a kernel that poisons
# memory. Two guests, one after the other, each with its own verdict.
set -eu
. "$(dirname "$0")/lib.sh"

deep_usage security.t "[--kernel DIR]"
deep_options "$@"

guest debian "who can do what" "access.* rights.* lockdown.*"
memory=512
parameters=(init_on_alloc=0 init_on_free=0 page_poison=1 slub_debug=FZP)
guest debug "what reaches user space, with memory poisoned" "leak.*"
finish
