#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The functional suite: what the module and sendread do, case by case, on one of Debian's
# kernels in a virtual machine.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

case ${1-} in
-h | --help)
	echo "Usage: functional.t [OPTION OF tests/vm/run-suite...]     (or: prove [-v] tests/functional/functional.t)"
	;;
*)
	# sendread loads it only for --tls, so the guests of other tests do without.
	capstone=$(ldconfig -p | sed -n 's/.*libcapstone\.so\.[0-9]* (libc6,x86-64) => //p' | head -n 1)
	[ -n "$capstone" ] || { echo "Bail out! libcapstone is missing" && exit 1; }
	# Some six minutes, on a busy machine three times as long.
	exec "$here/../vm/run-suite" --suite "$here" --timeout 2400 --copy "$capstone:$capstone" "$@"
	;;
esac
