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
	# sendread loads it only for --tls, so the guests of other tests do without.
	capstone=$(ldconfig -p | sed -n 's/.*libcapstone\.so\.[0-9]* (libc6,x86-64) => //p' | head -n 1)
	[ -n "$capstone" ] || { echo "Bail out! libcapstone is missing" && exit 1; }
	exec "$here/../vm/run-suite" --suite "$here" --disk "$image" --memory 1536 --timeout 2400 \
		--copy "$capstone:$capstone" "$@"
	;;
esac
