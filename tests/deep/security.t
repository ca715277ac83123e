#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who can do what with the device (the table of SECURITY.md), on Debian's own kernel, as it
# is the one that knows signatures; and that no byte of memory leaks, on the kernel that
# poisons it. Two guests, one after the other: each has a verdict of its own.
set -eu
. "$(dirname "$0")/lib.sh"

deep_usage security.t "[--kernel DIR]"
deep_options "$@"

guest debian "who can do what" "access.* rights.* lockdown.*"
memory=512
parameters=(init_on_alloc=0 init_on_free=0 page_poison=1 slub_debug=FZP)
guest debug "what reaches user space, with memory poisoned" "leak.*"
guests_end
