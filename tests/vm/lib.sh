# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the scripts in this folder share. Sourced; sets $top and $cache.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck disable=SC2034 # used by those who source this
cache=${SENDTRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sendtrace}

say() {
	echo "${0##*/}: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# need GROUP|PACKAGE...: installs what is missing (tests/need). depmod and mke2fs live
# in /sbin, which is not on everyone's PATH.
need() {
	"$top/tests/need" "$@"
	PATH=$PATH:/usr/sbin:/sbin
}
