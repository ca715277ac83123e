#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Real programs in a Debian guest: what their own clients received, and from whom, is compared
# with what sendread shows. One image and one boot for all of them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

case ${1-} in
-h | --help)
	echo "Usage: programs.t [OPTION OF tests/vm/run-suite...]     (or: prove [-v] tests/programs/programs.t)"
	;;
*)
	"$here/../need" demo || { echo "Bail out! packages are missing" && exit 1; }
	image=$("$here/image") || { echo "Bail out! the image cannot be made" && exit 1; }
	exec "$here/../vm/run-suite" --suite "$here" --disk "$image" --memory 1536 "$@"
	;;
esac
