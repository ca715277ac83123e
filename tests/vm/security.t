#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Who can do what with the device (the table of SECURITY.md), on Debian's own kernel, as it
# is the one that knows signatures; and that no byte of memory leaks, on the kernel that
# poisons it. Two guests, one after the other: each has a verdict of its own.
set -eu
. "$(dirname "$0")/../deep/host.sh"

deep_usage security.t "[--kernel DIR]"
deep_options "$@"

# One guest's points, numbered on from those before.
renumber() {
	awk -v before="$points" '
		/^1\.\.[0-9]/ { next }
		/^(not )?ok [0-9]/ { n = $1 == "not" ? 3 : 2; $n = $n + before }
		{ print; fflush() }'
}

# guest NAME CASES [FUNCTIONAL.T'S OPTION...]
guest() {
	echo "# $1"
	shift
	deep_run "$@" | tee "$work/out" | renumber
	[ "${PIPESTATUS[0]}" = 0 ] || failed=1
	points=$((points + $(grep -cE '^(not )?ok ' "$work/out")))
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
points=0 failed=0 wanted=$kernel
set +e
[ -n "$wanted" ] || kernel=$("$top/tests/vm/kernel")
guest "who can do what, on ${kernel##*/}" "access.* rights.* lockdown.*"
[ -n "$wanted" ] || kernel=''
memory=512
parameters=(init_on_alloc=0 init_on_free=0 page_poison=1 slub_debug=FZP)
guest "what reaches user space, with memory poisoned" "leak.*"
echo "1..$points"
exit $failed
