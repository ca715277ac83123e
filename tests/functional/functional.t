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
*) exec "$here/../vm/run-suite" --suite "$here" "$@" ;;
esac
